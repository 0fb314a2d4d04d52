/**
 * Sockets and servers for tasks.
 *
 *   stream.ts            what a stream of bytes does             server.ts             runs a handler for each connection
 *   buffered-stream.ts   one over any wire                       ownership.ts          what was opened in a handler
 *   receiver.ts reads.ts     its reading half, and what reads    listen.ts connect.ts  TCP and Unix
 *   sender.ts                its writing half                    socket-listener.ts    node's server as a listener
 *   wire.ts                  what carries it                     socket.ts             node's socket as a wire
 *   net-errors.ts        what goes wrong, and what to do         memory.ts, -server.ts memory as both, for tests
 *
 *   tls-socket.ts        TLS as a wire over any of these         tls-handshake.ts      how each side begins
 *   tls-carrier.ts       what node's TLS takes for a connection  tls-connect.ts -listen.ts -start.ts   three ways to have it
 *   tls-errors.ts        what goes wrong, and what to do         tls-certificates.ts   what a server shows, renewable
 *
 *   udp-socket.ts        datagrams                               udp.ts                opens a socket for them
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
export { ConnectError, LimitError, ListenError } from './net-errors.ts'
export type { Handler, Listener, ServeOptions, Server, ServerStats, StopOptions } from './server.ts'
export type { Socket, SocketOptions } from './socket.ts'
export type { ListenOptions } from './socket-listener.ts'
export type { Stream, StreamOptions, StreamStats } from './stream.ts'
export {
  type SelectIdentity,
  type TlsCertificateOptions,
  TlsCertificates,
  type TlsIdentity,
} from './tls-certificates.ts'
export { type ConnectTlsOptions, connectTls } from './tls-connect.ts'
export { CertificateError, TlsError } from './tls-errors.ts'
export type { TlsClientOptions, TlsOptions, TlsServerOptions } from './tls-handshake.ts'
export { type ListenTlsOptions, listenTls, type ServeTlsOptions, serveTls } from './tls-listen.ts'
export type { TlsSocket } from './tls-socket.ts'
export { type StartTlsClientOptions, type StartTlsServerOptions, startTls } from './tls-start.ts'
export { type UdpOptions, udp } from './udp.ts'
export { type Datagram, type UdpAddress, UdpError, type UdpSocket, type UdpStats } from './udp-socket.ts'
