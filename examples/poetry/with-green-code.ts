// The client as green code: the article's synchronous one, and yet all poems come at once. To be run by `fibril run`.
import { all, connect, timeout } from 'fibril/green'
import { GibberishError } from './byronification.ts'
import type { Address, Errand } from './errand.ts'

function getPoetry({ host, port }: Address): string {
  using server = connect({ host, port })
  const pieces: Uint8Array[] = []
  for (let piece: Uint8Array | null; (piece = server.read()) !== null; ) pieces.push(piece)
  if (pieces.length === 0) throw new Error('the poem has no words')
  return Buffer.concat(pieces).toString()
}

function readPoem({ byronificate, tell, timeoutMs }: Errand, address: Address): void {
  let poem: string
  try {
    poem = timeout(timeoutMs, getPoetry, address)
  } catch (error) {
    return tell.failed(address, error)
  }
  try {
    poem = byronificate(poem)
  } catch (error) {
    if (error instanceof GibberishError) return tell.failed(address, error)
  }
  tell.poem(address, poem)
}

/** Returns when each poem has come or failed. */
export function readPoems(errand: Errand): void {
  all(errand.addresses.map((address) => () => readPoem(errand, address)))
}
