import {
  allSettled,
  type Body,
  currentLoop,
  Future as EngineFuture,
  fn,
  type Loop,
  type Operation,
  race,
  TimeoutError,
  type Timer,
  type TimerBucket,
  timeoutOr,
  UsageError,
} from '../core/index.ts'
import { type AnyFunction, callSoon, logFault } from './callbacks.ts'
import { StoppedError } from './errors.ts'
import { type DoneCallback, Future } from './future.ts'
import { type EventHandler, type EventSource, Handlers } from './handlers.ts'
import { nullContext, openContexts, within } from './stack-context.ts'
import { operationFor } from './yieldable.ts'

/** A timer of `addTimeout`, for `removeTimeout`. Opaque. */
export class TimeoutHandle implements Timer {
  /** @internal */
  bucket: TimerBucket | null = null
  /** @internal */
  index = 0
  /** @internal */
  removed = false
  /** @internal */
  readonly fire: () => void

  /** @internal */
  constructor(fire: (handle: TimeoutHandle) => void) {
    this.fire = () => fire(this)
  }
}

const views = new WeakMap<Loop, IOLoop>()

/**
 * The loop, with the verbs of Tornado: a view of the engine's loop, which turns by itself. So `start` does not run it: it
 * waits until somebody calls `stop`. Times are milliseconds; timers are relative, and equal ones fire in the order in which
 * they were set.
 *
 * ```ts
 * import { coroutine, IOLoop, sleep } from 'fibril/tornado'
 *
 * const main = coroutine(function* () {
 *   yield sleep(1)
 *   return 'done'
 * })
 * console.log(await IOLoop.current().runSync(main)) // => done
 * ```
 */
export class IOLoop {
  /** What a handler listens for, and is told of. */
  static readonly READ = 1
  static readonly WRITE = 4
  static readonly ERROR = 24

  readonly #loop: Loop
  readonly #handlers: Handlers
  #running: EngineFuture<void> | null = null
  #stopped = false
  #closed = false
  #executor: Executor | null = null

  private constructor(loop: Loop) {
    this.#loop = loop
    this.#handlers = new Handlers((callback) => this.addCallback(callback))
  }

  /** The loop of the running task; outside of tasks, the thread's own. A worker has another. */
  static current(): IOLoop {
    const loop = currentLoop()
    let view = views.get(loop)
    if (view === undefined || view.#closed) {
      view = new IOLoop(loop)
      views.set(loop, view)
    }
    return view
  }

  /** Milliseconds on the loop's clock. */
  time(): number {
    return this.#loop.now()
  }

  // -- starting and stopping

  /**
   * Waits until `stop` is called; at once, if it was called before. A second one meanwhile is a `UsageError`. If nothing is
   * left that could ever call `stop`, it is a `DeadlockError`.
   */
  start(): Operation<void> {
    return started(this)
  }

