import { connect as connectNode, createServer, type Socket as NodeSocket } from 'node:net'
import { once } from 'node:events'
import { fn, wait } from '../../src/core/index.ts'
import { fromNode, memoryPair, type StreamOptions, toNode } from '../../src/net/index.ts'
import { streamConformance } from './stream-conformance.ts'

const openPair = fn(function* (options: StreamOptions = {}) {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  yield* wait(once(server, 'listening'))
  const { port } = server.address() as { port: number }
  const client = connectNode({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [socket] = (yield* wait(once(server, 'connection'))) as [NodeSocket]
  if (client.connecting) yield* wait(once(client, 'connect'))
  server.close()
  return [fromNode(client, { ...options, name: 'node a' }), fromNode(socket, { ...options, name: 'node b' })] as const
})
streamConformance('node', openPair)

streamConformance('node and back', fn(function* (options?: StreamOptions) {
  const [a, b] = memoryPair(options)
  return [fromNode(toNode(a), { ...options, name: 'node a' }), b] as const
}))
