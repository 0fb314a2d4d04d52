// The client as tasks of the core: no reactor, no protocol, a stream that is read.
import { all, fn, timeout } from 'fibril'
import type { Net } from 'fibril/net'
import { download } from '../poetry-server/download.ts'
import { GibberishError } from './byronification.ts'
import type { Address, Errand } from './errand.ts'

const getPoetry = fn(function* (net: Net, address: Address) {
  using server = yield* net.connect(address)
  return yield* download(server)
})

const readPoem = fn(function* ({ net, byronificate, tell, timeoutMs }: Errand, address: Address) {
  let poem: string
  try {
    poem = yield* timeout(timeoutMs, getPoetry(net, address))
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

/** Ends when each poem has come or failed. */
export const readPoems = fn(function* (errand: Errand) {
  yield* all(errand.addresses.map((address) => readPoem(errand, address)))
})
