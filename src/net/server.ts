/**
 * Theory of operation: a server accepts connections and runs a handler for each.
 *
 *   listener ──accept──▶ accept loop ──spawn──▶ a task per connection: greet, handler ──ends──▶ closed, by a task if need be
 *
 *   new ──serve──▶ serving ──stop──▶ stopping ──the last connection has ended──▶ stopped
 *
 * The connections' tasks are children of the task that serves: it does not end before they have, and a cancel of it reaches
 * them. Their failures do not reach it: it is told as each ends, reports, and closes the connection. A task has no frame but
 * the handler's, for that is most of what an idle connection costs; only where closing takes time there is another task for it.
 *
 * What a connection needs before a handler can have it (a TLS handshake) is done in its own task, so that a slow peer holds
 * up nobody else; it has its place among the connections meanwhile. A failure there is no failure of accepting.
 *
 * Graceful stop: nothing more is accepted, and who has not been greeted is dropped; then no connection gets more input, so that a handler that waits for the next
 * request finds the end, and one that works finishes and finds it then; after the grace, whoever still runs is
 * cancelled.
 */
import {
  type Body,
  BrokenError,
  ClosedError,
  currentLoop,
  Future,
  fn,
  Inspectable,
  KIND,
  type Operation,
  type Scope,
  scope,
  type Task,
  timeoutOr,
  UsageError,
} from '../core/index.ts'
import type { Address } from './address.ts'
import type { BufferedStream } from './buffered-stream.ts'
import { StreamOwner } from './ownership.ts'
import { stoppables } from './stoppables.ts'

/** Where connections come from. */
export interface Listener<S> {
  /** Such as `tcp 127.0.0.1:80`. */
  readonly name: string
  readonly address: Address
  /** The next connection. Fails if that one could not be accepted, and with a `ClosedError` once closed. */
  accept(): Operation<S>
  /** Makes a connection ready for a handler. If that fails or is cancelled, nothing is left of it. */
  greet?(socket: S): Operation<void>
  /** Stops listening, and drops what nobody has accepted. */
  close(): void
  /** Connections that nobody has accepted yet, and how many were turned away because there were too many of those. */
  readonly waiting: number
  readonly refused: number
}

/** What serves one connection. When it ends, the connection is closed; so is all that was opened in it. */
export type Handler<S> = (socket: S) => Body<unknown> | Operation<unknown> | PromiseLike<unknown> | void

/** How a server treats its connections. */
export interface ServeOptions<S> {
  /** So many connections at a time; while there are, no other is accepted. No limit if left out. */
  readonly maxConnections?: number
  /**
   * Told of a handler or a handshake that failed, or of a connection that could not be accepted (`socket` is null). If
   * left out, each is a warning of the process, but for connections that the peer broke.
   */
  readonly onError?: (error: unknown, socket: S | null) => void
}

/** How to stop. */
export interface StopOptions {
  /** Milliseconds for what runs to finish; then it is cancelled. 10000 if left out. */
  readonly grace?: number
}

/** Plain figures of a server, at one moment. */
export interface ServerStats {
  readonly name: string
  readonly state: 'new' | 'serving' | 'stopping' | 'stopped'
  readonly connections: number
  readonly accepted: number
  /** Handlers that failed. */
  readonly failed: number
  /** Connections that no handler got, because their handshake failed. */
  readonly ungreeted: number
  /** Bytes of all connections that were served, those that have ended too. */
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Connections that wait to be accepted, and those that were turned away for being too many. */
  readonly waiting: number
  readonly refused: number
}

/** A connection that a handler has, or that is being closed: its task is named after it. */
class Served<S extends BufferedStream> extends StreamOwner {
  readonly socket: S
  /** The handler has ended. */
  leaving: boolean

  constructor(socket: S) {
    super()
    this.socket = socket
    this.leaving = false
  }

  get name(): string {
    return `connection ${this.socket.peerName}`
  }

  get sited(): boolean {
    return false
  }

  /** It, and what was opened in its handler. */
  get all(): BufferedStream[] {
    return [this.socket, ...this.opened]
  }

  /** Closes those that can be closed without waiting; false if there are others. */
  closeAtOnce(): boolean {
    return this.all.map((stream) => stream.closeAtOnce()).every(Boolean)
  }

  destroy(): void {
    for (const stream of this.all) stream.destroy()
  }
}

type Report<S> = (error: unknown, socket: S | null) => void

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 1000

