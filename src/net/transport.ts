/**
 * For authors of transports: what a new kind of wire needs to become streams and servers.
 *
 *   1. A `Wire` moves bytes. It is told what to do by its stream, and tells its halves what happens: `receiver.push`, `end`
 *      and `fail` for what comes, `sender.sent`, `finished` and `fail` for what leaves.
 *   2. A subclass of `BufferedStream` gives it a name. Call `own` for a stream that a task has opened, so that it is closed
 *      with the handler in which that was.
 *   3. A `Listener` hands streams to a `Server`.
 *
 * Errors name who failed by `codeName`, where by `formatAddress`, and why by `describeSystemError`.
 */
export { formatAddress } from './address.ts'
export { BufferedStream } from './buffered-stream.ts'
export { describeSystemError } from './net-errors.ts'
export { own } from './ownership.ts'
export type { Receiver } from './receiver.ts'
export type { Sender } from './sender.ts'
export { type Listener, Server } from './server.ts'
export { codeName, type Piece, type Wire, WireWait } from './wire.ts'
