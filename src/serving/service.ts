/**
 * Theory of operation: how many workers there are, and what becomes of them.
 *
 *           hire                listens                    retire (restart, stop, SIGTERM to it)
 *     ────────────▶ starting ───────────▶ ready ─────────────────────────────────────▶ leaving ──▶ ended
 *                       └── too late, or died ──▶ killed, ended         died ─────────────────────────▲
 *
 * `keep`, the body of the service's task, has as many workers start as are missing among those that start and are ready, and
 * replaces whoever dies. One that is to be replaced leaves only when its successor is ready: there may be more workers for a
 * while, never fewer. All that happens to a worker is in tasks of one scope, which end when the worker has.
 *
 * Back-off: one that dies after it was stable is replaced at once. Otherwise there is a pause before anybody is hired, which grows
 * from one such death to the next. Starts that fail again and again while nobody is left to serve are given up: the service fails.
 */
import {
  type Body,
  BusyError,
  ClosedError,
  currentLoop,
  Future,
  fn,
  type Operation,
  race,
  type Scope,
  scope,
  sleep,
  spawn,
  type Task,
  textOf,
  timeoutOr,
  UsageError,
} from '../core/index.ts'
import { type Address, Backoff, type StopOptions } from '../net/index.ts'
import { Event, mapLimit } from '../sync/index.ts'
import { WorkerError } from './errors.ts'
import type { ServingSettings } from './options.ts'
import { listenToSignals } from './signals.ts'
import { Worker, type WorkerState } from './worker.ts'

/** How to replace the workers. */
export interface RestartOptions {
  /** How many start at once. 1 if left out. */
  readonly atOnce?: number
}

/** How to stop. */
export interface ServiceStopOptions extends StopOptions {
  /** As the `linger` of the service, which it is if left out. */
  readonly linger?: number
}

/** Plain figures of one worker. Its connections are those of its last beat, at most a second old. */
export interface ServiceWorkerStats {
  readonly number: number
  readonly pid: number
  readonly state: WorkerState
  readonly ageMs: number
  readonly connections: number
  readonly accepted: number
}

/** Plain figures of a service, at one moment. */
export interface ServiceStats {
  readonly name: string
  readonly state: 'starting' | 'serving' | 'stopping' | 'stopped'
  readonly workers: readonly ServiceWorkerStats[]
  readonly connections: number
  /** Workers that were started, whatever became of them. */
  readonly started: number
  /** Workers whose place another has taken in good order. */
  readonly replaced: number
  /** Workers that died in service, those that were killed for not answering among them. */
  readonly crashes: number
  /** Workers that did not come to listen; and how many of those came last, one after another. */
  readonly failedStarts: number
  readonly failedInARow: number
  /** Milliseconds of the pause that runs now before the next worker is started. 0 if there is none. */
  readonly pauseMs: number
}

/** Workers are asked how they are, so often. */
const BEAT_MS = 1000
/** A worker ends itself when its grace is over; so much later it is killed. */
const MARGIN_MS = 2000

/** Workers that serve together: what `serveAcross` gives. */
export class Service implements AsyncDisposable {
  readonly name: string
  readonly #file: string
  readonly #settings: ServingSettings
  readonly #backoff: Backoff
  readonly #workers = new Set<Worker>()
  /** Something has become of a worker, or of the service. */
  readonly #news = new Event({ name: 'news of a worker' })
  readonly #stopping: Future<void>
  readonly #ended: Future<void>
  #state: ServiceStats['state'] = 'starting'
  #scope: Scope | null = null
  #task: Task<void> | null = null
  #started = 0
  /** Starts that are under way. */
  #starting = 0
  #restarting = false
  #replaced = 0
  #crashes = 0
  #failedStarts = 0
  #failedInARow = 0
  #lastFailure: WorkerError | null = null
  #pause = 0

  /** @internal Use `serveAcross`. */
  constructor(name: string, file: string, settings: ServingSettings) {
    this.name = name
    this.#file = file
    this.#settings = settings
    this.#backoff = new Backoff(settings.backoff)
    this.#stopping = new Future(`${this} to be stopped`)
    this.#ended = new Future(`${this} to end`)
  }

