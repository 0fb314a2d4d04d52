// node dist/examples/echo/main.js        then try: nc 127.0.0.1 7000
//
// Sends each line back. PORT=… for another port than 7000.
//
// Ctrl-C stops it gracefully: no new client is accepted, what has come is answered, and clients that are slow to take their
// answers have a second for it. Another Ctrl-C ends it at once.
import { run } from 'fibril'
import { type Socket, serve } from 'fibril/net'

function* echo(client: Socket) {
  for (let line: string | null; (line = yield* client.readLine()) !== null; ) yield* client.write(`${line}\n`)
}

await run(
  serve(echo, {
    port: Number(process.env['PORT'] ?? 7000),
    onListen(server) {
      console.log(`echo on ${server.name}`)
      process.once('SIGINT', () => run(server.stop({ grace: 1000 })))
    },
  }),
)
