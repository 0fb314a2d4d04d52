import { currentLoop, fn, spawn } from '../../src/core/index.ts'
import type { StreamOptions } from '../../src/net/index.ts'
import { SimNetwork, type SimNetworkOptions, type TestHost } from '../../src/testing/index.ts'
import { type OpenPair, streamConformance } from '../net/stream-conformance.ts'

/** What every stream does, over networks of all kinds. */
const networks: { readonly [kind: string]: SimNetworkOptions } = {
  'at no distance': { latencyMs: 0 },
  'in whole pieces': { latencyMs: 0, fragment: 0, maxPiece: Infinity },
  'byte by byte': { latencyMs: 1, maxPiece: 1, fragment: 1 },
  'with a tiny window': { latencyMs: 0, window: 1000 },
  'far away, with jitter': { latencyMs: 3, jitterMs: 10 },
  'on a thin, lossy line': { latencyMs: 1, bandwidth: 10_000_000, loss: 0.01 },
}

for (const [kind, options] of Object.entries(networks))
  streamConformance(`simulated, ${kind}`, pairsOf(options), { unit: 1000 })

function pairsOf(options: SimNetworkOptions): OpenPair {
  return fn(function* (streamOptions?: StreamOptions) {
    const network = new SimNetwork(options)
    restFirst(network, currentLoop().host as TestHost)
    const server = yield* network.host('b').listen({ ...streamOptions, port: 80 })
    const accepting = spawn(server.accept())
    const a = yield* network.host('a').connect({ ...streamOptions, host: 'b', port: 80 })
    const b = yield* accepting
    server.close()
    return [a, b] as const
  })
}

/**
 * Real sockets go on while a test waits until all tasks are parked, and the suite counts on that. Bytes of a simulated
 * network take virtual time, which stands still meanwhile: so there the wait begins when nothing is on the way.
 */
function restFirst(network: SimNetwork, host: TestHost): void {
  const { whenBlocked } = host
  host.whenBlocked = (wake) => {
    let undo = (): void => {}
    const look = (): void => {
      if (network.stats().packetsInFlight > 0) {
        const timer = { bucket: null, index: 0, fire: look }
        host.loop.startTimer(timer, 0.1)
        undo = () => host.loop.stopTimer(timer)
      } else undo = whenBlocked.call(host, wake)
    }
    const first = { fire: look }
    undo = () => host.soon.delete(first)
    host.soon.add(first)
    return () => undo()
  }
}
