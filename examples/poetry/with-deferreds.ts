// The client as chains of callbacks. A callback may throw what it likes: the next errback gets it, and nobody below.
import { type Deferred, DeferredList, execute, type Reactor } from 'fibril/twisted'
import { GibberishError } from './byronification.ts'
import type { Errand } from './errand.ts'
import { getPoetry } from './get-poetry.ts'

/** Fires when each poem has come or failed. */
export function readPoems(errand: Errand, reactor: Reactor): Deferred<unknown> {
  const { addresses, byronificate, tell, timeoutMs } = errand
  const poems = addresses.map((address) =>
    getPoetry(reactor, address)
      .addTimeout(timeoutMs, reactor)
      .addCallback((poem) =>
        execute(byronificate, poem).addErrback((failure) => (failure.check(GibberishError) ? failure : poem)),
      )
      .addCallback((poem) => tell.poem(address, poem))
      .addErrback((failure) => tell.failed(address, failure.value)),
  )
  return new DeferredList(poems)
}
