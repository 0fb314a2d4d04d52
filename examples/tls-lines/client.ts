// node dist/examples/tls-lines/client.js [--port 8443] [--host localhost] [--servername name] [--ca file] [--cert file --key file]
//
// Sends the lines of its input to a line server in TLS, and prints what comes back.
import { createInterface } from 'node:readline'
import { FibrilError, run, spawn, wait } from 'fibril'
import { connectTls } from 'fibril/net'
import { authorities, flags, identity, portOf } from './flags.ts'

const { port, host, servername, ca, cert, key } = flags(['port', 'host', 'servername', 'ca', 'cert', 'key'], {
  host: 'localhost',
})

try {
  await run(function* () {
    using socket = yield* connectTls({
      port: portOf(port),
      host: host!,
      ca: authorities(ca),
      ...(servername === undefined ? {} : { servername }),
      ...(cert === undefined ? {} : identity(cert, key)),
    })
    spawn(function* () {
      const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
      for (let line = yield* wait(lines.next()); !line.done; line = yield* wait(lines.next()))
        yield* socket.write(`${line.value}\n`)
      yield* socket.end()
    })
    for (let line: string | null; (line = yield* socket.readLine()) !== null; ) console.log(line)
  })
} catch (error) {
  if (!FibrilError.is(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
