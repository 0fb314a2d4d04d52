import { existsSync, readFileSync } from 'node:fs'
import tls from 'node:tls'
import { timed } from '../measure.mjs'
import { loadFibril, Skipped } from '../peers.mjs'

const file = (name) => readFileSync(new URL(`../../test/net/certificates/${name}.pem`, import.meta.url))
const identity = { cert: file('server'), key: file('server-key') }
const ca = file('ca')

/** Both ends are in this process, so each figure is what the two cost together. */
const native = (serve, talk) => async () => {
  const server = tls.createServer(identity, serve).listen(0, '127.0.0.1').unref()
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  const client = tls.connect({ port, host: 'localhost', ca })
  await new Promise((resolve) => client.once('secureConnect', resolve))
  return (count) => new Promise((resolve) => talk(client, count, resolve))
}

const fibril = (serve, talk) => async () => {
  const entry = new URL('../../dist/src/net/index.js', import.meta.url)
  if (!existsSync(entry)) throw new Skipped('not built: run `npm run build` first')
  const { run } = await loadFibril('run')
  const { connectTls, listenTls } = await import(entry.href)
  const server = await run(listenTls({ port: 0, certificates: identity }))
  run(server.serve(serve)).then(() => {})
  const client = await run(connectTls({ host: 'localhost', port: server.port, ca }))
  return (count) => run(() => talk(client, count))
}

const CHUNK = Buffer.alloc(65_536)

function scenario(name, title, sizes, contenders) {
  return {
    name,
    title,
    metrics: [{ key: 'ns', title: 'ns' }],
    reference: 'native',
    goals: [],
    rounds: 5,
    sizes,
    contenders,
    measure: timed,
  }
}

/** @type {import('./index.mjs').Scenario} */
export const tlsEcho = scenario(
  'tls-echo',
  'a line of six bytes to an echo server in TLS and back; an operation is one round trip',
  { default: { full: 2000, quick: 500 } },
  {
    native: native(
      (socket) => socket.setNoDelay(true).on('data', (data) => socket.write(data)),
      (client, count, done) => {
        let left = count
        const next = () => {
          if (left-- > 0) return client.write('hello\n')
          client.off('data', next)
          done()
        }
        client.setNoDelay(true).on('data', next)
        next()
      },
    ),
    fibril: fibril(
      function* (socket) {
        for (let line; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}\n`)
      },
      function* (client, count) {
        for (let i = 0; i < count; i++) {
          yield* client.write('hello\n')
          yield* client.readLine()
        }
      },
    ),
  },
)

/** @type {import('./index.mjs').Scenario} */
export const tlsBulk = scenario(
  'tls-bulk',
  'bytes to a server in TLS that drops them, in writes of 64 KiB; an operation is one write',
  { default: { full: 400, quick: 100 } },
  {
    native: native(
      (socket) => {
        let left = 0
        socket.on('data', (data) => {
          left += data.length
          // One byte back for each four chunks, by which the client knows how far it is.
          for (; left >= CHUNK.length * 4; left -= CHUNK.length * 4) socket.write('.')
        })
      },
      (client, count, done) => {
        let answers = count / 4
        const heard = (data) => {
          answers -= data.length
          if (answers === 0) {
            client.off('data', heard)
            done()
          }
        }
        client.on('data', heard)
        let left = count
        const write = () => {
          while (left-- > 0) if (!client.write(CHUNK)) return client.once('drain', write)
        }
        write()
      },
    ),
    fibril: fibril(
      function* (socket) {
        let left = 0
        for (let data; (data = yield* socket.read()) !== null; ) {
          left += data.length
          for (; left >= CHUNK.length * 4; left -= CHUNK.length * 4) yield* socket.write('.')
        }
      },
      function* (client, count) {
        for (let i = 0; i < count; i++) yield* client.write(CHUNK)
        yield* client.readExactly(count / 4)
      },
    ),
  },
)
