// node dist/examples/tls-lines/server.js [--port 8443] [--host 127.0.0.1] [--cert file --key file] [--ca file]
//
// A line server in TLS: sends each line back, with its number. With --ca it welcomes clients by the name in their certificate, if they
// show one. SIGHUP reads the certificates again, for connections to come; Ctrl-C lets what runs finish, and ends.
import { FibrilError, run } from 'fibril'
import { serveTls, TlsCertificates, type TlsSocket } from 'fibril/net'
import { authorities, flags, identity, portOf } from './flags.ts'

const { port, host, cert, key, ca } = flags(['port', 'host', 'cert', 'key', 'ca'], { host: '127.0.0.1' })

const read = () => ({ ...identity(cert, key), ...(ca === undefined ? {} : { ca: authorities(ca) }) })

function* answer(socket: TlsSocket) {
  const name = socket.authorized ? /CN=(.*)/.exec(socket.peerCertificate?.subject ?? '')?.[1] : undefined
  yield* socket.write(`welcome, ${name ?? 'stranger'}, to ${socket.protocol}\n`)
  let number = 0
  for (let line: string | null; (line = yield* socket.readLine()) !== null; )
    yield* socket.write(`${++number} ${line}\n`)
}

try {
  const certificates = new TlsCertificates(read())
  process.on('SIGHUP', () => {
    try {
      certificates.renew(read())
      console.log('certificates renewed')
    } catch (error) {
      // The old ones stay.
      console.error(`certificates not renewed: ${(error as Error).message}`)
    }
  })
  await run(
    serveTls(answer, {
      port: portOf(port),
      host: host!,
      certificates,
      clientCertificate: ca === undefined ? 'none' : 'requested',
      onListen(server) {
        console.log(`lines on ${server.name}`)
        process.once('SIGINT', () => run(server.stop()))
      },
      onError: (error, socket) => console.error(`${socket?.peerName ?? 'accept'}: ${(error as Error).message}`),
    }),
  )
  console.log('stopped')
} catch (error) {
  // A port that is taken is no bug, and deserves no stack trace.
  if (!FibrilError.is(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