  toString(): string {
    return `service "${this.name}"`
  }

  /** Where its workers listen. */
  get addresses(): readonly Address[] {
    const [{ addresses } = { addresses: [] }] = this.#inService
    return addresses.map(({ address, port }) => (port > 0 ? { host: address, port } : { path: address }))
  }

  /** The port on which its workers listen; the first, if there are several. A `UsageError` if they listen on a path. */
  get port(): number {
    const port = this.addresses[0]?.port
    if (port === undefined) throw new UsageError(`${this} has no port`)
    return port
  }

  get #inService(): Worker[] {
    return [...this.#workers].filter(({ state }) => state === 'ready')
  }

  /**
   * Replaces all workers by such as load the module anew: one is started, and when it listens, one of the old is told to finish
   * what runs, and to end. So the number of those that serve never falls, and no connection is refused. Ends when the last of the
   * old has.
   *
   * If a new one does not come to listen, that is thrown as a `WorkerError`, and those that were not replaced yet stay. A
   * `BusyError` while another restart runs. A cancel leaves off; nobody is lost.
   */
  restart(options: RestartOptions = {}): Operation<void> {
    return Service.#restart(this, options.atOnce ?? 1)
  }

  /**
   * Stops it: the workers accept no more, finish what runs within `grace` ms (that of the service if left out), and end; then they
   * are killed. Ends when the last of them has. May be called again with a shorter grace. A cancel ends only the waiting.
   */
  stop(options: ServiceStopOptions = {}): Operation<void> {
    return Service.#stop(this, { ...this.#settings, ...options })
  }

  /** Waits until it has been stopped. Throws a `WorkerError` if it has failed: nobody was left, and nobody could be started. */
  join(): Operation<void> {
    return Service.#join(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Plain figures of this moment. */
  stats(): ServiceStats {
    const now = currentLoop().host.now()
    const there = [...this.#workers].filter(({ state }) => state !== 'ended')
    const workers = there.map(({ number, pid, state, startedAt, connections, accepted }) =>
      Object.freeze({ number, pid, state, ageMs: Math.round(now - startedAt), connections, accepted }),
    )
    return Object.freeze({
      name: this.name,
      state: this.#state,
      workers: Object.freeze(workers),
      connections: workers.reduce((sum, { connections }) => sum + connections, 0),
      started: this.#started,
      replaced: this.#replaced,
      crashes: this.#crashes,
      failedStarts: this.#failedStarts,
      failedInARow: this.#failedInARow,
      pauseMs: this.#pause,
    })
  }

  /** @internal Starts it. The first worker alone, so that what is wrong with all of them is said once; then the others. */
  start(): Operation<void> {
    return Service.#start(this)
  }

  static readonly #join = fn(function* join(service: Service) {
    if (service.#task !== null) yield* service.#task
  })

  static readonly #start = fn(function* start(service: Service) {
    const started = new Future<void>(`${service} to start`)
    const task = spawn.detached(Service.#run(service, started), { name: String(service) })
    service.#task = task
    try {
      yield* started
    } finally {
      if (!started.settled) {
        task.cancel('its start was cancelled')
        yield* service.#ended
      }
    }
  })

  static readonly #run = fn(function* serve(service: Service, started: Future<void>) {
    const unlisten = service.#settings.signals ? service.#listenToSignals() : null
    try {
      yield* scope(function* (workers) {
        service.#scope = workers
        workers.supervise((task) => service.#over(task))
        yield* Service.#hire(service)
        if (service.#state === 'starting') service.#state = 'serving'
        yield* Service.#keep(service, started)
      })
      started.tryResolve()
    } catch (error) {
      // Whoever waits for the start is told; afterwards, whoever joins.
      if (!started.tryReject(error)) throw error
    } finally {
      unlisten?.()
      service.#scope = null
      service.#state = 'stopped'
      service.#stopping.tryResolve()
      service.#ended.resolve()
    }
  })

