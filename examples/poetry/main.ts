// node dist/examples/poetry/main.js --style deferreds 10000 10001 10002        [HOST:]PORT …, where poetry-server listens
// fibril run dist/examples/poetry/main.js --style green 10000 10001 10002
//
// Gets poems, has them put in the style of Lord Byron, and prints them.
//
//   --style      callbacks, naive, deferreds, inline-callbacks, tasks (the default), green
//   --engine     byron (the default), gibberish, buggy: what the engine makes of a poem
//   --timeout    how many milliseconds a poem may take: 30000
import { parseArgs } from 'node:util'
import { run } from 'fibril'
import { net } from 'fibril/net'
import { reactor } from 'fibril/twisted'
import { engines } from './byronification.ts'
import type { Address, Errand } from './errand.ts'
import * as callbacks from './with-callbacks.ts'
import * as deferreds from './with-deferreds.ts'
import * as green from './with-green-code.ts'
import * as inline from './with-inline-callbacks.ts'
import * as tasks from './with-tasks.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    style: { type: 'string', default: 'tasks' },
    engine: { type: 'string', default: 'byron' },
    timeout: { type: 'string', default: '30000' },
  },
})
const styles: Readonly<Record<string, (errand: Errand) => unknown>> = {
  callbacks: (errand) => new Promise<void>((done) => callbacks.readPoems(errand, reactor, done)),
  naive: (errand) => new Promise<void>((done) => callbacks.readPoemsNaively(errand, reactor, done)),
  deferreds: (errand) => deferreds.readPoems(errand, reactor),
  'inline-callbacks': (errand) => inline.readPoems(errand, reactor),
  tasks: (errand) => run(tasks.readPoems(errand)),
  green: (errand) => green.readPoems(errand),
}
const style = styles[values.style]
const byronificate = (engines as Readonly<Record<string, Errand['byronificate']>>)[values.engine]
if (style === undefined || byronificate === undefined) throw new Error('there is no such style, or no such engine')

const addressOf = (text: string): Address => {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d+)$/.exec(text) ?? []
  return { host, port: Number(port) }
}
await style({
  addresses: positionals.map(addressOf),
  byronificate,
  timeoutMs: Number(values.timeout),
  net,
  tell: {
    poem: ({ port }, text) => console.log(`${port}:\n${text}`),
    failed({ port }, why) {
      console.error(`${port}: The poem download failed. (${why instanceof Error ? why.message : why})`)
      process.exitCode = 1
    },
  },
})
