import { type Protocol, StringTransport } from '../../../src/twisted/index.ts'

/** Connects `protocol` to a transport that keeps what it writes, and feeds it `bytes` in pieces of `size`. */
export function feed<P extends Protocol>(protocol: P, bytes: string | Uint8Array, size = Infinity): StringTransport {
  const transport = new StringTransport()
  protocol.makeConnection(transport)
  give(protocol, bytes, size)
  return transport
}

/** Feeds `bytes` in pieces of `size`. Each is a copy, as what comes from a socket is. */
export function give(protocol: Protocol, bytes: string | Uint8Array, size = Infinity): void {
  const all = Buffer.from(bytes as Uint8Array)
  for (let at = 0; at < all.length; at += size) protocol.dataReceived(Buffer.from(all.subarray(at, at + size)))
}

/** Runs `test` with every size of pieces up to `length`, and with one piece. */
export function forEachChunkSize(length: number, test: (size: number) => void): void {
  for (let size = 1; size <= length; size++) test(size)
  test(Infinity)
}
