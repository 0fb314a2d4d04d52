/**
 * Theory of operation: all sockets of a thread read into one buffer.
 *
 * Node allocates 64 KiB for each read and cuts it down to what came, which takes a quarter of the processor's time of an
 * echo server (notes/net.md). With `onread` the system writes into a buffer of ours; what came is copied out of it before
 * anything else can be read, into storage as big as it is.
 *
 * All sockets have the same callback, too. It is called as a method of node's socket, by which it finds the stream.
 *
 * For connections that are accepted node has no such option. So they are taken from the handle of their server, before node makes
 * a socket of them. Most never need one (handle-wire.ts). Where somebody counts and watches them, one is made here, and 'connection'
 * tells of it. (To make a second one around the handle of node's own costs a kilobyte of garbage for each, which survives, and then
 * makes the space for young objects grow.) Handles are not public: where they do
 * not look as they do in node, its own sockets come by 'connection' and are read by 'data'. So is every socket on Bun, which
 * calls the callback of an `onread` as a method of nothing.
 */
import { channel } from 'node:diagnostics_channel'
import { Socket as NodeSocket, type OnReadOpts, type Server, type SocketConstructorOpts } from 'node:net'
import { type Handle, isUsable } from './handle.ts'
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

function take(this: { readonly [destination]?: { readonly receiver: Receiver } }, count: number) {
  this[destination]?.receiver.push(taken(count))
  return true
}

/** The `count` bytes that have just come. */
export function taken(count: number): Buffer {
  const chunk = Buffer.allocUnsafe(count)
  ;(intake().buffer as Buffer).copy(chunk, 0, 0, count)
  return chunk
}

/** What is used of the inside of a server and of a socket. */
interface Inside {
  _handle: { onconnection?: (this: unknown, status: unknown, handle?: Partial<Handle>) => void } | null
  /** How many connections it has. It waits for them when it closes. */
  _connections: number
  /** Of a socket: whose connection it is. */
  _server: Server | null
  server: Server | null
}

/** Told of each socket that a server of node accepts, as tools for diagnostics know them. */
const accepted = channel('net.server.socket')

/** True for a socket that was made with an intake by `interceptConnections`. */
export function isIntercepted(socket: NodeSocket): boolean {
  return destination in socket
}

/** The socket with an intake, half-open and not reading yet, of a connection that `server` has accepted. */
export function socketAround(handle: Partial<Handle>, server: Server): NodeSocket {
  const options = { handle, onread: intake(), allowHalfOpen: true, manualStart: true }
  const socket = new NodeSocket(options as SocketConstructorOpts)
  const its = socket as unknown as Inside & { [destination]: undefined }
  its[destination] = undefined
  its._server = server
  its.server = server
  return socket
}

/**
 * Has the connections that `server`, which listens, accepts given to `arrive`, unless somebody else wants to see a socket of each: then
 * they come by 'connection', made with an intake, half-open and not reading yet. What cannot be had that way is as always.
 */
export function interceptConnections(server: Server, arrive: (handle: Handle) => void): void {
  const inside = server as unknown as Inside
  const listening = inside._handle
  const onconnection = listening?.onconnection
  if (!hasIntake || typeof onconnection !== 'function' || typeof inside._connections !== 'number') return
  ;(listening as NonNullable<typeof listening>).onconnection = function (status, handle) {
    if (status || typeof handle?.useUserBuffer !== 'function' || handle.reading === true)
      return onconnection.call(this, status, handle)
    inside._connections++
    const watched = server.listenerCount('connection') > 1 || accepted.hasSubscribers
    if (!watched && isUsable(handle)) return arrive(handle)
    const socket = socketAround(handle, server)
    server.emit('connection', socket)
    if (accepted.hasSubscribers) accepted.publish({ socket })
  }
}
