/**
 * Theory of operation: all sockets of a thread read into one buffer.
 *
 * Node allocates 64 KiB for each read and cuts it down to what came, which takes a third of the processor's time of an
 * echo server (notes/net.md). With `onread` the system writes into a buffer of ours; what came is copied out of it before
 * anything else can be read, into storage as big as it is.
 *
 * For connections that were accepted node has no such option. They are taken over: a second `net.Socket` is made around
 * the handle of the first, before that has read anything. Handles are not public. Where they do not look as they do in
 * node (Bun), the socket that came is used as it is, and read by 'data'.
 */
import { Socket as NodeSocket, type Server } from 'node:net'
import type { Receiver } from './receiver.ts'

const SIZE = 65_536

let shared: Buffer | null = null

/** Where a socket made with `onread` brings what it reads. It must be paused until `to` is set. */
export class Intake {
  to: Receiver | null = null

  /** For the constructor of `net.Socket`, and for `net.connect`. */
  readonly onread: { readonly buffer: Uint8Array; readonly callback: (count: number, buffer: Uint8Array) => boolean }

  constructor() {
    shared ??= Buffer.allocUnsafeSlow(SIZE)
    const buffer = shared
    this.onread = {
      buffer,
      callback: (count) => {
        const chunk = Buffer.allocUnsafe(count)
        buffer.copy(chunk, 0, 0, count)
        this.to?.push(chunk)
        return true
      },
    }
  }
}

/** What is used of node's inside. */
interface Inside {
  _handle: { useUserBuffer?: unknown; reading?: boolean } | null
  _server: Server | null
}

/** Makes a socket around the handle of one that was accepted, paused and has not read, which reads into `intake`. Null if that cannot be. */
export function takeOver(socket: NodeSocket, intake: Intake): NodeSocket | null {
  const old = socket as unknown as Inside
  const handle = old._handle
  if (typeof handle?.useUserBuffer !== 'function' || handle.reading === true || socket.readableLength > 0) return null
  const { onread } = intake
  const taken = new NodeSocket({ handle, onread, allowHalfOpen: true, manualStart: true } as ConstructorParameters<
    typeof NodeSocket
  >[0])
  const inside = taken as unknown as Inside
  // The server counts its connections: what it waits for when it closes.
  inside._server = old._server
  ;(taken as unknown as { server: Server | null }).server = old._server
  old._server = null
  old._handle = null
  return taken
}
