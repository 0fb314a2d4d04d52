/**
 * Theory of operation: all sockets of a thread read into one buffer.
 *
 * Node allocates 64 KiB for each read and cuts it down to what came, which takes a quarter of the processor's time of an
 * echo server (notes/net.md). With `onread` the system writes into a buffer of ours; what came is copied out of it before
 * anything else can be read, into storage as big as it is.
 *
 * All sockets have the same callback, too. It is called as a method of node's socket, by which it finds the stream.
 *
 * For connections that were accepted node has no such option. They are taken over: a second `net.Socket` is made around
 * the handle of the first, before that has read anything. Handles are not public: where they do not look as they do in
 * node, the socket that came is used as it is, and read by 'data'. So is every socket on Bun, which calls the callback as
 * a method of nothing.
 */
import { Socket as NodeSocket, type OnReadOpts, type Server, type SocketConstructorOpts } from 'node:net'
import type { Receiver } from './receiver.ts'

/** Where a socket of node keeps what its bytes are for. */
export const destination: unique symbol = Symbol('destination')

const SIZE = 65_536

let shared: OnReadOpts | null = null

/** True where sockets can read into the shared buffer. */
export const hasIntake: boolean = process.versions['bun'] === undefined

/** The `onread` of a socket, which must not read before it has a destination. */
export function intake(): OnReadOpts {
  shared ??= { buffer: Buffer.allocUnsafeSlow(SIZE), callback: take }
  return shared
}

function take(this: { readonly [destination]?: { readonly receiver: Receiver } }, count: number, buffer: Uint8Array) {
  const chunk = Buffer.allocUnsafe(count)
  ;(buffer as Buffer).copy(chunk, 0, 0, count)
  this[destination]?.receiver.push(chunk)
  return true
}

/** What is used of a socket's inside. */
interface Inside {
  _handle: { readonly useUserBuffer?: unknown; readonly reading?: boolean } | null
  /** Counts its connections, and waits for them when it closes. */
  _server: Server | null
  server: Server | null
}

/** Makes a socket around the handle of one that was accepted and has not read, with an intake. Null if that cannot be. */
export function takeOver(socket: NodeSocket): NodeSocket | null {
  if (!hasIntake) return null
  const old = socket as unknown as Inside
  const handle = old._handle
  if (typeof handle?.useUserBuffer !== 'function' || handle.reading === true) return null
  const options = { handle, onread: intake(), allowHalfOpen: true, manualStart: true }
  const taken = new NodeSocket(options as SocketConstructorOpts)
  const inside = taken as unknown as Inside
  inside._server = old._server
  inside.server = old._server
  old._server = null
  old._handle = null
  return taken
}
