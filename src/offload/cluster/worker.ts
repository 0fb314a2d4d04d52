/**
 * Theory of operation: a worker of a cluster. It runs what comes on threads of its own, in both modes, and says once in a while
 * of all that runs that it still does. Fast calls come whenever somebody makes them, and wait here for a thread; durable jobs
 * are fetched, one for each thread that is free (durable-service.ts), so that they wait on the server, where any worker can
 * have them.
 *
 * A call runs under a key: the subject of its replies, or the id of its job. By that it can be cancelled.
 */
import { availableParallelism, hostname } from 'node:os'
import type { Msg, Subscription } from '@nats-io/transport-node'
import { BrokenError, Future, type Operation, run, type Task, UsageError, wait } from '../../core/index.ts'
import { inWords } from '../crew.ts'
import { moduleUrl } from '../module-url.ts'
import { isRevived } from '../revive-error.ts'
import { ThreadPool, type ThreadPoolOptions } from '../threads.ts'
import { encodeThrown } from '../wire-error.ts'
import { type ClusterOptions, type Connection, openConnection } from './connection.ts'
import { DurableService, type Run } from './durable-service.ts'
import { BEAT, type FastCall, type FastReply, type Introduction, LOST, pack, RETURNED, THREW, unpack } from './wire.ts'

/** How a worker of a cluster is to be. */
export interface ClusterWorkerOptions extends ClusterOptions {
  /** The threads. They run nothing inline unless told so: a call that ends its thread shall not end the worker. */
  readonly threads?: ThreadPoolOptions
  /** How many durable jobs it has at once. Default: as many as threads (`threads.size`); more keep these busy where jobs are short; 0: none. */
  readonly jobs?: number
  /** A worker that says nothing of a durable job for so many ms loses it to another. It speaks every third of that. Default 30 000. */
  readonly lease?: number
  /** How long results of durable jobs are kept, ms. Default: as the cluster has it, or a day. */
  readonly resultTtl?: number
}

/** What `worker.stats()` gives. */
export interface ClusterWorkerStats {
  readonly id: string
  readonly version: string
  readonly running: number
  /** Runs that ended, in either mode, well or not. */
  readonly finished: number
  /** Durable jobs whose result somebody else had stored already: they ran twice. */
  readonly duplicates: number
}

/** A worker that serves. */
export class ClusterWorker implements AsyncDisposable {
  /** Host, process, and a number of its own. */
  readonly id: string
  readonly #connection: Connection
  readonly #threads: ThreadPool
  readonly #durable: DurableService | null
  readonly #running = new Map<string, Running>()
  readonly #serving = new Set<Promise<void>>()
  #subscriptions: Subscription[] = []
  readonly #beats: NodeJS.Timeout
  readonly #closed = new Future<void>('the end of a worker')
  #closing = false
  #finished = 0

  /** @internal */
  constructor(
    connection: Connection,
    threads: ThreadPool,
    options: Required<Pick<ClusterWorkerOptions, 'jobs' | 'lease'>>,
  ) {
    this.#connection = connection
    this.#threads = threads
    this.id = `${hostname()}:${process.pid}:${++workers}`
    this.#beats = setInterval(() => this.#beatAll(), Math.min(1000, options.lease / 3))
    const owner = {
      worker: this.id,
      run: (key: string, name: string, args: readonly unknown[]) => this.#run(key, name, args, noBeat),
    }
    const serves = options.jobs > 0 && connection.nats.info?.jetstream === true
    this.#durable = serves ? new DurableService(connection, owner, options.jobs, options.lease) : null
  }

  /** @internal */
  async start(resultTtl: number | undefined): Promise<void> {
    const { nats, names, version } = this.#connection
    await this.#threads.waitReady()
    await this.#durable?.start(resultTtl)
    nats.subscribe(names.cancel, {
      callback: (_, message) => this.#cancel(message.string(), 'its caller was cancelled'),
    })
    const introduction = pack({ worker: this.id, version } satisfies Introduction, 'itself')
    const serve = (message: Msg): void => {
      const served: Promise<void> = this.#serve(message).finally(() => this.#serving.delete(served))
      this.#serving.add(served)
    }
    this.#subscriptions = [
      nats.subscribe(names.who, { callback: (_, message) => void message.respond(introduction) }),
      nats.subscribe(names.call(version), { queue: 'workers', callback: (_, message) => serve(message) }),
    ]
    await nats.flush()
    void nats.closed().then((error) => this.#cutOff(error))
  }

