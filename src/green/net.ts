import type { Operation } from '../core/index.ts'
import type {
  ConnectOptions,
  ConnectTlsOptions,
  ListenOptions,
  ListenTlsOptions,
  MemoryPairOptions,
  PumpOptions,
  ServeOptions,
  StartTlsClientOptions,
  StartTlsServerOptions,
  UdpOptions,
} from '../net/index.ts'
import * as net from '../net/index.ts'
import type { Framing } from '../protocol/index.ts'
import { callTo } from './callbacks.ts'
import { type FaceOf, faceClass, faceOf, faceOfKind, type Green, mapped, thingOf } from './face.ts'
import { park, parkable } from './runtime/index.ts'

const streamNames = [
  ...([
    'name',
    'closed',
    'read',
    'peek',
    'readExactly',
    'readUntil',
    'readLine',
    'unread',
    'stopReading',
    'peerEnd',
  ] as const),
  ...(['write', 'writev', 'tryWrite', 'cork', 'uncork', 'flush', 'end', 'close', 'destroy', 'reset'] as const),
  ...(['stats', 'toString'] as const),
] as const
const socketNames = ['local', 'remote'] as const
const tlsNames = [
  ...socketNames,
  ...(['protocol', 'cipher', 'alpn', 'servername', 'peerCertificate', 'authorized', 'authorizationError'] as const),
] as const
const framedNames = ['name', 'framing', 'receive', 'send', 'trySend', 'close'] as const
const datagramNames = ['name', 'local', 'remote', 'port', 'closed', 'toString', 'stats'] as const
const memberNames = ['send', 'receive', 'join', 'leave', 'close'] as const

/**
 * Bytes in either direction. One task may read and one may write at a time.
 *
 * A read gives `null` at the end; `write` waits while the peer is slow. A read that is cancelled takes nothing.
 */
export interface Stream extends Green<net.BufferedStream, (typeof streamNames)[number]>, Disposable, AsyncDisposable {
  /** The lines that come, until the end. */
  lines(): Iterable<string>
  /** The next message by a framing; null at the end. */
  receive<In>(framing: Framing<In, never>): In | null
  /** The stream as one of messages: from here on it is read and written by a framing. */
  upgrade<In, Out>(framing: Framing<In, Out>): Framed<In, Out>
}

/** A stream whose bytes are messages: what `upgrade` gives. */
export interface Framed<In, Out = In>
  extends Green<net.Framed<In, Out>, (typeof framedNames)[number]>,
    Disposable,
    AsyncDisposable {
  readonly stream: Stream
  /** The messages that come, until the end. */
  messages(): Iterable<In>
  /** The same stream by another framing, from the next message on. */
  upgrade<I, O>(framing: Framing<I, O>): Framed<I, O>
}

/** A TCP or Unix connection: `connect` makes one, and a server accepts them. */
export interface Socket extends Omit<Stream, keyof FaceOf<unknown>>, Green<net.Socket, (typeof socketNames)[number]> {}

/** A connection in TLS. */
export interface TlsSocket
  extends Omit<Stream, keyof FaceOf<unknown>>,
    Green<net.TlsSocket, (typeof tlsNames)[number]> {}

/** A socket for datagrams: what `udp` gives. */
export interface UdpSocket
  extends Green<net.UdpSocket, (typeof datagramNames)[number] | (typeof memberNames)[number]>,
    Disposable {}

/** What comes until there is null. */
class UntilNull<T> implements IterableIterator<T, undefined> {
  readonly next: () => IteratorResult<T, undefined>

  constructor(take: () => Operation<T | null>) {
    this.next = parkable(function next() {
      return park(mapped(take(), stepOf<T>))
    })
  }

  [Symbol.iterator](): this {
    return this
  }
}

function stepOf<T>(value: T | null): IteratorResult<T, undefined> {
  return value === null ? { value: undefined, done: true } : { value, done: false }
}

function framedOf(framed: net.Framed<unknown, unknown>): Framed<unknown, unknown> {
  return faceOfKind(framed, [...framedNames, 'messages', 'upgrade', 'stream'], {
    results: {
      messages: (_: unknown, it: net.Framed<unknown, unknown>) => new UntilNull(() => it.receive()),
      upgrade: framedOf,
      stream: streamOf,
    },
  })
}

/** The face of a stream of any kind: of one of `fibril/net`, as green code sees it. */
export function streamOf<S extends Stream>(stream: net.BufferedStream): S {
  const more = 'authorized' in stream ? tlsNames : 'remote' in stream ? socketNames : []
  const names = [...streamNames, ...more, 'lines', 'receive', 'upgrade'] as (keyof net.BufferedStream & string)[]
  return faceOfKind(stream, names, {
    results: {
      lines: (_: unknown, it: net.BufferedStream) => new UntilNull(() => it.readLine()),
      upgrade: framedOf,
    },
  })
}

const serverNames = ['name', 'address', 'port', 'stop', 'close', 'stats', 'toString'] as const

/** What serves a connection. When it ends, the connection is closed; so is all that was opened in it. */
export type Handler<S = Socket> = (socket: S) => unknown

