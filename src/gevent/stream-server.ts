/**
 * Theory of operation: a server whose handlers run in greenlets.
 *
 *   start: listens ──▶ acceptor: waits for room, accepts, spawns ──▶ a greenlet per connection: handler, close
 *
 * While the pool is full nothing is accepted: the connections wait in the system's backlog. An error of accepting or of spawning
 * is reported, and followed by a pause of 10 ms that doubles up to a second. `stop` ends accepting at once, lets the
 * handlers finish for a time, and kills the rest.
 */
import { type Body, BrokenError, ClosedError, Future, fn, type Operation, UsageError } from '../core/index.ts'
import { type ListenOptions, listen, type Socket } from '../net/index.ts'
import { callRun } from './bodies.ts'
import { callPlainly } from './callbacks.ts'
import { Greenlet } from './greenlet.ts'
import { getHub } from './hub.ts'
import { Pool } from './pool.ts'
import { sleep } from './sleep.ts'
import type { TimeLimit } from './timed-wait.ts'

/** Where to listen: a port, `host:port`, a pair of both, or what `listen` of `fibril/net` takes. */
export type ListenerAddress = number | string | readonly [host: string, port: number] | ListenOptions

/** What serves a connection: when it ends, the connection is closed. */
export type StreamHandler = (socket: Socket, address: string) => unknown

/** How handlers are run. */
export interface StreamServerOptions {
  /**
   * A number: so many at a time. A pool: in that. Null: in the loop, where they must not wait. Left out: each in a greenlet of
   * its own, any number.
   */
  readonly spawn?: number | Pool | null
  /** How many connections may wait to be accepted. */
  readonly backlog?: number
}

const FIRST_PAUSE = 10
const LONGEST_PAUSE = 1000
const MAX_ACCEPT = 100

type Listening = Awaited<ReturnType<typeof listen>>

/**
 * Accepts connections, and runs `handle` for each in a greenlet.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { connect } from 'fibril/net'
 * import { StreamServer } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const server = new StreamServer(0, function* (socket) {
 *     yield* socket.write(`you said ${yield* socket.readLine()}\n`)
 *   })
 *   yield* server.start()
 *   const socket = yield* connect({ port: server.serverPort })
 *   yield* socket.write('hello\n')
 *   console.log(yield* socket.readLine()) // prints: you said hello
 *   yield* socket.close()
 *   yield* server.stop()
 * })
 * ```
 */
export class StreamServer {
  /** How long `stop` lets handlers finish, in milliseconds, unless told otherwise. */
  stopTimeout = 1000
  /** The pool that handlers run in; null if they run in the loop. */
  readonly pool: Pool | null
  private readonly where: ListenOptions
  private readonly handler: StreamHandler | null
  private listening: Listening | null = null
  private acceptor: Greenlet | null = null
  private readonly stopped = new Future<void>('the server to be stopped')

  constructor(listener: ListenerAddress, handle?: StreamHandler | null, options: StreamServerOptions = {}) {
    const { spawn, backlog } = options
    this.where = { ...listenOptions(listener), ...(backlog === undefined ? {} : { backlog }) }
    this.handler = handle ?? null
    this.pool = spawn === null ? null : spawn instanceof Pool ? spawn : new Pool(spawn ?? null)
  }

  /** What serves a connection; subclasses write it in place of giving a function. */
  protected handle(socket: Socket, address: string): unknown {
    if (this.handler === null) throw new UsageError('this server has no handler: give it one, or write `handle`')
    return this.handler(socket, address)
  }

  /** The port that it listens on, also if any free one was asked for. */
  get serverPort(): number {
    return this.open().port
  }

  /** Where it listens, in words. */
  get address(): string {
    return String(this.open())
  }

  private open(): Listening {
    if (this.listening === null) throw new UsageError('this server is not listening: start it')
    return this.listening
  }

  /** True while it accepts. */
  get started(): boolean {
    return this.acceptor !== null && !this.acceptor.ready()
  }

  /** True once it was closed or stopped. */
  get closed(): boolean {
    return this.stopped.settled
  }

