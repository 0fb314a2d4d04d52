/**
 * Theory of operation: many requests share one connection, and each gets its own reply.
 *
 *   request ──its turn──▶ id, entry in `pending` ──lock──▶ send ──▶ waits ◀──answer── reader ◀── receive
 *                                 │                                   │
 *                                 │ not sent, or answered             │ cancelled, or its time is over
 *                                 ▼                                   ▼
 *                           the id is free ◀──the late reply── the id is in quarantine
 *
 * Rules.
 *  1. An id stands for one request from before it is sent until its reply has come, whoever still wants that. So an id that was
 *     given up stays in quarantine: the late reply would be taken for that of the next request of this id. It counts as in flight,
 *     as it is to the peer.
 *  2. The entry is there before the request is sent: the reply may come while `send` still waits.
 *  3. One task reads, and belongs to the scope in which the correlator was opened; it closes the channel as it ends. Whatever it
 *     fails with goes to the requests, never to the scope.
 *  4. A lost connection is marked as lost first, and told to `onLost`; only then do its requests fail. So what they do about it
 *     cannot end up on the dead connection.
 *
 * Prior art: txmongo, for the order of rule 4; its ids could collide after they had wrapped.
 */
import {
  type Body,
  BrokenError,
  CancelledError,
  ClosedError,
  currentLoop,
  FibrilError,
  Future,
  fn,
  type Operation,
  spawn,
  type Task,
  TimeoutError,
  timeoutOr,
  UsageError,
  WaitList,
} from '../../core/index.ts'
import { Lock } from '../../sync/index.ts'
import { LostRequestError } from './errors.ts'
import { type IdSource, idSource } from './ids.ts'
import type { CorrelatorOptions, CorrelatorStats, MessageChannel, RequestOptions } from './options.ts'
import { Quarantine } from './quarantine.ts'
import { ReplyWait, Turn } from './waits.ts'

/** The types of messages are the business of `openCorrelator`. */
type Options = CorrelatorOptions<unknown, unknown, unknown, unknown, unknown>

const LATE = Symbol('late')

/**
 * One connection, shared by the requests of many tasks: replies are matched to them by id, in whatever order they come. Made by
 * `openCorrelator`.
 */
export class Correlator<Request, Reply> implements Disposable {
  readonly name: string
  /** @internal */
  readonly line = new WaitList<Turn>()
  /** @internal */
  readonly reader: Task<void>
  /** @internal Called when a place is free and nobody waits here for one. */
  whenRoom: (() => void) | null = null
  readonly #channel: MessageChannel<unknown, unknown>
  readonly #options: Options
  readonly #ids: IdSource<unknown, unknown>
  /** The most that may be in flight. */
  readonly #room: number
  readonly #pending = new Map<unknown, ReplyWait>()
  readonly #quarantine: Quarantine
  readonly #sending: Lock
  readonly #lost = new Future<unknown>('the end of a connection')
  /** Resolved when the last request has its reply; made by who waits for that. */
  #idle: Future<void> | null = null
  #state: CorrelatorStats['state'] = 'open'
  #cause: unknown = undefined
  /** Places that are taken: requests from their turn on, and quarantine. */
  #taken = 0
  #closeFault: { readonly error: unknown } | null = null
  #closing: Task<void> | null = null
  readonly #figures = { requests: 0, replies: 0, cancelled: 0, late: 0, unexpected: 0, pushes: 0, dropped: 0 }

