/**
 * Sockets and servers for tasks.
 *
 *   stream.ts            what a stream of bytes does             server.ts             runs a handler for each connection
 *   buffered-stream.ts   one over any wire                       ownership.ts          what was opened in a handler
 *   receiver.ts reads.ts     its reading half, and what reads    listen.ts connect.ts  TCP and Unix
 *   sender.ts                its writing half                    happy-eyeballs.ts     hosts of several addresses
 *   time-limits.ts           silence, and length of life         socket-listener.ts    node's server as a listener
 *   settings.ts              what its options say                socket.ts             a connection, over TCP or not
 *   framed.ts pump.ts    messages over a stream; from one to     memory.ts, -server.ts memory as both, for tests
 *                        another                                 net-errors.ts         what goes wrong, and what to do
 *   wire.ts              what carries it                         transport.ts          for authors of other wires
 *   carrier.ts           what carries a socket's bytes           intake.ts             one buffer for what all read
 *   socket-wire.ts       node's socket as a wire
 *   handle-wire.ts       a connection without one                handle.ts             node's handles
 *   opening.ts           waits until the platform has opened something
 *   pool/                connections, lent to tasks              net.ts                all of it, to be handed to code
 *   correlator/          requests and replies by id              tls/                  TLS as a wire over any of these
 *   platform-stream.ts web-streams.ts node-streams.ts   streams of the platform, in and out
 *   items.ts             items of any async source
 *   http/                a face of its own: requests of node:http as tasks, fetch for tasks
 *   udp-socket.ts        datagrams                               udp.ts                opens a socket for them
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

// Whoever imports only this floor can still `await connect(…)`.
setDefaultHost(() => new NodeHost())

export type { Address } from './address.ts'
export { type ConnectOptions, connect } from './connect.ts'
export type { Correlator } from './correlator/correlator.ts'
export { LostRequestError } from './correlator/errors.ts'
export { openCorrelator } from './correlator/open.ts'
export type { CorrelatorOptions, CorrelatorStats, Ids, MessageChannel, RequestOptions } from './correlator/options.ts'
export { CorrelatorPool, type CorrelatorPoolOptions, type CorrelatorPoolStats } from './correlator/pool.ts'
export { type ItemSource, Items, items } from './items.ts'
export { listen, type ServeAtOptions, serve } from './listen.ts'
export type { Lookup } from './lookup.ts'
export { type MemoryPairOptions, type MemoryStream, memoryPair } from './memory.ts'
export { MemoryServer } from './memory-server.ts'
export { type Connection, type Net, net } from './net.ts'
export { ConnectError, LimitError, ListenError, StreamTimeoutError } from './net-errors.ts'
export { type FromNode, type FromNodeOptions, fromNode, toNode } from './node-streams.ts'
export type { ByteSink, ByteSource } from './platform-stream.ts'
export { Backoff, type BackoffOptions, type Jitter } from './pool/backoff.ts'
export { AcquireTimeoutError } from './pool/errors.ts'
export type { Lease } from './pool/lease.ts'
export type { ConnectionPoolStats, Hooked, PoolActivity, PoolOptions } from './pool/options.ts'
export { ConnectionPool } from './pool/pool.ts'
export { type PumpOptions, pump } from './pump.ts'
export type { Handler, ServeOptions, ServerStats, StopOptions } from './server.ts'
export type { Socket, SocketOptions } from './socket.ts'
export type { ListenOptions } from './socket-listener.ts'
export { type Stoppable, stoppables } from './stoppables.ts'
export type { Data, Framed, Stream, StreamOptions, StreamStats } from './stream.ts'
export {
  type SelectIdentity,
  type TlsCertificateOptions,
  TlsCertificates,
  type TlsIdentity,
} from './tls/certificates.ts'
export { type ConnectTlsOptions, connectTls } from './tls/connect.ts'
export { CertificateError, TlsError } from './tls/errors.ts'
export type { TlsClientOptions, TlsOptions, TlsServerOptions } from './tls/handshake.ts'
export { type ListenTlsOptions, listenTls, type ServeTlsOptions, serveTls } from './tls/listen.ts'
export type { TlsSocket } from './tls/socket.ts'
export { type StartTlsClientOptions, type StartTlsServerOptions, startTls } from './tls/start.ts'
export {
  BufferedStream,
  codeName,
  describeSystemError,
  formatAddress,
  type Listener,
  own,
  type Piece,
  type Receiver,
  type Sender,
  Server,
  type Wire,
  WireWait,
} from './transport.ts'
export { type UdpOptions, udp } from './udp.ts'
export { type Datagram, type UdpAddress, UdpError, type UdpSocket, type UdpStats } from './udp-socket.ts'
export {
  type FromWebOptions,
  fromWeb,
  type ToWebPair,
  toWeb,
  toWebReadable,
  toWebWritable,
  type WebBytes,
  type WebPair,
} from './web-streams.ts'