/** What listens, and serves. `listen` makes one for TCP. */
export class Server<S extends BufferedStream> extends Inspectable {
  readonly #listener: Listener<S>
  readonly #sockets = new Set<S>()
  /** Those of them that no handler has yet. */
  readonly #greeting = new Set<S>()
  readonly #stopping = new Future<void>('the server to be stopped')
  readonly #ended = new Future<void>('the last connection to end')
  #state: ServerStats['state'] = 'new'
  #scope: Scope | null = null
  /** Stopped, so that no connection is to get more input. */
  #draining = false
  #vacancy: Future<void> | null = null
  #accepted = 0
  #failed = 0
  #ungreeted = 0
  /** Of connections that have ended. */
  #bytesRead = 0
  #bytesWritten = 0

  /** For authors of transports; `listen` makes one for TCP. */
  constructor(listener: Listener<S>) {
    super()
    this.#listener = listener
  }

  /** Such as `tcp 127.0.0.1:80`. */
  get name(): string {
    return this.#listener.name
  }

  /** Where it listens. */
  get address(): Address {
    return this.#listener.address
  }

  /** The port, also if any free one was asked for. A `UsageError` if it listens on a path. */
  get port(): number {
    const { port } = this.address
    if (port === undefined) throw new UsageError(`${this.name} has no port`)
    return port
  }

  /** The connections that are being served. */
  get sockets(): ReadonlySet<S> {
    return this.#sockets
  }

  override toString(): string {
    return this.name
  }

  /**
   * Waits for the next connection, and for its handshake if it has one. It is then the caller's to close. For those who do
   * not `serve`.
   */
  accept(): Operation<S> {
    const listener = this.#listener
    return listener.greet === undefined ? listener.accept() : Server.#greeted(listener)
  }

  /**
   * Accepts connections and runs `handler` for each, in a task of its own; ends when the server was stopped and the last of
   * them has ended. A handler that fails is reported, and harms nobody else. If accepting fails, as when there are too
   * many open files, that is reported and tried again after a pause, of 10 ms at first and a second at most.
   *
   * A cancel cancels the handlers, waits for their cleanup, and stops listening.
   */
  serve(handler: Handler<S>, options: ServeOptions<S> = {}): Operation<void> {
    return Server.#serve(this, handler, options)
  }

  /**
   * Stops it: accepts no more, lets what runs finish for `grace` ms, then cancels it. Ends when the last connection has.
   * Handlers that wait for input get the end of it. May be called again, say with a shorter grace. A cancel ends only the
   * waiting.
   */
  stop(options: StopOptions = {}): Operation<void> {
    return Server.#stop(this, options.grace ?? 10_000)
  }

  /** Stops listening; does not touch connections. */
  close(): void {
    this.#listener.close()
    if (this.#state === 'new') this.#state = 'stopped'
    else if (this.#state === 'serving') this.#state = 'stopping'
    this.#stopping.tryResolve()
    this.#vacancy?.tryResolve()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  override get [KIND](): string {
    return 'server'
  }

  /** Plain figures of this moment. */
  override stats(): ServerStats {
    let bytesRead = this.#bytesRead
    let bytesWritten = this.#bytesWritten
    for (const { receiver, sender } of this.#sockets) {
      bytesRead += receiver.bytesRead
      bytesWritten += sender.sentBytes
    }
    return Object.freeze({
      name: this.name,
      state: this.#state,
      connections: this.#sockets.size,
      accepted: this.#accepted,
      failed: this.#failed,
      ungreeted: this.#ungreeted,
      bytesRead,
      bytesWritten,
      waiting: this.#listener.waiting,
      refused: this.#listener.refused,
    })
  }

  static readonly #greeted = fn(function* accept<S extends BufferedStream>(listener: Listener<S>) {
    const socket = yield* listener.accept()
    yield* (listener.greet as (socket: S) => Operation<void>).call(listener, socket)
    return socket
  })

