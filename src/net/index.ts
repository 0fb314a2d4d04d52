/**
 * Sockets and servers for tasks.
 *
 *   stream.ts            what a stream of bytes does             server.ts             runs a handler for each connection
 *   buffered-stream.ts   one over any wire                       ownership.ts          what was opened in a handler
 *   receiver.ts reads.ts     its reading half, and what reads    listen.ts connect.ts  TCP and Unix
 *   sender.ts                its writing half                    happy-eyeballs.ts     hosts of several addresses
 *   time-limits.ts           silence, and length of life         socket-listener.ts    node's server as a listener
 *   settings.ts              what its options say                socket.ts intake.ts   node's socket as a wire
 *   framed.ts pump.ts    messages over a stream; from one to     memory.ts, -server.ts memory as both, for tests
 *                        another                                 net-errors.ts         what goes wrong, and what to do
 *   wire.ts              what carries it
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

// Whoever imports only this floor can still `await connect(…)`.
setDefaultHost(() => new NodeHost())

export type { Address } from './address.ts'
export { type ConnectOptions, connect } from './connect.ts'
export { listen, type ServeAtOptions, serve } from './listen.ts'
export type { Lookup } from './lookup.ts'
export { type MemoryPairOptions, type MemoryStream, memoryPair } from './memory.ts'
export { MemoryServer } from './memory-server.ts'
export { ConnectError, LimitError, ListenError, StreamTimeoutError } from './net-errors.ts'
export { type PumpOptions, pump } from './pump.ts'
export type { Handler, Listener, ServeOptions, Server, ServerStats, StopOptions } from './server.ts'
export type { Socket, SocketOptions } from './socket.ts'
export type { ListenOptions } from './socket-listener.ts'
export type { Data, Framed, Stream, StreamOptions, StreamStats } from './stream.ts'
