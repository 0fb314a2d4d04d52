import {
  ClientFactory,
  ConnectionDone,
  type Connector,
  Deferred,
  type Failure,
  Protocol,
  type Reactor,
} from 'fibril/twisted'
import type { Address } from './errand.ts'

class PoetryProtocol extends Protocol {
  declare factory: PoetryFactory
  readonly #pieces: Buffer[] = []

  override dataReceived(data: Buffer): void {
    this.#pieces.push(data)
  }

  override connectionLost(reason: Failure): void {
    const poem = Buffer.concat(this.#pieces).toString()
    if (reason.check(ConnectionDone) === null) this.factory.fire(reason)
    else if (poem === '') this.factory.fire(new Error('the poem has no words'))
    else this.factory.fire(poem)
  }
}

class PoetryFactory extends ClientFactory {
  override protocol = PoetryProtocol
  readonly deferred: Deferred<string>
  #connector: Connector | null = null

  constructor() {
    super()
    this.deferred = new Deferred<string>(() => this.#connector?.disconnect())
  }

  override startedConnecting(connector: Connector): void {
    this.#connector = connector
  }

  override clientConnectionFailed(_connector: unknown, reason: Failure): void {
    this.fire(reason)
  }

  /** A Deferred that was cancelled has fired already. */
  fire(result: string | Failure | Error): void {
    if (this.deferred.called) return
    if (typeof result === 'string') this.deferred.callback(result)
    else this.deferred.errback(result)
  }
}

/** A Deferred for the poem that is served at an address. Cancelling it hangs up. */
export function getPoetry(reactor: Reactor, { host, port }: Address): Deferred<string> {
  const factory = new PoetryFactory()
  reactor.connectTCP(host, port, factory)
  return factory.deferred
}
