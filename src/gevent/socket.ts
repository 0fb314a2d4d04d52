/**
 * gevent's `socket` on the streams of `fibril/net`: a socket that looks as if it blocked.
 *
 * One greenlet may read and one may write at a time; a second one gets a `ConcurrentObjectUseError`, which names both.
 */
import {
  type Body,
  BusyError,
  ClosedError,
  fn,
  type Operation,
  TimeoutError,
  timeout,
  UsageError,
} from '../core/index.ts'
import { connect, listen, type Socket as NetSocket } from '../net/index.ts'
import { ConcurrentObjectUseError } from './errors.ts'
import { type ListenerAddress, listenOptions } from './stream-server.ts'

/** An operation of a socket took longer than its timeout. */
export class SocketTimeout extends TimeoutError {}
Object.defineProperty(SocketTimeout.prototype, 'name', { value: 'SocketTimeout', configurable: true, writable: true })

/** What `shutdown` ends. */
export const SHUT_RD = 0
export const SHUT_WR = 1
export const SHUT_RDWR = 2

type Listening = Awaited<ReturnType<typeof listen>>

/**
 * A TCP or Unix socket.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { socket, spawn } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const listener = new socket.Socket()
 *   yield* listener.listen(0)
 *   spawn(function* () {
 *     const [peer] = yield* listener.accept()
 *     yield* peer.sendall('hello\n')
 *     yield* peer.close()
 *   })
 *   const client = yield* socket.createConnection(['127.0.0.1', listener.getsockname().port as number])
 *   client.settimeout(1000)
 *   console.log(String(yield* client.recv(1024)).trim()) // prints: hello
 *   console.log((yield* client.recv(1024)).length) // prints: 0
 *   yield* client.close()
 *   yield* listener.close()
 * })
 * ```
 */
export class Socket {
  private stream: NetSocket | null
  private listening: Listening | null = null
  private limit: number | null = null
  private closed = false

  /** Of a stream of `fibril/net`, or a new one. */
  constructor(stream: NetSocket | null = null) {
    this.stream = stream
  }

  /** The stream behind it, once it is connected. */
  get fibril(): NetSocket | null {
    return this.stream
  }

  /** How long each operation may take, in milliseconds; null: for ever. */
  settimeout(ms: number | null): void {
    if (ms !== null && !(ms >= 0)) throw new RangeError(`a timeout of ${ms} ms: give 0 or more, or null`)
    this.limit = ms
  }

  gettimeout(): number | null {
    return this.limit
  }

  /** Connects. */
  connect(address: ListenerAddress): Operation<void> {
    return this.limited(connecting(this, address)) as Operation<void>
  }

  /** Listens; `bind` and `listen` in one. */
  listen(address: ListenerAddress, backlog?: number): Operation<void> {
    return listening(this, address, backlog)
  }

  /** The next connection, and where it comes from. */
  accept(): Operation<[socket: Socket, address: string]> {
    return this.limited(accepting(this)) as Operation<[Socket, string]>
  }

  /** Up to `size` bytes that have come; waits for the first. An empty buffer at the end. */
  recv(size: number): Operation<Buffer> {
    return this.limited(receiving(this, size)) as Operation<Buffer>
  }

  /** As `recv`, into `buffer`; gives how many bytes there were. */
  recvInto(buffer: Uint8Array, size = buffer.byteLength): Operation<number> {
    return this.limited(receivingInto(this, buffer, size)) as Operation<number>
  }

  /** Sends all of it; waits while the peer is slow. Gives how many bytes that were. */
  send(data: string | Uint8Array): Operation<number> {
    return this.limited(sending(this, data)) as Operation<number>
  }

  /** Sends all of it; waits while the peer is slow. */
  sendall(data: string | Uint8Array): Operation<void> {
    return this.limited(sendingAll(this, data)) as Operation<void>
  }

  /** A line, with its end; an empty text at the end. What `makefile().readline()` is. */
  readline(): Operation<string> {
    return this.limited(readingLine(this)) as Operation<string>
  }

  /** Ends one side, or both. */
  shutdown(how: number): Operation<void> {
    return shuttingDown(this, how)
  }