  /** Listens, and begins to accept. */
  start(): Operation<void> {
    return start(this)
  }

  /** Starts it if need be, and waits until it was stopped; a cancel stops it. */
  serveForever(): Operation<void> {
    return serveForever(this)
  }

  /** Accepts no more, at once. What is served goes on. */
  close(): void {
    this.listening?.close()
    this.acceptor?.kill(undefined, { block: false })
    this.stopped.tryResolve()
  }

  /** Closes it, lets handlers finish for `timeout` milliseconds, and kills those that have not. */
  stop(timeout: TimeLimit = this.stopTimeout): Operation<void> {
    this.close()
    return stop(this.acceptor, this.pool, timeout)
  }

  // -- the other side

  /** @internal */
  *starting(): Body<void> {
    if (this.started) return
    if (this.closed) throw new UsageError('this server was stopped: make a new one')
    this.listening = yield* listen(this.where)
    this.acceptor = Greenlet.spawn(acceptor, this as StreamServer)
  }

  /** @internal */
  *accepting(): Body<void> {
    let pause = 0
    let accepted = 0
    while (!this.closed) {
      try {
        if (this.pool !== null) yield* this.pool.waitAvailable()
        yield* this.launch(yield* this.open().accept())
        pause = 0
        if (++accepted % MAX_ACCEPT === 0) yield* sleep(0)
      } catch (error) {
        if (this.closed || error instanceof ClosedError) return
        getHub().safely(this, error)
        pause = Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, 2 * pause))
        yield* sleep(pause)
      }
    }
  }

  /** Has a connection served. One that nobody can serve is closed. */
  private *launch(socket: Socket): Body<void> {
    let served = false
    try {
      if (this.pool === null) callPlainly(serveNow, [this, socket] as never, (_, error) => getHub().safely(this, error))
      else yield* this.pool.spawn(serve, this as StreamServer, socket)
      served = true
    } finally {
      if (!served) socket.destroy()
    }
  }

  /** @internal */
  *serving(socket: Socket): Body<void> {
    try {
      yield* callRun(() => this.handle(socket, socket.remote === null ? '' : String(socket)), [])
      yield* socket.close()
    } catch (error) {
      // A peer that goes away ends its handler, which is nobody's fault.
      if (!(error instanceof BrokenError)) throw error
    } finally {
      socket.destroy()
    }
  }

  /** @internal */
  servingNow(socket: Socket): unknown {
    const made = this.handle(socket, String(socket))
    socket.destroy()
    return made
  }

  /** @internal */
  waitStopped(): Operation<void> {
    return this.stopped.wait()
  }

  toString(): string {
    return this.listening === null ? 'a server' : `the server on ${this.listening}`
  }
}

const start = fn(function* start(server: StreamServer): Body<void> {
  yield* server.starting()
})

const serveForever = fn(function* serveForever(server: StreamServer): Body<void> {
  yield* server.starting()
  try {
    yield* server.waitStopped()
  } finally {
    if (!server.closed) yield* server.stop()
  }
})

const stop = fn(function* stop(acceptor: Greenlet | null, pool: Pool | null, timeout: TimeLimit): Body<void> {
  if (acceptor !== null) yield* acceptor.join()
  if (pool === null) return
  yield* pool.join(timeout === undefined ? {} : { timeout })
  yield* pool.kill()
})

function acceptor(server: StreamServer): Body<void> {
  return server.accepting()
}

function serve(server: StreamServer, socket: Socket): Body<void> {
  return server.serving(socket)
}

function serveNow(server: StreamServer, socket: Socket): unknown {
  return server.servingNow(socket)
}

/** What `listen` takes, of an address in any of the forms of gevent. */
export function listenOptions(address: ListenerAddress): ListenOptions {
  if (typeof address === 'number') return { port: address }
  if (Array.isArray(address)) return { host: address[0] as string, port: address[1] as number }
  if (typeof address !== 'string') return address as ListenOptions
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? []
  if (port === undefined) return { path: address }
  return host === '' || host === undefined
    ? { port: Number(port) }
    : { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