/** What listens, and serves. `listen` makes one, and `listenTls`. */
export interface Server<S = Socket>
  extends Green<net.Server<net.BufferedStream>, (typeof serverNames)[number]>,
    Disposable {
  /** The connections that are being served. */
  readonly sockets: ReadonlySet<S>
  /** Waits for the next connection, which is then the caller's to close. For those who do not `serve`. */
  accept(): S
  /**
   * Accepts connections and runs `handler` for each, in a task of its own; ends when the server was stopped and the last of
   * them has ended. A handler that fails is reported, and harms nobody else.
   */
  serve(handler: Handler<S>, options?: ServeOptions<S>): void
}

/** What a class of faces of servers is made of. */
export const serverMembers = {
  names: [...serverNames, 'sockets', 'accept', 'serve'] as const,
  options: {
    results: {
      accept: streamOf,
      sockets: (sockets: ReadonlySet<net.BufferedStream>) => new Set([...sockets].map(streamOf)),
    },
    args: {
      serve: (handler: Handler<never>, options: ServeOptions<never> = {}) => [handlerOf(handler), optionsOf(options)],
    },
  },
}

/** For `instanceof`. */
export const Server: abstract new <S = Socket>() => Server<S> = faceClass(
  net.Server<net.BufferedStream>,
  serverMembers.names,
  serverMembers.options,
)

export const serverOf = (server: net.Server<never>): Server<never> => faceOf(Server, server)

export function handlerOf<S extends net.BufferedStream>(handler: Handler<never>): net.Handler<S> {
  return (socket) => callTo(handler, [streamOf(socket) as never])
}

interface Told {
  readonly onError?: (error: unknown, socket: never) => void
  readonly onListen?: (server: never) => void
}

/** The options of a server, with callbacks that are told of faces. */
export function optionsOf<O extends Told>(options: O): O {
  const { onError, onListen } = options
  return {
    ...options,
    ...(onError && {
      onError: (error: unknown, socket: net.BufferedStream | null) =>
        onError(error, (socket && streamOf(socket)) as never),
    }),
    ...(onListen && { onListen: (server: net.Server<never>) => onListen(serverOf(server) as never) }),
  }
}

/**
 * Connects. A refusal, an unknown host and the like are a `ConnectError` with the system's code. For a limit of time:
 * `timeout(1000, connect, { port })`.
 *
 * ```ts green
 * import { connect, listen, spawn } from 'fibril/green'
 *
 * const server = listen({ port: 0 })
 * spawn(() => server.serve((socket) => socket.write('hello\n')))
 * const socket = connect({ port: server.port })
 * console.log(socket.readLine()) // prints: hello
 * socket.close()
 * server.stop()
 * ```
 */
export const connect = parkable(function connect(options: ConnectOptions): Socket {
  return park(mapped(net.connect(options), streamOf<Socket>))
})

/** Connects, and makes the connection safe: `connect`, and the client's side of a TLS handshake. */
export const connectTls = parkable(function connectTls(options: ConnectTlsOptions): TlsSocket {
  return park(mapped(net.connectTls(options), streamOf<TlsSocket>))
})

/** Makes a live connection safe, on either side, and gives the stream to use from then on. */
export const startTls = parkable(function startTls(
  plain: Stream,
  options: StartTlsClientOptions | StartTlsServerOptions,
): TlsSocket {
  return park(mapped(net.startTls(thingOf(plain), options), streamOf<TlsSocket>))
})

/** Listens on a TCP port or a Unix socket. Close it when done: `stop`, `close`, or `using`. */
export const listen = parkable(function listen(options: ListenOptions): Server {
  return park(mapped(net.listen(options), serverOf as (server: unknown) => Server))
})

/** Listens for connections in TLS. */
export const listenTls = parkable(function listenTls(options: ListenTlsOptions): Server<TlsSocket> {
  return park(mapped(net.listenTls(options), serverOf as (server: unknown) => Server<TlsSocket>))
})

/** Where and how to serve. */
export interface ServeAtOptions extends ListenOptions, ServeOptions<Socket> {
  /** Told when it listens: its port, and how to stop it. Must not wait. */
  readonly onListen?: (server: Server) => void
}

/** Listens, and runs `handler` for each connection: `listen` and `Server.serve` in one. Ends when it was stopped. */
export const serve = parkable(function serve(handler: Handler, options: ServeAtOptions): void {
  return park(net.serve(handlerOf(handler), optionsOf(options) as never))
})

/** Where and how to serve in TLS. */
export interface ServeTlsOptions extends ListenTlsOptions, ServeOptions<TlsSocket> {
  /** Told when it listens: its port, and how to stop it. Must not wait. */
  readonly onListen?: (server: Server<TlsSocket>) => void
}

/** As `serve`, in TLS. */
export const serveTls = parkable(function serveTls(handler: Handler<TlsSocket>, options: ServeTlsOptions): void {
  return park(net.serveTls(handlerOf(handler), optionsOf(options) as never))
})

/** Copies from one stream to another until the end; gives how many bytes there were. */
export const pump = parkable(function pump(from: Stream, to: Stream, options?: PumpOptions): number {
  return park(net.pump(thingOf(from), thingOf(to), options))
})

/** Opens a socket for datagrams. */
export const udp = parkable(function udp(options?: UdpOptions): UdpSocket {
  return park(mapped(net.udp(options), datagramsOf))
})

const datagramsOf = (socket: net.UdpSocket): UdpSocket => faceOfKind(socket, [...datagramNames, ...memberNames])

/** Two streams in memory that are each other's peer, for tests. */
export function memoryPair(options?: MemoryPairOptions): [Stream, Stream] {
  const [a, b] = net.memoryPair(options)
  return [streamOf(a), streamOf(b)]
}