  /** Closes it. Who waits to read or write gets a `ClosedError`: it was closed in another greenlet. */
  close(): Operation<void> {
    return closing(this)
  }

  /** Where this side is. */
  getsockname(): { readonly host?: string; readonly port?: number; readonly path?: string } {
    return (this.listening?.address ?? this.open().local ?? {}) as { host?: string; port?: number }
  }

  /** Where the other side is. */
  getpeername(): { readonly host?: string; readonly port?: number; readonly path?: string } {
    return (this.open().remote ?? {}) as { host?: string; port?: number }
  }

  /** @internal The stream that it is connected by. */
  open(): NetSocket {
    if (this.closed) throw new ClosedError('this socket was closed')
    if (this.stream === null) throw new UsageError('this socket is not connected')
    return this.stream
  }

  /** @internal */
  listener(): Listening {
    if (this.listening === null) throw new UsageError('this socket does not listen')
    return this.listening
  }

  /** @internal */
  become(stream: NetSocket | null, listener: Listening | null): void {
    this.stream = stream
    this.listening = listener
  }

  /** @internal */
  end(): { stream: NetSocket | null; listener: Listening | null } {
    this.closed = true
    return { stream: this.stream, listener: this.listening }
  }

  private limited(operation: Operation<unknown>): Operation<unknown> {
    return guarded(operation, this.limit)
  }
}

/** The errors of `fibril/net` in the words of gevent. */
const guarded = fn(function* io(operation: Operation<unknown>, limit: number | null): Body<unknown> {
  try {
    return yield* limit === null ? operation : timeout(limit, operation)
  } catch (error) {
    if (error instanceof BusyError)
      throw new ConcurrentObjectUseError(`This socket is already used by another greenlet: ${error.message}`)
    if (limit !== null && error instanceof TimeoutError && error.ms === limit)
      throw new SocketTimeout(limit, 'a socket')
    throw error
  }
})

const connecting = fn(function* connecting(socket: Socket, address: ListenerAddress): Body<void> {
  socket.become(yield* connect(listenOptions(address) as { port: number }), null)
})

const listening = fn(function* listening(socket: Socket, address: ListenerAddress, backlog: number | undefined) {
  socket.become(null, yield* listen({ ...listenOptions(address), ...(backlog === undefined ? {} : { backlog }) }))
})

const accepting = fn(function* accepting(socket: Socket): Body<[Socket, string]> {
  const stream = yield* socket.listener().accept()
  return [new Socket(stream), String(stream)]
})

const receiving = fn(function* receiving(socket: Socket, size: number): Body<Buffer> {
  return (yield* socket.open().read(size)) ?? Buffer.alloc(0)
})

const receivingInto = fn(function* receivingInto(socket: Socket, buffer: Uint8Array, size: number): Body<number> {
  const bytes = yield* socket.open().read(size)
  if (bytes === null) return 0
  buffer.set(bytes)
  return bytes.length
})

const sending = fn(function* sending(socket: Socket, data: string | Uint8Array): Body<number> {
  yield* socket.open().write(data)
  return Buffer.byteLength(data)
})

const sendingAll = fn(function* sendingAll(socket: Socket, data: string | Uint8Array): Body<void> {
  yield* socket.open().write(data)
})

const readingLine = fn(function* readingLine(socket: Socket): Body<string> {
  const line = yield* socket.open().readLine()
  return line === null ? '' : `${line}\n`
})

const shuttingDown = fn(function* shuttingDown(socket: Socket, how: number): Body<void> {
  if (how !== SHUT_RD) yield* socket.open().end()
  if (how !== SHUT_WR) socket.open().stopReading()
})

const closing = fn(function* closing(socket: Socket): Body<void> {
  const { stream, listener } = socket.end()
  listener?.close()
  if (stream !== null) yield* stream.close()
})

/** A socket that is connected to `address`. */
export function createConnection(
  address: ListenerAddress,
  options: { readonly timeout?: number } = {},
): Operation<Socket> {
  return creating(address, options.timeout ?? null)
}

const creating = fn(function* createConnection(address: ListenerAddress, limit: number | null): Body<Socket> {
  const socket = new Socket()
  socket.settimeout(limit)
  yield* socket.connect(address)
  return socket
})
