/**
 * Sockets and servers for tasks.
 *
 *   stream.ts            what a stream of bytes does             server.ts             runs a handler for each connection
 *   buffered-stream.ts   one over any wire                       ownership.ts          what was opened in a handler
 *   receiver.ts reads.ts     its reading half, and what reads    listen.ts connect.ts  TCP and Unix
 *   sender.ts                its writing half                    socket-listener.ts    node's server as a listener
 *   wire.ts                  what carries it                     socket.ts             node's socket as a wire
 *   net-errors.ts        what goes wrong, and what to do         memory.ts, -server.ts memory as both, for tests
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

// Whoever imports only this floor can still `await connect(…)`.
setDefaultHost(() => new NodeHost())

export type { Address } from './address.ts'
export { type ConnectOptions, connect } from './connect.ts'
export { listen, type ServeAtOptions, serve } from './listen.ts'
export { type MemoryPairOptions, type MemoryStream, memoryPair } from './memory.ts'
export { MemoryServer } from './memory-server.ts'
export { ConnectError, LimitError, ListenError, StreamTimeoutError } from './net-errors.ts'
export { type PumpOptions, pump } from './pump.ts'
export type { Handler, Listener, ServeOptions, Server, ServerStats, StopOptions } from './server.ts'
export type { Socket, SocketOptions } from './socket.ts'
export type { ListenOptions } from './socket-listener.ts'
export type { Data, Framed, Stream, StreamOptions, StreamStats } from './stream.ts'
