import type { Failure } from '../failure.ts'
import { NotConnectingError } from '../network-errors.ts'
import { ClientFactory } from '../protocols/client-factory.ts'
import type { ReactorTime } from '../reactor/clock.ts'
import type { Connector } from '../reactor/connector.ts'
import type { DelayedCall } from '../reactor/delayed-call.ts'
import { reactor } from '../reactor/reactor.ts'

/**
 * A factory for clients that connect again, after a pause that grows from one failure to the next. Call `resetDelay` when a
 * connection has proved to be good: until then, one that is made and lost counts as a failure. New code uses a `ClientService`.
 *
 * ```ts
 * import { Protocol, ReconnectingClientFactory, reactor } from 'fibril/twisted'
 *
 * class Feed extends Protocol {
 *   override connectionMade() {
 *     ;(this.factory as ReconnectingClientFactory).resetDelay()
 *   }
 * }
 * const factory = ReconnectingClientFactory.forProtocol(Feed)
 * reactor.connectTCP('127.0.0.1', 1, factory) // nobody listens there: it tries again and again
 * reactor.callLater(20, () => factory.stopTrying())
 * ```
 */
export class ReconnectingClientFactory extends ClientFactory {
  /** The first pause, in milliseconds, before it is multiplied. */
  initialDelay = 1000
  /** The longest, before jitter. */
  maxDelay = 3_600_000
  /** By how much it grows: e. */
  factor = Math.E
  /** The deviation of what is added at random, as a share of the pause: so that clients do not come back all at once. */
  jitter = 0.119626565582
  /** The pause that was made last. */
  delay = 1000
  /** Failures since the last `resetDelay`. */
  retries = 0
  /** How many there may be; null for any number. */
  maxRetries: number | null = null
  /** False once `stopTrying` was called. */
  continueTrying = true
  /** What has the time. */
  clock: ReactorTime = reactor
  /** What connects; set when it has failed or lost. */
  connector: Connector | null = null
  private call: DelayedCall | null = null

  override clientConnectionFailed(connector: Connector, _reason: Failure): void {
    this.retryWith(connector)
  }

  override clientConnectionLost(connector: Connector, _reason: Failure): void {
    this.retryWith(connector)
  }

  private retryWith(connector: Connector): void {
    if (!this.continueTrying) return
    this.connector = connector
    this.retry()
  }

  /** Has `connector`, or the one that failed last, connect again after the next pause. */
  retry(connector: Connector | null = this.connector): void {
    if (!this.continueTrying) return
    if (connector === null) throw new NotConnectingError('there is no connector to retry: nothing has failed yet')
    this.retries++
    if (this.maxRetries !== null && this.retries > this.maxRetries) return
    this.delay = Math.min(this.delay * this.factor, this.maxDelay)
    if (this.jitter > 0) this.delay = Math.max(0, normal(this.delay, this.delay * this.jitter))
    this.call = this.clock.callLater(this.delay, () => {
      this.call = null
      connector.connect()
    })
  }

  /** Connects no more: takes a retry back, and gives an attempt that is under way up. A connection that is made stays. */
  stopTrying(): void {
    this.continueTrying = false
    this.call?.cancel()
    this.call = null
    if (this.connector?.state === 'connecting') this.connector.stopConnecting()
  }

  /** A connection is good: the next pause is the first one again. */
  resetDelay(): void {
    this.delay = this.initialDelay
    this.retries = 0
    this.continueTrying = true
    this.call = null
  }
}

/** A random number with this mean and deviation (Box and Muller). */
function normal(mean: number, deviation: number): number {
  return mean + deviation * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}
