/*
 * Theory of operation
 *
 * Unix asks ("which of these sockets are ready?"), Node tells (events). Here the one is made of the other: a socket
 * knows at any time whether it is ready, from Node's own state, and on *every* event it looks again and wakes whom
 * that concerns. So no event needs to be understood, none can be missed, and none can come too early.
 *
 *   recv   ready when bytes have come, or the peer has said its last, or the socket is dead. Node reads ahead 64 KiB
 *          at most, then leaves the rest to the kernel, which makes the peer wait.
 *   send   ready when all that was written has gone to the kernel, or the socket is dead. A long message goes out in
 *          slices, each when the one before is gone: what is queued in memory is one slice, however slow the peer.
 *   accept a listener is a socket whose bytes are connections.
 *
 * A dead socket is ready for everything, and then the call itself throws: so its error reaches the task that uses it,
 * and nobody else.
 */
import net from 'node:net'
import { ClosedError } from './errors.ts'
import { Fifo } from './fifo.ts'
import type { Direction, Pollable, Requests } from './requests.ts'

const SLICE = 64 * 1024
const NOTHING = Buffer.alloc(0)

abstract class Watched implements Pollable {
  abstract readonly name: string
  readonly #wakes: { [direction in Direction]?: () => void } = {}

  protected abstract isReady(direction: Direction): boolean

  whenReady(direction: Direction, wake: () => void): () => void {
    if (this.isReady(direction)) wake()
    else this.#wakes[direction] = wake
    return () => {
      if (this.#wakes[direction] === wake) delete this.#wakes[direction]
    }
  }

  /** To be called on each event: something may have become ready. */
  protected look(): void {
    for (const direction of ['recv', 'send'] as const) if (this.isReady(direction)) this.#wakes[direction]?.()
  }
}

/**
 * A TCP connection for tasks. Close it when done, in a `finally`: nothing else does.
 *
 * ```ts
 * function* echo(client: AsyncSocket): Requests<void> {
 *   try {
 *     for (let bytes: Buffer; (bytes = yield* client.recv(4096)).length > 0; ) yield* client.send(bytes)
 *   } finally {
 *     client.close()
 *   }
 * }
 * ```
 */
export class AsyncSocket extends Watched {
  readonly name: string
  readonly #socket: net.Socket

  constructor(socket: net.Socket, name = `${socket.remoteAddress}:${socket.remotePort}`) {
    super()
    this.name = name
    this.#socket = socket
    socket.setNoDelay(true) // an answer is not held back in the hope of more to send
    socket.allowHalfOpen = true // a peer that says no more may still be waiting for its answer
    for (const event of ['connect', 'readable', 'end', 'error', 'close']) socket.on(event, () => this.look())
  }

  /** Waits until bytes have come and returns them, `max` at most; none at all means that no more will come. */
  *recv(max: number): Requests<Buffer> {
    if (!Number.isInteger(max) || max < 1) throw new RangeError(`recv: max is ${max}, not a whole number from 1 up`)
    // Node notices an end behind the last bytes only when asked for more.
    if (this.#socket.readableLength === 0) this.#socket.read(0)
    yield ['recv', this]
    this.check()
    const length = Math.min(max, this.#socket.readableLength)
    return length > 0 ? (this.#socket.read(length) as Buffer) : NOTHING
  }

  /** Sends all of `data`, at the pace of the peer; returns when the kernel has it. A cancel leaves the rest unsent. */
  *send(data: string | Uint8Array): Requests<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    yield ['send', this]
    for (let at = 0; at < bytes.length; at += SLICE) {
      this.check()
      this.#socket.write(bytes.subarray(at, at + SLICE), () => this.look())
      yield ['send', this]
    }
    this.check()
  }

  /** Gives the connection up at once. A task that waits here gets a ClosedError. */
  close(): void {
    this.#socket.destroy()
    this.look()
  }

  /** Throws if the connection is dead: the error that killed it, or a ClosedError. */
  check(): void {
    if (this.#socket.errored) throw this.#socket.errored
    if (this.#socket.destroyed) throw new ClosedError(`${this.name} is closed`)
  }

  protected override isReady(direction: Direction): boolean {
    const { connecting, destroyed, readableEnded, readableLength, writableLength } = this.#socket
    if (destroyed) return true
    return direction === 'recv' ? readableLength > 0 || readableEnded : !connecting && writableLength === 0
  }
}

/** A listening port for tasks. Made by `listen`. Close it when done. */
export class AsyncListener extends Watched {
  readonly #server: net.Server
  #port: number
  readonly #arrived = new Fifo<AsyncSocket>()
  #error: Error | undefined
  #closed = false

  constructor(server: net.Server, port: number) {
    super()
    this.#port = port
    this.#server = server
    // Wrapped on arrival, not when accepted: a socket that is reset while nobody hears its error ends the process.
    server.on('connection', (socket) => this.#arrived.push(new AsyncSocket(socket)))
    server.on('listening', () => (this.#port = (server.address() as net.AddressInfo).port))
    server.on('error', (error) => (this.#error = error))
    for (const event of ['listening', 'connection', 'error']) server.on(event, () => this.look())
  }

  /** The port that was asked for or, if that was 0, the one that was found. */
  get port(): number {
    return this.#port
  }

  get name(): string {
    return `port ${this.#port}`
  }

  /** Waits for the next connection. */
  *accept(): Requests<AsyncSocket> {
    yield ['recv', this]
    this.check()
    return this.#arrived.take()!
  }

  /** Stops listening, and closes the connections that nobody has accepted. */
  close(): void {
    this.#closed = true
    this.#server.close()
    for (let socket = this.#arrived.take(); socket; socket = this.#arrived.take()) socket.close()
    this.look()
  }

  /** Throws if the port is not listening: the error that prevents it, or a ClosedError. */
  check(): void {
    if (this.#error) throw this.#error
    if (this.#closed) throw new ClosedError(`${this.name} is closed`)
  }

  protected override isReady(direction: Direction): boolean {
    if (this.#closed || this.#error) return true
    return direction === 'recv' ? this.#arrived.length > 0 : this.#server.listening
  }
}

/** Listens on a port, 0 for any that is free. Throws if it is taken. */
export function* listen(port: number, host = '127.0.0.1'): Requests<AsyncListener> {
  const server = net.createServer()
  const listener = new AsyncListener(server, port)
  server.listen(port, host)
  return yield* whenOpen(listener)
}

/** Opens a connection. Throws if there is none to be had. */
export function* connect(port: number, host = '127.0.0.1'): Requests<AsyncSocket> {
  return yield* whenOpen(new AsyncSocket(net.connect(port, host), `${host}:${port}`))
}

/** As in Unix: what is being opened is ready to send when it is open. */
function* whenOpen<S extends AsyncSocket | AsyncListener>(socket: S): Requests<S> {
  let open = false
  try {
    yield ['send', socket]
    socket.check()
    open = true
    return socket
  } finally {
    if (!open) socket.close()
  }
}
