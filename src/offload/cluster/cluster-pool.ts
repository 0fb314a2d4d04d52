import { ClosedError, Fifo, Future, type Operation, UsageError, wait } from '../../core/index.ts'
import { checkOptions, MappingPool, type Skip } from '../mapping-pool.ts'
import type {
  AnyModule,
  ArgumentsOf,
  CallOptions,
  CloseOptions,
  FunctionName,
  FunctionStats,
  Pool,
  PoolState,
  PoolStats,
  ReturnOf,
} from '../pool.ts'
import { PLAIN, type Special } from '../seat.ts'
import { withoutStack } from '../site.ts'
import { type Carried, type Carrier, carrier, specialOf, withContext } from '../special.ts'
import { type ClusterOptions, type Connection, clusterName, openConnection } from './connection.ts'
import { DurableCalls, type DurableOptions } from './durable-calls.ts'
import { type End, type Engine, failure } from './engine.ts'
import { FastCalls, type FastOptions } from './fast-calls.ts'
import { Roster } from './roster.ts'
import { ClusterCall, type Counter, type Ticket } from './ticket.ts'

/** How a `ClusterPool` is to be. */
export interface ClusterPoolOptions<M extends object = AnyModule>
  extends ClusterOptions,
    Omit<FastOptions, 'idempotent'>,
    DurableOptions {
  /**
   * `fast` (the default): a request to any one worker, with the least delay, made at most once. `durable`: a job that the server
   * stores; it survives submitter, workers and server, and is made at least once.
   */
  readonly delivery?: 'fast' | 'durable'
  /** Functions that may run twice: fast calls of these are made again when a worker is lost. `true`: all. Default: none. */
  readonly idempotent?: boolean | readonly FunctionName<M>[]
  /** How often a call is tried at most: a fast one that is idempotent, or a durable one before it is a dead letter. Default 3. */
  readonly tries?: number
  /**
   * What is carried over from where `submit` is called to where the function runs: stores of `AsyncLocalStorage`, or what
   * functions give, such as the id of a trace, each under a key of its own. As `carry` of a `ThreadPool`. Default: nothing.
   */
  readonly carry?: Readonly<Record<string, Carried>>
  /** How many calls may be under way at once; a submit beyond waits for room. Default: any number. */
  readonly maxCalls?: number
}

/** What is said of a job when it is posted. */
export interface JobOptions {
  /** Letters, digits, `-` and `_`. One job or result has it at a time. */
  readonly id: string
  /**
   * Its sign counts; default 0. While jobs of all three kinds wait, a worker takes sixteen above 0 and four of 0 for each that is
   * below: so the urgent come first, mostly, and nothing waits for ever.
   */
  readonly priority?: number
}

/** What became of the calls of one function, while it is counted. */
interface Tally {
  calls: number
  failed: number
  cancelled: number
  queueMs: number
  runMs: number
  cpuMs: number
}

const AHEAD = 64

/**
 * Workers on any number of machines that run the functions of a module, found through a NATS server. It is used as a
 * `ThreadPool` is; workers are started elsewhere, by `serveCluster` or `fibril worker`, from the same module.
 *
 * - **Delivery** is fast, at most once, or durable, at least once: see `delivery`, and docs/cluster.md for what each
 *   promises.
 * - Arguments and results are copied, as between processes. In fast mode they must fit into a message of the server
 *   (1 MiB unless it is told otherwise); durable jobs put aside what is larger.
 * - Errors keep name, message, code, cause and the worker's stack, followed by the lines of the caller.
 * - Fails with `BrokenError` if a worker is lost, a job is given up, or there is no server or no worker; with `UsageError` if
 *   all workers have another version of the module, or something is too large.
 * - A cancel takes a call that has not begun back, and cancels one that runs as a `ThreadPool` does.
 * - The connection is opened by the first call, and keeps the process alive until the pool is closed.
 */
export class ClusterPool<M extends object = AnyModule> extends MappingPool<M> implements Pool<M> {
  readonly name: string
  readonly #module: string | URL
  readonly #options: ClusterPoolOptions<M>
  readonly #counter: Counter
  readonly #maxCalls: number
  readonly #carry: Carrier | null
  #connecting: Promise<Connection> | null = null
  #opening: Promise<Engine> | null = null
  #engine: Engine | null = null
  #state: PoolState = 'open'
  readonly #closed = new Future<void>('the end of a pool')
  readonly #out = new Set<Ticket>()
  readonly #outside = new Fifo<Ticket>()
  #waitingOutside = 0
  readonly #tallies = new Map<string, Tally>()