  /** Has as many workers as there are to be, until the service is stopped. */
  static readonly #keep = fn(function* keep(service: Service, started: Future<void>) {
    const { workers, maxFailedStarts } = service.#settings
    while (service.#state === 'serving') {
      service.#news.clear()
      const ready = service.#inService.length
      const missing = workers - ready - service.#starting
      if (missing <= 0) {
        // Those that failed at the start were reported, and are tried again.
        if (service.#starting === 0 || service.#failedStarts > 0) started.tryResolve()
        // One that died may be replaced before it is known how it died: then there is nobody left to pause for.
        if (service.#starting === 0) service.#pause = 0
        yield* service.#news.wait()
        continue
      }
      if (ready + service.#starting === 0 && service.#failedInARow >= maxFailedStarts) throw service.#lastFailure
      if (service.#pause > 0) {
        started.tryResolve()
        yield* timeoutOr(service.#pause, undefined, service.#stopping.wait())
        service.#pause = 0
        continue
      }
      // While starts fail, one is tried alone.
      const alone = service.#failedInARow > 0
      if (alone && service.#starting > 0) {
        yield* service.#news.wait()
        continue
      }
      for (let n = alone ? 1 : missing; n > 0; n--) {
        service.#starting++
        service.#scope?.spawn(Service.#fill(service), { name: `a start of ${service}` })
      }
    }
  })

  /** Hires one that is missing. Its failure is for the next round. */
  static readonly #fill = fn(function* fill(service: Service) {
    try {
      yield* Service.#hire(service)
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error
      service.#report(error)
    } finally {
      service.#starting--
      service.#news.set()
    }
  })

  /** Starts a worker, and waits until it listens. */
  static readonly #hire = fn(function* hire(service: Service): Body<Worker> {
    const { readyMs } = service.#settings
    const workers = service.#scope
    if (workers === null || service.#stopping.settled) throw new ClosedError(`${service} was stopped`)
    const worker = new Worker(service.#file, ++service.#started, service.#now, String(service), service.#settings)
    service.#workers.add(worker)
    workers.spawn(Service.#attend(service, worker), { name: worker.name })
    try {
      const inTime = yield* timeoutOr(readyMs, false, worker.listens.wait())
      if (inTime === false) worker.kill(`it did not listen within ${readyMs} ms`)
      else if (worker.state === 'starting') {
        worker.state = 'ready'
        service.#failedInARow = 0
        return worker
      }
      yield* worker.join()
    } finally {
      if (worker.state === 'starting') worker.kill('its start was cancelled')
    }
    if (service.#stopping.settled) throw new ClosedError(`${service} was stopped while ${worker} started`)
    throw service.#failedToStart(worker.failure(' before it listened'))
  })

  #failedToStart(failure: WorkerError): WorkerError {
    this.#failedStarts++
    this.#failedInARow++
    this.#lastFailure = failure
    this.#slowDown()
    return failure
  }

  /** Several that die at once are one reason to pause. */
  #slowDown(): void {
    if (this.#pause === 0) this.#pause = this.#backoff.next().value
  }

  /** Looks after a worker for as long as there is one. */
  static readonly #attend = fn(function* attend(service: Service, worker: Worker) {
    worker.onLeave = () => {
      worker.onLeave = null
      service.#scope?.spawn(Service.#replace(service, worker), { name: `to replace ${worker}` })
    }
    try {
      yield* race([worker.join(), Service.#listenTo(service, worker)])
    } finally {
      worker.kill('its supervisor has ended')
      yield* worker.join()
      service.#workers.delete(worker)
      if (worker.diedInService && !service.#stopping.settled) service.#crashed(worker)
      service.#news.set()
    }
  })

  #crashed(worker: Worker): void {
    this.#crashes++
    if (this.#now - worker.startedAt >= this.#settings.stableMs) this.#backoff.reset()
    else this.#slowDown()
    this.#report(worker.failure(' in service'))
  }

  /** Asks it again and again how it is. */
  static readonly #listenTo = fn(function* listenTo(service: Service, worker: Worker): Body<void> {
    const { unresponsiveMs } = service.#settings
    const every = Math.min(BEAT_MS, unresponsiveMs / 4)
    let heard = service.#now
    for (;;) {
      const before = service.#now
      yield* sleep(every)
      const now = service.#now
      // Where this process itself stood still, what it was told is still to be read.
      if (worker.answered || worker.state !== 'ready' || now - before > 2 * every) heard = now
      if (now - heard > unresponsiveMs) worker.kill(`its loop was held for more than ${unresponsiveMs} ms`)
      if (worker.answered && worker.state !== 'starting') worker.ask()
    }
  })

