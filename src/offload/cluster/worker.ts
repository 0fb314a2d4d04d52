/**
 * Theory of operation: a worker of a cluster. It runs what comes on threads of its own, in both modes, and says once in a while
 * of all that runs that it still does. Fast calls come whenever somebody makes them, and wait here for a thread; durable jobs
 * are fetched, one for each thread that is free (durable-service.ts), so that they wait on the server, where any worker can
 * have them.
 *
 * A call runs under a key: the subject of its replies, or the id of its job. By that it can be cancelled (runs.ts).
 */
import { availableParallelism, hostname } from 'node:os'
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node'
import { BrokenError, Future, type Operation, UsageError, wait } from '../../core/index.ts'
import { moduleUrl } from '../module-url.ts'
import { ThreadPool, type ThreadPoolOptions } from '../threads.ts'
import { encodeThrown } from '../wire-error.ts'
import { type ClusterOptions, type Connection, openConnection } from './connection.ts'
import { DurableService, type Runner } from './durable-service.ts'
import { Runs } from './runs.ts'
import {
  BEAT,
  type FastCall,
  type FastReply,
  type Granted,
  type Introduction,
  LOST,
  PROGRESS,
  pack,
  RESULTS,
  RETURNED,
  type Results,
  THREW,
  type Used,
  unpack,
} from './wire.ts'

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
  readonly #runs: Runs
  readonly #serving = new Set<Promise<void>>()
  #subscriptions: Subscription[] = []
  /** Where submitters tell it what concerns their streams. */
  readonly #control = createInbox()
  readonly #beats: NodeJS.Timeout
  readonly #closed = new Future<void>('the end of a worker')
  #closing = false

  /** @internal */
  constructor(
    connection: Connection,
    threads: ThreadPool,
    options: Required<Pick<ClusterWorkerOptions, 'jobs' | 'lease'>>,
  ) {
    this.#connection = connection
    this.#threads = threads
    this.id = `${hostname()}:${process.pid}:${++workers}`
    this.#runs = new Runs(threads, this)
    this.#beats = setInterval(
      () => {
        if (!connection.nats.isClosed()) this.#runs.beat()
      },
      Math.min(1000, options.lease / 3),
    )
    const owner: Runner = {
      worker: this.id,
      run: (id, name, args, extra) => {
        // Its lease is seen to elsewhere.
        const listener = { beat: nothing, results: nothing, progress: (value: unknown) => this.#progress(id, value) }
        return this.#runs.run(id, name, args, extra, listener)
      },
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
      callback: (_, message) => {
        const key = message.string()
        this.#durable?.cancel(key)
        this.#runs.cancel(key, 'its caller was cancelled')
      },
    })
    nats.subscribe(this.#control, {
      callback: (_, message) => this.#runs.grant(...(unpack(message.data) as Granted)),
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
      running: this.#runs.size,
      finished: this.#runs.finished,
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
    const say = (bytes: Uint8Array): void => {
      if (!nats.isClosed()) nats.publish(inbox, bytes)
    }
    const reply = (how: number, value?: unknown, run?: { micros: number; usage: Used | undefined }): void =>
      say(this.#packed([how, this.id, value, run?.micros, run?.usage], name))
    // A message holds fewer than come at once if they are large.
    const results = (batch: readonly unknown[], first: number): void => {
      const message: Results = [batch, first, this.#control]
      const bytes = pack([RESULTS, this.id, message] satisfies FastReply, `a result of ${name}(…)`)
      if (bytes.length <= this.#connection.maxPayload) return say(bytes)
      if (batch.length === 1) return reply(RESULTS, message) // which says that it is too large
      const half = batch.length >> 1
      results(batch.slice(0, half), first)
      results(batch.slice(half), first + half)
    }
    let name = 'a call'
    try {
      const [called, args, extra] = unpack(message.data) as FastCall
      name = called
      const run = await this.#runs.run(inbox, name, args, extra, {
        beat: (sent) => reply(BEAT, sent),
        progress: (value) => reply(PROGRESS, value),
        results,
      })
      if (run.how === 'returned') reply(RETURNED, run.value, run)
      else if (run.how !== 'cancelled') reply(run.how === 'lost' ? LOST : THREW, encodeThrown(run.error), run)
    } catch (error) {
      reply(THREW, encodeThrown(error))
    }
  }

  #packed(message: FastReply, name: string): Uint8Array {
    const what = { [RESULTS]: 'a result', [PROGRESS]: 'the progress' }[message[0]] ?? 'the result'
    return this.#fitting(pack(message, `${what} of ${name}(…)`), `${what} of ${name}(…)`)
  }

  #fitting(bytes: Uint8Array, what: string): Uint8Array {
    const { maxPayload } = this.#connection
    if (bytes.length <= maxPayload) return bytes
    throw new UsageError(
      `${what} takes ${bytes.length} bytes, and the server takes ${maxPayload}: raise its max_payload, or use \`delivery: 'durable'\`, which puts large arguments and results aside`,
    )
  }

  /** Whoever waits for a job may listen. */
  #progress(id: string, value: unknown): void {
    const { nats, names } = this.#connection
    const bytes = this.#fitting(pack(value, 'the progress of a job'), 'the progress of a job')
    if (!nats.isClosed()) nats.publish(names.progress(id), bytes)
  }

  async #close(now: boolean): Promise<void> {
    const { nats } = this.#connection
    if (now) this.#runs.cancelAll('its worker was closed')
    const already = this.#closing
    this.#closing = true
    // Nobody is there to be told of what was cut short.
    if (now && !this.#connection.up) await nats.close()
    if (already) return this.#closed.then()
    // What the server has sent already is served.
    await Promise.allSettled(this.#subscriptions.map((subscription) => subscription.drain()))
    await this.#durable?.finish()
    await Promise.allSettled(this.#serving)
    clearInterval(this.#beats)
    await this.#threads.close({ now })
    await this.#connection.flush() // A connection that is gone takes nothing along that could be kept here.
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

let workers = 0
const nothing = (): void => {}

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
