import { TransformStream } from 'node:stream/web'
import { fn } from '../../src/core/index.ts'
import { fromWeb, toWeb, memoryPair, type StreamOptions } from '../../src/net/index.ts'
import { streamConformance } from './stream-conformance.ts'

/** Two streams over the same two web streams, crosswise. */
const openPair = fn(function* (options?: StreamOptions) {
  const there = new TransformStream<Uint8Array, Uint8Array>()
  const back = new TransformStream<Uint8Array, Uint8Array>()
  return [
    fromWeb({ readable: back.readable, writable: there.writable }, { ...options, name: 'web a' }),
    fromWeb({ readable: there.readable, writable: back.writable }, { ...options, name: 'web b' }),
  ] as const
})
streamConformance('web', openPair)

streamConformance('web and back', fn(function* (options?: StreamOptions) {
  const [a, b] = memoryPair(options)
  return [fromWeb(toWeb(a), { ...options, name: 'web a' }), b] as const
}))