  /** Hires another in its place, and then lets it go. */
  static readonly #replace = fn(function* replace(service: Service, worker: Worker) {
    service.#starting++
    try {
      yield* Service.#hire(service)
    } finally {
      service.#starting--
      service.#news.set()
    }
    service.#replaced++
    if (worker.state === 'ready') service.#retire(worker, service.#settings)
  })

  #retire(worker: Worker, { grace, linger }: Required<ServiceStopOptions>): void {
    // One that was told before has had its time to tidy up.
    const margin = worker.state === 'leaving' ? 0 : MARGIN_MS
    worker.drain(grace, linger)
    this.#scope?.spawn(Service.#outlast(worker, grace, margin), { name: `the grace of ${worker}` })
  }

  static readonly #outlast = fn(function* outlast(worker: Worker, grace: number, margin: number) {
    const gone = yield* timeoutOr(grace + margin, false, worker.join())
    if (gone === false) worker.kill(`its grace of ${grace} ms was over`)
  })

  static readonly #restart = fn(function* restart(service: Service, atOnce: number) {
    if (service.#state !== 'serving') throw new ClosedError(`${service} cannot be restarted: it is ${service.#state}`)
    if (service.#restarting) throw new BusyError(`${service} is being restarted already: wait for that to end`)
    service.#restarting = true
    try {
      const old = service.#inService
      if (old.length === 0) yield* Service.#hire(service)
      yield* mapLimit(old, (worker) => Service.#replace(service, worker), { concurrency: atOnce })
      for (const worker of old) yield* worker.join()
    } finally {
      service.#restarting = false
    }
  })

  static readonly #stop = fn(function* stop(service: Service, how: Required<ServiceStopOptions>) {
    service.#beginToStop(how)
    yield* service.#ended
  })

  #beginToStop(how: Required<ServiceStopOptions>): void {
    if (this.#state !== 'stopped') this.#state = 'stopping'
    this.#stopping.tryResolve()
    this.#news.set()
    for (const worker of this.#workers) {
      if (worker.state === 'starting') worker.kill(`${this} was stopped`)
      else this.#retire(worker, how)
    }
  }

  #listenToSignals(): () => void {
    return listenToSignals({
      // Somebody at a terminal waits for it; what comes from a service manager may have a proxy in front of it.
      stop: (signal, again) => {
        if (!again) return this.#beginToStop({ ...this.#settings, ...(signal === 'SIGINT' ? { linger: 0 } : {}) })
        for (const worker of this.#workers) worker.kill(`${signal} came twice`)
      },
      restart: () => void this.#scope?.spawn(this.restart(), { name: `${this} restarts by SIGHUP` }),
    })
  }

  /** A task of the scope has ended. What failed there has nobody else to be told. */
  #over({ outcome }: Task<unknown>): void {
    if (outcome?.status !== 'failed' || outcome.error instanceof ClosedError) return
    this.#report(outcome.error)
  }

  #report(error: unknown): void {
    const { onError } = this.#settings
    const warn = (text: string): void => currentLoop().host.warn(text)
    if (!(error instanceof WorkerError) || onError === undefined) return warn(textOf(error))
    try {
      onError(error)
    } catch (failure) {
      warn(`${this}: its onError failed: ${textOf(failure)}`)
    }
  }

  get #now(): number {
    return currentLoop().host.now()
  }
}