  /** Waits until it serves no more. */
  join(): Operation<void> {
    return wait(this.#closed.then())
  }

  /** Takes nothing more, finishes what runs, and leaves. `now`: does not finish it; durable jobs go to other workers. */
  close(options: { readonly now?: boolean } = {}): Operation<void> {
    return wait(this.#close(options.now ?? false))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close(false)
  }

  stats(): ClusterWorkerStats {
    return Object.freeze({
      id: this.id,
      version: this.#connection.version,
      running: this.#running.size,
      finished: this.#finished,
      duplicates: this.#durable?.duplicates ?? 0,
    })
  }

  toString(): string {
    return `worker ${this.id} of cluster "${this.#connection.names.cluster}"`
  }

  async #serve(message: Msg): Promise<void> {
    const { reply: inbox } = message
    if (!inbox) return // Nobody made this call.
    const { nats } = this.#connection
    const reply = (...[how, ...rest]: [how: number, value?: unknown, micros?: number]): void =>
      nats.publish(inbox, pack([how, this.id, ...rest] satisfies FastReply, 'a reply'))
    const fail = (how: number, error: unknown, micros: number): void => reply(how, encodeThrown(error), micros)
    let call: FastCall
    try {
      call = unpack(message.data) as FastCall
    } catch (error) {
      return fail(THREW, error, 0)
    }
    const [name, args] = call
    const outcome = await this.#run(inbox, name, args, () => reply(BEAT))
    if (nats.isClosed()) return
    if (outcome.how === 'returned') {
      try {
        const { maxPayload } = this.#connection
        const bytes = pack(
          [RETURNED, this.id, outcome.value, outcome.micros] satisfies FastReply,
          `the result of ${name}(…)`,
        )
        if (bytes.length > maxPayload) {
          throw new UsageError(
            `the result of ${name}(…) takes ${bytes.length} bytes, and the server takes ${maxPayload}: use \`delivery: 'durable'\`, or raise its max_payload`,
          )
        }
        nats.publish(inbox, bytes)
      } catch (error) {
        fail(THREW, error, outcome.micros)
      }
    } else if (outcome.how !== 'cancelled') fail(outcome.how === 'lost' ? LOST : THREW, outcome.error, outcome.micros)
  }

  async #run(key: string, name: string, args: readonly unknown[], beat: () => void): Promise<Run> {
    const start = performance.now()
    const micros = (): number => (performance.now() - start) * 1000
    const task = run(this.#threads.submit(name, ...args))
    const running: Running = { task, beat, cancelled: false }
    this.#running.set(key, running)
    try {
      return { how: 'returned', value: await task, micros: micros() }
    } catch (error) {
      if (running.cancelled) return { how: 'cancelled' }
      // What the function threw came through a message. What did not is about its thread.
      if (!(error instanceof BrokenError) || isRevived(error)) return { how: 'threw', error, micros: micros() }
      const why = error.cause ?? error
      const lost = new BrokenError(`${name}(…) was lost with its thread on ${this}: ${inWords(why)}`, { cause: why })
      return { how: 'lost', error: lost, micros: micros() }
    } finally {
      this.#running.delete(key)
      this.#finished++
    }
  }

  #cancel(key: string, reason: string): void {
    this.#durable?.cancel(key)
    const running = this.#running.get(key)
    if (running === undefined) return
    running.cancelled = true
    running.task.cancel(reason)
  }

  #beatAll(): void {
    if (this.#connection.nats.isClosed()) return
    for (const { beat } of this.#running.values()) beat()
  }

  async #close(now: boolean): Promise<void> {
    const { nats } = this.#connection
    if (now) for (const key of [...this.#running.keys()]) this.#cancel(key, 'its worker was closed')
    if (this.#closing) return this.#closed.then()
    this.#closing = true
    // What the server has sent already is served.
    await Promise.allSettled(this.#subscriptions.map((subscription) => subscription.drain()))
    await this.#durable?.finish()
    await Promise.allSettled(this.#serving)
    clearInterval(this.#beats)
    await this.#threads.close({ now })
    await nats.flush().catch(() => {}) // A connection that is gone takes nothing along that could be kept here.
    await nats.close()
    this.#closed.resolve()
  }

  /** The client gave the server up, as it does when its credentials are refused. */
  async #cutOff(cause: unknown): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    clearInterval(this.#beats)
    await this.#threads.close({ now: true })
    this.#closed.reject(new BrokenError(`${this} has lost its connection for good`, { cause }))
  }
}

interface Running {
  readonly task: Task<unknown>
  readonly beat: () => void
  cancelled: boolean
}

let workers = 0
const noBeat = (): void => {}

/**
 * Serves a module to a cluster, from now on until the worker is closed: calls that a `ClusterPool` of the same name and version
 * makes run here, on threads. Gives the worker once it serves. `fibril worker --nats URL MODULE` is this as a command.
 *
 * Fails with `BrokenError` if there is no NATS server or the module cannot be loaded. A worker outlives the server: it comes back
 * when that does. Closing it finishes what runs; when it dies, durable jobs go to another, and fast calls fail there.
 */
export function serveCluster(module: string | URL, options: ClusterWorkerOptions = {}): Operation<ClusterWorker> {
  return wait(() => open(module, options))
}

async function open(module: string | URL, options: ClusterWorkerOptions): Promise<ClusterWorker> {
  const { lease = 30_000, resultTtl } = options
  if (!(lease >= 100)) throw new UsageError(`serveCluster(…, { lease: ${lease} }): it must be at least 100 ms`)
  const connection = await openConnection(module, options, 'worker')
  const size = options.threads?.size ?? availableParallelism()
  const threads = new ThreadPool(moduleUrl(module), {
    name: connection.names.cluster,
    inline: false,
    ...options.threads,
    size,
  })
  try {
    const worker = new ClusterWorker(connection, threads, { jobs: options.jobs ?? size, lease })
    await worker.start(resultTtl)
    return worker
  } catch (error) {
    await threads.close({ now: true })
    await connection.nats.close()
    throw error
  }
}
