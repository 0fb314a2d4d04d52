// node dist/examples/poetry-server/client.js 10000 10001 10002        [HOST:]PORT …, where main.js listens
//
// Gets several poems at once, says when each has come, and then prints them in the order in which they were asked for.
// All of them together take as long as the slowest. One that cannot be had keeps no other from coming.
import { all, BrokenError, fn, run } from 'fibril'
import { connect } from 'fibril/net'
import { download } from './download.ts'

const start = performance.now()

/** The poem, or null if it could not be had. */
const get = fn(function* (address: string) {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d+)$/.exec(address) ?? []
  try {
    using server = yield* connect({ host, port: Number(port) })
    const poem = yield* download(server)
    console.log(`${address}: ${poem.length} characters after ${Math.round(performance.now() - start)} ms`)
    return poem
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error
    console.error(`${address}: ${error.message}`)
    process.exitCode = 1
    return null
  }
})

for (const poem of await run(all(process.argv.slice(2).map(get)))) if (poem !== null) console.log(`\n${poem.trimEnd()}`)