  /** @internal Use `openCorrelator`. */
  constructor(channel: MessageChannel<unknown, unknown>, options: Options) {
    const { maxInFlight = Infinity, name = channel.name ?? 'a connection' } = options
    if (!(maxInFlight >= 1)) throw new UsageError(`at least one request must be in flight, not ${maxInFlight}`)
    this.name = name
    this.#channel = channel
    this.#options = options
    this.#sending = new Lock({ name: `sending on ${name}` })
    this.#ids = idSource(options.ids)
    this.#quarantine = new Quarantine(options.quarantineMs ?? Infinity, (id) => this.#free(id))
    this.#room = Math.min(maxInFlight, this.#ids.capacity)
    const reading = Correlator.#read(this as Correlator<unknown, unknown>)
    const settings = { name: `reader of ${name}` }
    this.reader = options.scope === undefined ? spawn(reading, settings) : options.scope.spawn(reading, settings)
    this.reader.signal.addEventListener('abort', () => this.#readerCancelled(), { once: true })
  }

  toString(): string {
    return this.name
  }

  /** False once it was closed, or the connection was lost: no request can be made any more. */
  get alive(): boolean {
    return this.#state === 'open'
  }

  /** Requests that are in flight or wait for their turn. */
  get load(): number {
    return this.#taken + this.line.size
  }

  /** True if a request would be sent at once. */
  get hasRoom(): boolean {
    return this.alive && this.#taken < this.#room && this.line.size === 0
  }

  /**
   * Sends a request and waits for its reply; first for its turn, if too many are in flight.
   *
   * Its time being over is a `TimeoutError`; a lost connection a `LostRequestError`, which knows whether the request was sent,
   * with the loss as its cause; one that was closed on this side a `ClosedError`. Of a cancelled one the late reply is dropped.
   */
  request(message: Request, options: RequestOptions = {}): Operation<Reply> {
    return this.#ask(message, options, false)
  }

  /** @internal As `request`, but its turn has come: the caller has taken a place. */
  requestInPlace(message: Request, options: RequestOptions): Operation<Reply> {
    return this.#ask(message, options, true)
  }

  #ask(message: Request, options: RequestOptions, placed: boolean): Operation<Reply> {
    const self = this as Correlator<unknown, unknown>
    const { timeoutMs = this.#options.timeoutMs ?? Infinity, deadline = Infinity } = options
    const exchange = Correlator.#exchange(self, message, placed)
    const limited = timeoutMs !== Infinity || deadline !== Infinity
    return (limited ? Correlator.#limited(self, exchange, timeoutMs, deadline, placed) : exchange) as Operation<Reply>
  }

  /** Sends a message that has no reply. It is given an id that no request has. */
  send(message: Request): Operation<void> {
    return Correlator.#tell(this as Correlator<unknown, unknown>, message, false)
  }

  /** @internal As `send`, but its turn has come: the caller has taken a place. */
  sendInPlace(message: Request): Operation<void> {
    return Correlator.#tell(this as Correlator<unknown, unknown>, message, true)
  }

  /** Waits until the connection is gone, and gives why. */
  lost(): Operation<unknown> {
    return this.#lost.wait()
  }

  /**
   * Takes no more requests, waits for the replies to those that are in flight for `grace` ms (0 if left out), fails the rest
   * with a `ClosedError`, and closes the channel; throws what that fails with. A cancel ends the grace. May be called again.
   */
  close(options: { readonly grace?: number } = {}): Operation<void> {
    return Correlator.#close(this as Correlator<unknown, unknown>, options.grace ?? 0)
  }

  /** For `using`: as `close`, but nobody waits; the scope that owns it does. */
  [Symbol.dispose](): void {
    this.#lose(new ClosedError(`${this} was closed`))
    this.reader.cancel('closed')
  }

  /** Plain figures of this moment. */
  stats(): CorrelatorStats {
    return Object.freeze({
      name: this.name,
      state: this.#state,
      inFlight: this.#pending.size,
      quarantined: this.#quarantine.size,
      waiting: this.line.size,
      ...this.#figures,
    })
  }

  // -- asking

  static readonly #limited = fn(function* request(
    self: Correlator<unknown, unknown>,
    exchange: Operation<unknown>,
    timeoutMs: number,
    deadline: number,
    placed: boolean,
  ): Body<unknown> {
    const ms = Math.min(timeoutMs, deadline - currentLoop().now())
    if (ms > 0) {
      const reply = yield* timeoutOr(ms, LATE, exchange)
      if (reply !== LATE) return reply
    } else if (placed) self.#free()
    throw new TimeoutError(Math.max(ms, 0), `a request to ${self}`)
  })

