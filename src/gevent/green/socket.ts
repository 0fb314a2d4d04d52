/** gevent's `socket` as plain calls; see `socket` of `fibril/gevent`. */
import { faceClass, faceOf, type Green, mapped } from '../../green/index.ts'
import { park, parkable } from '../../green/runtime/index.ts'
import * as base from '../socket.ts'
import type { ListenerAddress } from '../stream-server.ts'

export { SHUT_RD, SHUT_RDWR, SHUT_WR, SocketTimeout } from '../socket.ts'

const names = [
  ...(['settimeout', 'gettimeout', 'connect', 'listen', 'recv', 'recvInto', 'send', 'sendall', 'readline'] as const),
  ...(['shutdown', 'close', 'getsockname', 'getpeername'] as const),
] as const

/** A TCP or Unix socket: what waits is a plain call. */
export interface Socket extends Green<base.Socket, (typeof names)[number]> {
  /** The next connection, and where it comes from. */
  accept(): [socket: Socket, address: string]
}
export const Socket: new () => Socket = faceClass<base.Socket, never>(base.Socket, [...names, 'accept'], {
  results: { accept: ([socket, address]: [base.Socket, string]) => [faceOf(Socket as never, socket), address] },
})

/** A socket that is connected to `address`. */
export const createConnection = parkable(function createConnection(
  address: ListenerAddress,
  options?: { readonly timeout?: number },
): Socket {
  return park(mapped(base.createConnection(address, options), (socket) => faceOf<Socket>(Socket as never, socket)))
})