  constructor(module: string | URL, options: ClusterPoolOptions<M> = {}) {
    super((self) => ({
      ahead: AHEAD,
      toString: () => self.toString(),
      make: (options, call, args, skip) => this.#call(specialOf(options), call, args, skip),
      makeStreamed: (options, call, args, take, skip) => {
        if (this.#options.delivery === 'durable') {
          const advice = 'give an array, make a job of each part, or use a pool with fast delivery'
          throw new UsageError(
            `${call}(…) in ${self} cannot give its results one by one: a durable job has one, ${advice}`,
          )
        }
        const done = this.#call(specialOf(options, take), call, args, skip)
        return { done, grant: (count) => done.grant(count) }
      },
    }))
    const { maxCalls = Infinity, tries = 3 } = options
    for (const [option, value] of Object.entries({ maxCalls, tries })) {
      if (!(value >= 1)) throw new UsageError(`new ClusterPool(…, { ${option}: ${value} }): it must be at least 1`)
    }
    this.#module = module
    this.#options = options
    this.#maxCalls = maxCalls
    this.name = clusterName(String(module), options)
    this.#carry = options.carry === undefined ? null : carrier(options.carry)
    this.#counter = {
      toString: () => this.toString(),
      check: (name) => this.#check(`${name}(…)`),
      take: (ticket) => this.#take(ticket),
      cancel: (ticket) => this.#cancel(ticket),
      grant: (ticket, count) => this.#engine?.grant(ticket, count),
    }
  }

  override submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>> {
    return this.#call(PLAIN, name, args, this.submit) as Operation<ReturnOf<M, K>>
  }

  /**
   * Stores a job under an id of your choice, and does not wait for its result: `resultOf(id)` does, also in another process, also
   * after this one has died. Gives false, and stores nothing, if there is a job or a result of this id; so it may be said again
   * after a failure or a cancel, which leave open whether the job was stored. For durable pools. `job` is the id, or that and a
   * priority; a `UsageError` is thrown for an id of other characters, and for a priority that is no number.
   */
  post<K extends FunctionName<M>>(job: string | JobOptions, name: K, ...args: ArgumentsOf<M, K>): Operation<boolean> {
    const { id, priority = 0 } = typeof job === 'string' ? { id: job } : job
    checkOptions('post', this, { priority })
    const special = { ...this.#carried(PLAIN), priority }
    return wait(async () => (await this.#durable('post')).post(id, name, args, special))
  }

  /**
   * Waits for the result of a job that was posted under this id, and gives it as `submit` does, as long as it is kept. A cancel
   * leaves the job alone. `UsageError` if there is neither job nor result.
   */
  resultOf(id: string, options: Pick<CallOptions, 'onProgress'> = {}): Operation<unknown> {
    const counter: Counter = {
      ...this.#counter,
      take: (ticket) => {
        this.#out.add(ticket)
        this.#durable('resultOf').then(
          (engine) => engine.await(ticket, id),
          (error) => this.#fail(ticket, error),
        )
      },
    }
    return new ClusterCall<unknown>(counter, `job ${id}`, [], this.resultOf, specialOf(options))
  }

  /** Waits until a worker of our version is there. */
  waitReady(): Operation<void> {
    return wait(async (signal) => {
      this.#check('waitReady()')
      const roster = new Roster(await this.#connect())
      while (!signal.aborted && !(await roster.hasWorker())) await new Promise((resolve) => setTimeout(resolve, 100))
    })
  }

  /** `now`: calls under way fail with `ClosedError`, and durable jobs that `submit` made are withdrawn. Workers go on in any case. */
  close(options: CloseOptions = {}): Operation<void> {
    return wait(this.#close(options.now ?? false))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close(false)
  }

  /** Of workers it knows nothing: `workers` is empty. */
  stats(): PoolStats {
    const functions: Record<string, FunctionStats> = {}
    const kinds = Object.freeze({ short: 0, middle: 0, long: 0, trivial: 0 })
    for (const [name, tally] of this.#tallies) functions[name] = Object.freeze({ ...tally, inline: 0, kinds })
    return Object.freeze({
      name: this.name,
      state: this.#state,
      queued: 0,
      waitingForRoom: this.#waitingOutside,
      running: this.#out.size,
      restarts: 0,
      workers: Object.freeze([]),
      functions: Object.freeze(functions),
    })
  }

  override toString(): string {
    return `cluster "${this.name}"`
  }

  #call(special: Special, name: string, args: readonly unknown[], skip: Skip): ClusterCall<unknown> {
    return new ClusterCall<unknown>(this.#counter, name, args, skip, this.#carried(special))
  }

  #carried(special: Special): Special {
    return this.#carry === null ? special : withContext(special, this.#carry())
  }

  #check(call: string): void {
    if (this.#state !== 'open') throw new ClosedError(`${call} was not run: ${this} is ${this.#state}`)
  }

  #take(ticket: Ticket): void {
    if (this.#out.size < this.#maxCalls) return this.#begin(ticket)
    this.#waitingOutside++
    this.#outside.push(ticket)
  }

  #begin(ticket: Ticket): void {
    this.#out.add(ticket)
    if (this.#engine !== null) return this.#engine.begin(ticket)
    this.#open().then(
      (engine) => {
        if (ticket.waits) engine.begin(ticket)
      },
      (error) => this.#fail(ticket, error),
    )
  }

  #cancel(ticket: Ticket): void {
    this.#tallyOf(ticket).cancelled++
    if (!this.#out.has(ticket)) this.#waitingOutside--
    else {
      this.#engine?.cancel(ticket)
      this.#left(ticket)
    }
  }

  #fail(ticket: Ticket, error: unknown): void {
    this.#ended(ticket, failure(error))
  }

  #ended(ticket: Ticket, { failed, value, micros, usage }: End): void {
    if (!ticket.waits) return
    const tally = this.#tallyOf(ticket)
    const runMs = micros / 1000
    const queueMs = Math.max(0, performance.now() - ticket.submittedAt - runMs)
    tally.calls++
    if (failed) tally.failed++
    tally.runMs += runMs
    tally.queueMs += queueMs
    tally.cpuMs += usage?.cpuMs ?? 0
    this.#left(ticket)
    if (usage !== undefined) {
      try {
        ticket.special.onUsage?.(Object.freeze({ queueMs, runMs, ...usage }))
      } catch (error) {
        return ticket.reject(error)
      }
    }
    if (failed) ticket.reject(value)
    else ticket.resolve(value)
  }

  #left(ticket: Ticket): void {
    this.#out.delete(ticket)
    while (this.#out.size < this.#maxCalls) {
      const next = this.#outside.shift()
      if (next === undefined) break
      if (!next.waits) continue // cancelled
      this.#waitingOutside--
      this.#begin(next)
    }
    this.#closeIfDone()
  }

  #tallyOf({ name }: Ticket): Tally {
    let tally = this.#tallies.get(name)
    if (tally === undefined) {
      tally = { calls: 0, failed: 0, cancelled: 0, queueMs: 0, runMs: 0, cpuMs: 0 }
      this.#tallies.set(name, tally)
    }
    return tally
  }

  async #durable(call: string): Promise<DurableCalls> {
    this.#check(call)
    const engine = await this.#open()
    if (engine instanceof DurableCalls) return engine
    throw new UsageError(`${call} in ${this} needs jobs that are stored: new ClusterPool(…, { delivery: 'durable' })`)
  }

  async #connect(): Promise<Connection> {
    this.#connecting ??= openConnection(this.#module, this.#options, 'pool')
    const connecting = this.#connecting
    // The next call tries again.
    const forget = (): void => {
      if (this.#connecting !== connecting) return
      this.#connecting = null
      this.#opening = null
      this.#engine = null
    }
    try {
      const connection = await connecting
      connection.onEnd(forget)
      return connection
    } catch (error) {
      forget()
      throw error
    }
  }

  #open(): Promise<Engine> {
    this.#opening ??= this.#openEngine().catch((error) => {
      this.#opening = null
      throw error
    })
    return this.#opening
  }

  async #openEngine(): Promise<Engine> {
    const connection = await this.#connect()
    const onEnd = (ticket: Ticket, end: End): void => this.#ended(ticket, end)
    const options = this.#options
    this.#engine =
      options.delivery === 'durable'
        ? await DurableCalls.open(connection, options, onEnd)
        : new FastCalls(connection, options, onEnd)
    return this.#engine
  }

  #close(now: boolean): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    if (now) {
      for (const ticket of this.#out) {
        this.#engine?.cancel(ticket)
        this.#fail(
          ticket,
          withoutStack(() => new ClosedError(`${ticket.name}(…) was cut short: ${this} was closed`)),
        )
      }
    }
    this.#closeIfDone()
    return this.#closed.then()
  }

  #closeIfDone(): void {
    if (this.#state !== 'closing' || this.#out.size > 0) return
    this.#state = 'closed'
    void this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    try {
      const connection = await this.#connecting
      await this.#engine?.close()
      await connection?.nats.close()
    } catch {
      // There is no connection that would have to be closed.
    }
    this.#closed.resolve()
  }
}
