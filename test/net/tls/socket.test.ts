import { all, fn, type Operation } from '../../../src/core/index.ts'
import {
  connectTls,
  listenTls,
  memoryPair,
  type StreamOptions,
  startTls,
  type TlsSocket,
} from '../../../src/net/index.ts'
import { waitAllBlocked } from '../../../src/testing/index.ts'
import { streamConformance } from '../stream-conformance.ts'
import { ca, identity } from './certificates.ts'

const certificates = identity('server')

const openPair: (options?: StreamOptions) => Operation<[TlsSocket, TlsSocket]> = fn(function* (
  options: StreamOptions = {},
) {
  using server = yield* listenTls({ ...options, port: 0, certificates })
  return yield* all([connectTls({ ...options, host: 'localhost', port: server.port, ca }), server.accept()])
})

streamConformance('tls', openPair)

const openMemoryPair: (options?: StreamOptions) => Operation<[TlsSocket, TlsSocket]> = fn(function* (
  options: StreamOptions = {},
) {
  const [client, server] = memoryPair(options)
  const pair = yield* all([
    startTls(client, { ...options, side: 'client', servername: 'localhost', ca }),
    startTls(server, { ...options, side: 'server', certificates }),
  ])
  // Memory is faster than node, which hears only in the next macrotask that its part of the handshake has left.
  yield* waitAllBlocked()
  return pair
})

streamConformance('tls over memory', openMemoryPair)
