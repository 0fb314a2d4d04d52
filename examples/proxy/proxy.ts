import { all, BrokenError, fn, race, sleep, TimeoutError, timeout } from 'fibril'
import { ConnectError, connect, type Server, type Socket, serve } from 'fibril/net'

/** How the proxy is to be. */
export interface ProxyOptions {
  /** 0 for any that is free. */
  readonly port: number
  /** Where connections go, in turn. */
  readonly upstreams: readonly { readonly host: string; readonly port: number }[]
  /** So many clients at a time; more wait until one has left. 1000 if left out. */
  readonly maxConnections?: number
  /** How long an upstream has to accept. 3000 if left out. */
  readonly connectMs?: number
  /** A connection on which nothing moves for so long is ended. Ten minutes if left out. */
  readonly idleMs?: number
  readonly log?: (line: string) => void
  readonly onListen?: (server: Server<Socket>) => void
}

/** Joins each client to the next upstream that accepts. Ends when its server was stopped. */
export const serveProxy = fn(function* (options: ProxyOptions) {
  const { port, upstreams, maxConnections = 1000, connectMs = 3000, idleMs = 600_000 } = options
  const { log = console.log, onListen = () => {} } = options
  let turn = 0

  /** The next upstream; one that is dead is passed over, and told of. */
  const reach = fn(function* (client: Socket) {
    for (let tried = 0; tried < upstreams.length; tried++) {
      const address = upstreams[turn++ % upstreams.length]!
      try {
        return yield* timeout(connectMs, connect(address))
      } catch (error) {
        if (!(error instanceof ConnectError || error instanceof TimeoutError)) throw error
        log(`${client}: ${address.host}:${address.port} is passed over: ${error.message}`)
      }
    }
    return null
  })

  const join = fn(function* (client: Socket) {
    const upstream = yield* reach(client)
    if (upstream === null) {
      log(`${client}: no upstream accepts`)
      return client.reset()
    }
    try {
      const pumps = all([pump(client, upstream), pump(upstream, client)])
      yield* race([pumps, broken(client), broken(upstream), idle(idleMs, client, upstream)])
    } catch (error) {
      const broken = brokenOf(error)
      if (broken === null) throw error
      log(`${client}: ${broken.message}`)
      // What was broken on one side is not to look like an end on the other.
      client.reset()
      upstream.reset()
    }
  })

  yield* serve(join, { port, maxConnections, onListen })
})

/** One direction: reads no more than the other side takes, and passes the end on. */
const pump = fn(function* (from: Socket, to: Socket) {
  for (let bytes: Uint8Array | null; (bytes = yield* from.read()) !== null; ) yield* to.write(bytes)
  yield* to.end()
})

/** What was broken; null if it is another failure. Several may hear of it at once: who reads, who writes, who waits for the end. */
function brokenOf(error: unknown): BrokenError | null {
  if (error instanceof BrokenError) return error
  return error instanceof AggregateError && error.errors.every(brokenOf) ? brokenOf(error.errors[0]) : null
}

/** Fails when `side` breaks: a pump that waits for the other to take something does not hear of that. */
const broken = fn(function* (side: Socket) {
  yield* side.peerEnd()
  yield* sleep(Infinity)
})

/** Fails when nothing has moved between two looks at it. */
const idle = fn(function* (ms: number, ...sides: Socket[]) {
  const moved = (): number => sides.reduce((sum, side) => sum + side.stats().bytesRead + side.stats().bytesWritten, 0)
  for (let before = -1; before !== moved(); yield* sleep(ms)) before = moved()
  throw new BrokenError(`nothing has moved for ${ms} ms`)
})