  /** @internal */
  get stopping(): EngineFuture<void> | null {
    if (this.#running !== null)
      throw new UsageError('IOLoop is already running: it can be started again once it was stopped')
    if (this.#stopped) {
      this.#stopped = false
      return null
    }
    this.#running = new EngineFuture('IOLoop.stop()')
    return this.#running
  }

  /** @internal */
  leave(running: EngineFuture<void>): void {
    if (this.#running === running) this.#running = null
  }

  /** Ends `start`. Called before it, it makes the next `start` end at once. */
  stop(): void {
    const running = this.#running
    this.#running = null
    if (running === null) this.#stopped = true
    else running.tryResolve()
  }

  /** Lets go of all handlers; callbacks that are added from here on are dropped. `IOLoop.current()` is then a new one. */
  close(): void {
    this.#closed = true
    this.#handlers.clear()
    this.#executor = null
  }

  /**
   * Runs `main` in the next turn, and waits for what it gives: a future or anything else that can be waited for, or
   * nothing. After `timeoutMs` the future is cancelled and there is a `TimeoutError`. If `stop` is called before, there is
   * a `StoppedError`.
   */
  runSync<T>(main: () => Future<T> | PromiseLike<T> | Operation<T> | T, timeoutMs = Infinity): Operation<T> {
    return ranSync(this, main, timeoutMs) as Operation<T>
  }

  // -- callbacks and timers

  /** Calls `callback(...args)` in a later turn, never at once. Its failure is logged; what it gives, if it can be waited for, is waited for. */
  addCallback<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    if (this.#closed) return
    callSoon(this.#loop, callback as AnyFunction, args, (fault, error) => this.handleCallbackException(fault, error))
  }

  /** The same, outside of all stack contexts: for work that is nobody's part. */
  spawnCallback<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    nullContext(() => this.addCallback(callback, ...args))
  }

  /** Calls `callback(future)` in a later turn once it is done. */
  addFuture<T>(future: Future<T>, callback: DoneCallback<T>): void {
    future.addDoneCallback(callback)
  }

  /** Calls `callback(...args)` after `ms` milliseconds. Tornado takes an instant here: `callAt` does. */
  addTimeout<A extends readonly unknown[]>(ms: number, callback: (...args: A) => unknown, ...args: A): TimeoutHandle {
    if (typeof ms !== 'number' || Number.isNaN(ms))
      throw new TypeError(`unsupported delay ${String(ms)}: give milliseconds`)
    const contexts = openContexts()
    const handle = new TimeoutHandle(() => {
      const call = (...given: A): unknown => (handle.removed ? undefined : callback(...given))
      within(contexts, () => this.addCallback(Object.defineProperty(call, 'name', { value: callback.name }), ...args))
    })
    this.#loop.startTimer(handle, Math.max(0, ms))
    return handle
  }

  /** The same as `addTimeout`. */
  callLater<A extends readonly unknown[]>(ms: number, callback: (...args: A) => unknown, ...args: A): TimeoutHandle {
    return this.addTimeout(ms, callback, ...args)
  }

  /** Calls `callback(...args)` at the instant `when` of `time()`. */
  callAt<A extends readonly unknown[]>(when: number, callback: (...args: A) => unknown, ...args: A): TimeoutHandle {
    return this.addTimeout(when - this.time(), callback, ...args)
  }

  /** Forgets a timer. Does no harm to one that has fired; one that is due, but has not run yet, does not run. */
  removeTimeout(handle: TimeoutHandle): void {
    handle.removed = true
    if (handle.bucket !== null) this.#loop.stopTimer(handle)
  }

  /** What is done about a callback that failed: it is logged. Replace it to do something else. */
  handleCallbackException(callback: AnyFunction, error: unknown): void {
    logFault(callback, error)
  }

  // -- sockets

  /**
   * Calls `handler(source, events)` whenever the source (a socket or a server of `node:net`) has one of `events`, a sum of `READ`,
   * `WRITE` and `ERROR`; again in each turn, as long as it has. A second handler for a source is a `UsageError`.
   */
  addHandler<S extends EventSource>(source: S, handler: EventHandler<S>, events: number): void {
    this.#handlers.add(source, handler as EventHandler<EventSource>, events)
  }

  /** Changes what is listened for. */
  updateHandler(source: EventSource, events: number): void {
    this.#handlers.update(source, events)
  }

  /** Stops listening; also to what has happened and was not told yet. A source that is not known does no harm. */
  removeHandler(source: EventSource): void {
    this.#handlers.remove(source)
  }

  // -- work elsewhere

  /** Runs a function by `executor`, or by the default one; gives its result. */
  runInExecutor<A extends readonly unknown[], T>(
    executor: Executor | null,
    work: (...args: A) => T,
    ...args: A
  ): Future<Awaited<T>> {
    const chosen = executor ?? this.#executor
    if (chosen === null) throw new UsageError('no executor: give one, or setDefaultExecutor(executor) first')
    const future = new Future<Awaited<T>>(`${work.name || 'work'} in an executor`)
    Promise.resolve(chosen.submit(work as AnyFunction, ...args)).then(
      (value) => void future.tryResolve(value as Awaited<T>),
      (error: unknown) => void future.tryReject(error),
    )
    return future
  }

  setDefaultExecutor(executor: Executor): void {
    this.#executor = executor
  }

  /** @internal */
  get engine(): Loop {
    return this.#loop
  }
}

/** Runs functions elsewhere. */
export interface Executor {
  submit(work: AnyFunction, ...args: readonly unknown[]): PromiseLike<unknown> | Operation<unknown>
}

const started = fn(function* start(loop: IOLoop): Body<void> {
  const stopping = loop.stopping
  if (stopping === null) return
  try {
    yield* stopping
  } finally {
    loop.leave(stopping)
  }
})

const LATE = Symbol('late')

const ranSync = fn(function* runSync(loop: IOLoop, main: () => unknown, timeoutMs: number): Body<unknown> {
  const stopping = loop.stopping
  if (stopping === null) throw new StoppedError()
  try {
    const result = yield* timeoutOr(timeoutMs, LATE, race([mainOf(main), stoppedBy(stopping)]))
    if (result === LATE) throw new TimeoutError(timeoutMs, 'Operation')
    return result
  } finally {
    loop.leave(stopping)
  }
})

const stoppedBy = fn(function* stopped(stopping: EngineFuture<void>): Body<never> {
  yield* stopping
  throw new StoppedError()
})

const mainOf = fn(function* main(start: () => unknown): Body<unknown> {
  const given = start()
  if (given === undefined || given === null) return given
  const operation = operationFor(given)
  try {
    return yield* operation
  } finally {
    // Cancelled, or too late: what was begun ends with it, and its cleanup is awaited.
    if (given instanceof Future && given.cancel('runSync has ended')) yield* allSettled([given])
  }
})
