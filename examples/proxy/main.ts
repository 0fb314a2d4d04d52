// node dist/examples/proxy/main.js 9001 127.0.0.1:9002        with an upstream on either, such as: PORT=9001 node dist/examples/echo/main.js
//
// Listens, and passes each connection on to the next upstream in turn; one that does not accept is passed over. Neither
// side is read faster than the other takes it. PORT=… for another port than 7002.
//
// Ctrl-C accepts no more, and gives connections ten seconds to end. Another one ends it at once.
import { run } from 'fibril'
import { serveProxy } from './proxy.ts'

const usage = (): never => {
  console.error('Usage: node dist/examples/proxy/main.js [HOST:]PORT …')
  process.exit(2)
}

const upstreams = process.argv.slice(2).map((argument) => {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d+)$/.exec(argument) ?? usage()
  return { host, port: Number(port) }
})
if (upstreams.length === 0) usage()

await run(
  serveProxy({
    port: Number(process.env['PORT'] ?? 7002),
    upstreams,
    onListen(server) {
      console.log(`proxy on ${server.name}`)
      process.once('SIGINT', () => run(server.stop()))
    },
  }),
)
