// The client as `inlineCallbacks`: Deferreds, waited for in code that reads from top to bottom.
import { gatherResults, inlineCallbacks, type Reactor } from 'fibril/twisted'
import { GibberishError } from './byronification.ts'
import type { Address, Errand } from './errand.ts'
import { getPoetry } from './get-poetry.ts'

const readPoem = inlineCallbacks(function* (errand: Errand, reactor: Reactor, address: Address) {
  const { byronificate, tell, timeoutMs } = errand
  let poem: string
  try {
    poem = yield* getPoetry(reactor, address).addTimeout(timeoutMs, reactor)
  } catch (error) {
    return tell.failed(address, error)
  }
  try {
    poem = byronificate(poem)
  } catch (error) {
    if (error instanceof GibberishError) return tell.failed(address, error)
  }
  tell.poem(address, poem)
})

/** Fires when each poem has come or failed. */
export const readPoems = inlineCallbacks(function* (errand: Errand, reactor: Reactor) {
  yield* gatherResults(errand.addresses.map((address) => readPoem(errand, reactor, address)))
})
