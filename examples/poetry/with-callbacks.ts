// The client as raw callbacks: what the article begins with, before it has Deferreds.
//
// Down in the reactor is who calls, so that is where an exception goes: from gotPoem to the factory, to the protocol, to the
// reactor, away from all who could do something about it. The reactor logs it and carries on. See `readPoemsNaively`.
//
// So whoever is called by callbacks has to catch everything himself, in each of them, and must not forget to say when he
// is done. `readPoems` does; it is the longest of the clients for that, and the only one in which a forgotten line hangs the program.
import { ClientFactory, ConnectionDone, type Failure, Protocol, type Reactor } from 'fibril/twisted'
import { GibberishError } from './byronification.ts'
import type { Address, Errand } from './errand.ts'

class PoetryProtocol extends Protocol {
  declare factory: PoetryFactory
  readonly #pieces: Buffer[] = []

  override dataReceived(data: Buffer): void {
    this.#pieces.push(data)
  }

  override connectionLost(reason: Failure): void {
    this.factory.ended(Buffer.concat(this.#pieces).toString(), reason)
  }
}

class PoetryFactory extends ClientFactory {
  override protocol = PoetryProtocol
  readonly #callback: (poem: string) => void
  readonly #errback: (error: unknown) => void

  constructor(callback: (poem: string) => void, errback: (error: unknown) => void) {
    super()
    this.#callback = callback
    this.#errback = errback
  }

  ended(poem: string, reason: Failure): void {
    if (reason.check(ConnectionDone) === null) this.#errback(reason.value)
    else if (poem === '') this.#errback(new Error('the poem has no words'))
    else this.#callback(poem)
  }

  override clientConnectionFailed(_connector: unknown, reason: Failure): void {
    this.#errback(reason.value)
  }
}

/** Calls one of the two, once. */
function getPoetry(
  reactor: Reactor,
  { host, port }: Address,
  timeoutMs: number,
  callback: (poem: string) => void,
  errback: (error: unknown) => void,
): void {
  let late = false
  const over = (): boolean => {
    if (limit.active()) limit.cancel()
    return late
  }
  const factory = new PoetryFactory(
    (poem) => over() || callback(poem),
    (error) => over() || errback(error),
  )
  const limit = reactor.callLater(timeoutMs, () => {
    late = true
    connector.disconnect()
    errback(new Error(`the poem did not come within ${timeoutMs} ms`))
  })
  const connector = reactor.connectTCP(host, port, factory)
}

/** `done` is called when each poem has come or failed: the program may end. */
export function readPoems(errand: Errand, reactor: Reactor, done: () => void): void {
  const { addresses, byronificate, tell, timeoutMs } = errand
  let left = addresses.length
  if (left === 0) return done()
  for (const address of addresses) {
    const gotPoem = (poem: string): void => {
      try {
        tell.poem(address, styled(poem))
      } catch (error) {
        tell.failed(address, error)
      } finally {
        poemDone()
      }
    }
    const poemFailed = (error: unknown): void => {
      try {
        tell.failed(address, error)
      } finally {
        poemDone()
      }
    }
    getPoetry(reactor, address, timeoutMs, gotPoem, poemFailed)
  }

  function styled(poem: string): string {
    try {
      return byronificate(poem)
    } catch (error) {
      if (error instanceof GibberishError) throw error
      return poem
    }
  }

  function poemDone(): void {
    if (--left === 0) done()
  }
}

/**
 * The article's first attempt, which forgets that the engine may throw. Then the user is not told, `poemDone` is not reached, and
 * the program never ends. All that is left of the error is a line in the reactor's log.
 */
export function readPoemsNaively(errand: Errand, reactor: Reactor, done: () => void): void {
  const { addresses, byronificate, tell, timeoutMs } = errand
  let left = addresses.length
  for (const address of addresses) {
    const gotPoem = (poem: string): void => {
      tell.poem(address, byronificate(poem))
      poemDone()
    }
    const poemFailed = (error: unknown): void => {
      tell.failed(address, error)
      poemDone()
    }
    getPoetry(reactor, address, timeoutMs, gotPoem, poemFailed)
  }

  function poemDone(): void {
    if (--left === 0) done()
  }
}
