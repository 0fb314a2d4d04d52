/* An echo server for lines. Says its port. */
import { run } from '../../../dist/src/index.js'
import { serve } from '../../../dist/src/net/index.js'

function* echo(client) {
  for (let line; (line = yield* client.readLine()) !== null; ) yield* client.write(`${line}\n`)
}

await run(serve(echo, { port: 0, backlog: 4096, onListen: (server) => console.log(server.port) }))
