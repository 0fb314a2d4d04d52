// node dist/examples/poetry-server/main.js [--port 10000] [--bytes 10] [--every 100] [FILE …]
//
// Drips poems, slowly, each on a port of its own: so many bytes every so many milliseconds, to any number of readers.
// Without files it has three of its own. Get them by client.js.
//
// Ctrl-C lets readers finish for ten seconds. Another one ends it at once.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from 'fibril'
import { servePoems } from './drip.ts'
import { poems } from './poems.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: '10' },
    every: { type: 'string', default: '100' },
  },
})
const files = Object.fromEntries(positionals.map((file) => [basename(file), readFileSync(file, 'utf8')]))
const pace = { bytes: Number(values.bytes), ms: Number(values.every) }
if (!(pace.bytes >= 1 && pace.ms >= 0)) throw new RangeError('--bytes is from 1 up, --every from 0 up')

await run(
  servePoems(positionals.length > 0 ? files : poems, Number(values.port), pace, (name, server) => {
    console.log(`${name} on ${server.name}`)
    process.once('SIGINT', () => run(server.stop()))
  }),
)
