import { BrokenError, fn } from 'fibril'
import type { Stream } from 'fibril/net'

/** All that a server drips, as text. A connection that breaks is an error, for half a poem is none. */
export const download = fn(function* (server: Stream) {
  const pieces: Uint8Array[] = []
  for (let piece: Uint8Array | null; (piece = yield* server.read()) !== null; ) pieces.push(piece)
  if (pieces.length === 0) throw new BrokenError(`${server.name}: the poem has no words`)
  return Buffer.concat(pieces).toString()
})