  static readonly #stop = fn(function* stop<S extends BufferedStream>(server: Server<S>, grace: number) {
    const idle = server.#state === 'new'
    server.close()
    if (idle || server.#state === 'stopped') return
    server.#draining = true
    for (const socket of server.#greeting) socket.destroy()
    for (const socket of server.#sockets) socket.stopReading()
    const finished = yield* timeoutOr(grace, false, server.#ended.wait())
    if (finished !== false) return
    server.#scope?.cancel(`${server.name} was stopped, and its grace of ${grace} ms is over`)
    yield* server.#ended.wait()
  })

  static readonly #serve = fn(function* serve<S extends BufferedStream>(
    server: Server<S>,
    handler: Handler<S>,
    { maxConnections = Infinity, onError }: ServeOptions<S>,
  ) {
    if (server.#state !== 'new')
      throw new UsageError(`${server.name} was asked to serve, but it is ${server.#state}: listen anew`)
    server.#state = 'serving'
    const report = (error: unknown, socket: S | null): void => server.#report(error, socket, onError)
    // A call takes whatever the handler gives: a generator, an operation, a promise or nothing.
    const handle = fn(handler as (socket: S) => Body<unknown>)
    const connection = server.#listener.greet === undefined ? handle : Server.#greeter(server, handle, report)
    const stoppable = { stop: (how: StopOptions) => server.stop(how) }
    stoppables.add(stoppable)
    try {
      yield* scope(function* (connections) {
        server.#scope = connections
        connections.supervise((task) => server.#over(task, report))
        let pause = 0
        while (server.#state === 'serving') {
          if (server.#sockets.size >= maxConnections) {
            server.#vacancy = new Future(`one of ${maxConnections} connections to end`)
            yield* server.#vacancy
            continue
          }
          let socket: S
          try {
            socket = yield* server.#listener.accept()
          } catch (error) {
            if ((server.#state as string) !== 'serving') return
            if (error instanceof ClosedError) throw error
            report(error, null)
            pause = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pause))
            yield* timeoutOr(pause, undefined, server.#stopping.wait())
            continue
          }
          pause = 0
          server.#accepted++
          server.#sockets.add(socket)
          // It was handed over just before the stop.
          if (server.#draining) socket.stopReading()
          connections.spawn(connection(socket), { name: new Served(socket) })
        }
      })
    } finally {
      stoppables.delete(stoppable)
      server.close()
      server.#scope = null
      server.#state = 'stopped'
      server.#ended.resolve()
    }
  })

  /** What to do with a connection that is not ready for a handler yet. */
  static #greeter<S extends BufferedStream>(
    server: Server<S>,
    handle: (socket: S) => Operation<unknown>,
    report: Report<S>,
  ): (socket: S) => Operation<unknown> {
    return fn(function* connection(socket: S) {
      if (yield* Server.#greet(server, socket, report)) yield* handle(socket)
    })
  }

  /** False if the connection did not become one that a handler can have, or the server was stopped meanwhile. */
  static readonly #greet = fn(function* greet<S extends BufferedStream>(
    server: Server<S>,
    socket: S,
    report: Report<S>,
  ) {
    server.#greeting.add(socket)
    try {
      yield* (server.#listener as Required<Listener<S>>).greet(socket)
      return !server.#draining
    } catch (error) {
      if (server.#draining) return false
      server.#ungreeted++
      report(error, socket)
      return false
    } finally {
      server.#greeting.delete(socket)
    }
  })

  /** A task of the server's scope has ended: that of a handler, or what closed its connection. */
  #over(task: Task<unknown>, report: Report<S>): void {
    const { namesake: served, outcome } = task
    const failure = outcome?.status === 'failed' ? outcome : null
    const leaves = served instanceof Served && !served.leaving
    // Of a handler, its successor reports. Any other was spawned by a hook that was told of a failure.
    if (!leaves && failure !== null) report(failure.error, served instanceof Served ? (served.socket as S) : null)
    if (!(served instanceof Served)) return
    if (leaves && outcome?.status !== 'cancelled') {
      served.leaving = true
      if (failure !== null) this.#failed++
      if (task.cancelled) served.destroy()
      if (failure !== null || !served.closeAtOnce()) {
        this.#scope?.spawn(Server.#leave(served as Served<S>, failure, report), { name: served })
        return
      }
    }
    served.destroy()
    this.#forget(served.socket)
    this.#vacancy?.tryResolve()
  }

  /** Reports how a handler has failed, and closes what cannot be closed at once. */
  static readonly #leave = fn(function* leave<S extends BufferedStream>(
    served: Served<S>,
    failure: { readonly error: unknown } | null,
    report: Report<S>,
  ) {
    const { socket } = served
    if (failure !== null) report(failure.error, socket)
    for (const stream of served.all) {
      try {
        yield* stream.close()
      } catch (error) {
        // What broke the handler breaks the close as well: once is enough.
        if (failure === null) report(error, socket)
      }
    }
  })

  #forget(socket: S): void {
    if (!this.#sockets.delete(socket)) return
    this.#bytesRead += socket.receiver.bytesRead
    this.#bytesWritten += socket.sender.sentBytes
  }

  #report(error: unknown, socket: S | null, onError: ServeOptions<S>['onError']): void {
    if (onError === undefined) {
      if (!(error instanceof BrokenError)) warn(`${socket?.name ?? this.name}: ${traceOf(error)}`)
      return
    }
    try {
      onError(error, socket)
    } catch (failure) {
      warn(`${this.name}: its onError failed: ${traceOf(failure)}`)
    }
  }
}

function warn(message: string): void {
  currentLoop().host.warn(message)
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
}