  static readonly #exchange = fn(function* request(
    self: Correlator<unknown, unknown>,
    message: unknown,
    placed: boolean,
  ): Body<unknown> {
    if (!placed) yield* new Turn(self)
    let reply: ReplyWait | null = null
    try {
      reply = self.#register(message)
      yield* Correlator.#send(self, self.#options.withId(message, reply.id))
      reply.sent = true
      const answer = yield* reply
      const { resultOf } = self.#options
      return resultOf === undefined ? answer : resultOf(answer)
    } finally {
      if (reply === null) self.#free()
      else self.#over(reply)
    }
  })

  static readonly #tell = fn(function* send(
    self: Correlator<unknown, unknown>,
    message: unknown,
    placed: boolean,
  ): Body<void> {
    if (!placed) yield* new Turn(self)
    try {
      yield* Correlator.#send(self, self.#options.withId(message, self.#ids.take(message, self.#inUse)))
    } finally {
      self.#free()
    }
  })

  static readonly #send = fn(function* send(self: Correlator<unknown, unknown>, message: unknown): Body<void> {
    yield* self.#sending.acquire()
    try {
      if (self.#state !== 'lost') {
        yield* self.#channel.send(message)
        return
      }
    } catch (error) {
      const code = FibrilError.is(error) ? error.code : null
      if (code !== 'FIBRIL_BROKEN' && code !== 'FIBRIL_CLOSED') throw error
      // The reader will find the same, but later than whoever asks next.
      self.#lose(error)
      self.reader.cancel(error)
    } finally {
      self.#sending.release()
    }
    throw self.#error('it was sent', false)
  })

  readonly #inUse = (id: unknown): boolean => this.#pending.has(id) || this.#quarantine.has(id)

  #register(message: unknown): ReplyWait {
    const reply = new ReplyWait(this, this.#ids.take(message, this.#inUse))
    this.#pending.set(reply.id, reply)
    this.#figures.requests++
    return reply
  }

  /** Nobody waits for this reply any more. */
  #over(reply: ReplyWait): void {
    const { id } = reply
    if (this.#pending.get(id) !== reply) return // it was answered, or the connection lost
    this.#pending.delete(id)
    if (!reply.sent) this.#free(id)
    else {
      this.#figures.cancelled++
      if (!this.#quarantine.add(id)) this.#free(id)
      this.#tellOfCancel(id)
    }
    this.#checkIdle()
  }

  #tellOfCancel(id: unknown): void {
    const notice = this.#guard('onCancel', () => this.#options.onCancel?.(id))
    if (notice === undefined) return
    const telling = Correlator.#notify(this as Correlator<unknown, unknown>, notice)
    spawn.detached(telling, { name: `cancel request ${String(id)} of ${this}` })
  }

  static readonly #notify = fn(function* notify(self: Correlator<unknown, unknown>, notice: unknown): Body<void> {
    try {
      yield* Correlator.#send(self, notice)
    } catch (error) {
      if (self.#state !== 'lost') self.#warn('telling of a cancel', error)
    }
  })

  /** @internal */
  takePlace(): boolean {
    if (this.#state !== 'open') throw this.#error('it was sent', false)
    if (this.line.size > 0 || this.#taken >= this.#room) return false
    this.#taken++
    return true
  }

  /** A place is free, and the id that had it, if it had one. */
  #free(id?: unknown): void {
    if (id !== undefined) this.#ids.freed(id, this.#taken >= this.#ids.capacity)
    const turn = this.line.shift()
    if (turn !== null) turn.resume()
    else {
      this.#taken--
      this.whenRoom?.()
    }
  }

  // -- reading

  static readonly #read = fn(function* read(self: Correlator<unknown, unknown>): Body<void> {
    let cause: unknown = new ClosedError(`the task that reads from ${self} was cancelled`)
    try {
      for (;;) {
        const message = yield* self.#channel.receive()
        if (message === null) break
        self.#dispatch(message)
      }
      cause = new BrokenError(`${self}: the peer ended the connection`)
    } catch (error) {
      cause = error
    } finally {
      self.#lose(cause)
      yield* Correlator.#closeChannel(self)
    }
  })

  #dispatch(message: unknown): void {
    const id = this.#options.idOf(message)
    if (id === null || id === undefined) {
      this.#figures.pushes++
      const { onPush } = this.#options
      if (onPush === undefined || this.#guard('onPush', () => onPush(message)) === false) this.#figures.dropped++
      return
    }
    const reply = this.#pending.get(id)
    if (reply !== undefined) {
      this.#pending.delete(id)
      this.#figures.replies++
      reply.answer(message)
      this.#free(id)
      this.#checkIdle()
    } else if (this.#quarantine.end(id)) {
      this.#figures.late++
      this.#free(id)
    } else {
      this.#figures.unexpected++
      this.#guard('onUnexpected', () => this.#options.onUnexpected?.(message))
    }
  }

  static readonly #closeChannel = fn(function* close(self: Correlator<unknown, unknown>): Body<void> {
    try {
      yield* self.#channel.close()
    } catch (error) {
      // What broke the connection breaks its close as well: once is enough.
      if (self.#cause instanceof ClosedError) self.#closeFault = { error }
    }
  })

  // -- ending

  static readonly #close = fn(function* close(self: Correlator<unknown, unknown>, grace: number): Body<void> {
    if (self.#state === 'open') {
      self.#state = 'closing'
      self.#failLine()
    }
    try {
      if (self.#pending.size > 0 && grace > 0) {
        self.#idle ??= new Future(`the replies that ${self} is owed`)
        yield* timeoutOr(grace, undefined, self.#idle.wait())
      }
    } finally {
      self[Symbol.dispose]()
    }
    try {
      yield* self.reader.join()
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error
    }
    if (self.#closing !== null) yield* self.#closing
    if (self.#closeFault !== null) throw self.#closeFault.error
  })

  #checkIdle(): void {
    if (this.#pending.size === 0) this.#idle?.tryResolve()
  }

  /** One that had not begun runs nothing, and so cannot do what a reader does at its end. */
  #readerCancelled(): void {
    if (this.reader.state !== 'created') return
    this.#lose(new ClosedError(`the task that reads from ${this} was cancelled`))
    const closing = Correlator.#closeChannel(this as Correlator<unknown, unknown>)
    this.#closing = spawn.detached(closing, { name: `close ${this}` })
  }

  #lose(cause: unknown): void {
    if (this.#state === 'lost') return
    // Dead first, then told, then the requests: what they do about it must not end up here again.
    this.#state = 'lost'
    this.#cause = cause
    this.#quarantine.clear()
    this.#guard('onLost', () => this.#options.onLost?.(cause))
    this.#lost.resolve(cause)
    this.#failLine()
    for (const reply of this.#pending.values())
      reply.fail(this.#error(`the reply to request ${String(reply.id)} came`, reply.sent))
    this.#pending.clear()
    this.#checkIdle()
  }

  #failLine(): void {
    for (let turn = this.line.shift(); turn !== null; turn = this.line.shift())
      turn.reject(this.#error('it was sent', false))
  }

  /** Why a request fails, as of now. */
  #error(before: string, sent: boolean): Error {
    const cause = this.#cause
    if (this.#state === 'closing' || cause instanceof ClosedError)
      return new ClosedError(`${this} was closed before ${before}`, cause === undefined ? {} : { cause })
    const why = cause instanceof Error ? cause.message : String(cause)
    return new LostRequestError(`${this} was lost before ${before}: ${why}`, sent, cause)
  }

  // -- the rest

  /** @internal The tasks whose requests are in flight. */
  *holders(): Iterable<object> {
    for (const { waiter } of this.#pending.values()) {
      const task = waiter?.waitingTask
      if (task !== null && task !== undefined) yield task
    }
  }

  #guard<T>(what: string, hook: () => T): T | undefined {
    try {
      return hook()
    } catch (error) {
      this.#warn(`its ${what}`, error)
      return undefined
    }
  }

  #warn(what: string, error: unknown): void {
    currentLoop().host.warn(`${this}: ${what} failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}
