import type { TaskLocalOptions } from '../core/index.ts'
import * as core from '../core/index.ts'
import type { MapLimitOptions, QueueOptions, SemaphoreOptions } from '../sync/index.ts'
import * as sync from '../sync/index.ts'
import { type Action, callTo, type Returned } from './callbacks.ts'
import { type FaceClass, faceClass, faceOf, type Green, thingOf } from './face.ts'
import { canPark, park, parkable } from './runtime/index.ts'

/** What goes through a queue or channel until it is closed. */
class Items<T> implements IterableIterator<T, undefined> {
  readonly next: () => IteratorResult<T, undefined>

  constructor(exchange: sync.Queue<T>) {
    this.next = parkable(function next() {
      return park(exchange.next())
    })
  }

  [Symbol.iterator](): this {
    return this
  }
}

function iterable<F extends FaceClass>(face: F): F {
  const value = parkable(function iterator(this: unknown) {
    return new Items(thingOf(this) as sync.Queue<unknown>)
  })
  Object.defineProperty(face.prototype, Symbol.iterator, { value, configurable: true, writable: true })
  return face
}

const exchangeNames = ['name', 'capacity', 'size', 'closed', 'next', 'forEach', 'close', 'toString', 'stats'] as const
const queueNames = [
  ...exchangeNames,
  ...(['put', 'get', 'tryPut', 'tryGet', 'unfinished', 'taskDone', 'join'] as const),
] as const
const channelNames = [...exchangeNames, ...(['send', 'receive', 'trySend', 'tryReceive'] as const)] as const

/**
 * Hands items from tasks that put to tasks that get, in order. `put` waits while it is full, `get` while it is empty; `tryPut`
 * and `tryGet` never wait. `for…of` takes items until it is closed.
 *
 * ```ts green
 * import { Queue, spawn } from 'fibril/green'
 *
 * const jobs = new Queue<string>({ capacity: 2 })
 * spawn(() => {
 *   for (const job of ['a', 'b', 'c']) jobs.put(job)
 *   jobs.close()
 * })
 * for (const job of jobs) console.log(job)
 * // prints: a
 * // prints: b
 * // prints: c
 * ```
 */
export interface Queue<T> extends Green<sync.Queue<T>, (typeof queueNames)[number]>, Iterable<T>, AsyncIterable<T> {}
export const Queue: new <T>(options?: QueueOptions<T>) => Queue<T> = iterable(faceClass(sync.Queue, queueNames))

/** A queue without room: who sends waits for who receives. */
export interface Channel<T>
  extends Green<sync.Channel<T>, (typeof channelNames)[number]>,
    Iterable<T>,
    AsyncIterable<T> {}
export const Channel: new <T>(options?: { readonly name?: string }) => Channel<T> = iterable(
  faceClass(sync.Channel, channelNames),
)

const eventNames = ['name', 'isSet', 'set', 'clear', 'wait', 'toString', 'stats'] as const

/** A flag that tasks wait for: `set` wakes all who wait; who comes while it is set does not wait. */
export interface Event extends Green<sync.Event, (typeof eventNames)[number]> {}
export const Event: new (options?: { readonly name?: string }) => Event = faceClass(sync.Event, eventNames)

/** What a body that runs while something is held looks like. */
interface Holding {
  /** Calls `body` with `args` while holding it. */
  with<A extends readonly unknown[], R>(body: Action<A, R>, ...args: A): Returned<R>
}
const bodyFirst = (body: Action<unknown[], unknown>, ...args: unknown[]): unknown[] => [callTo(body, args)]
const withBody = { args: { with: bodyFirst } }

const lockNames = ['name', 'locked', 'owner', 'acquire', 'tryAcquire', 'release', 'toString', 'stats'] as const

/**
 * Mutual exclusion: one task at a time holds it, and only that may release it. A lock that is released goes to whoever has
 * waited longest.
 *
 * ```ts green
 * import { Lock, sleep, spawn } from 'fibril/green'
 *
 * const lock = new Lock({ name: 'account' })
 * let balance = 100
 * function take(amount: number) {
 *   const before = balance
 *   sleep(1)
 *   balance = before - amount
 * }
 * const tasks = [30, 50].map((amount) => spawn(() => lock.with(take, amount)))
 * for (const task of tasks) task.join()
 * console.log(balance) // prints: 20
 * ```
 */
export interface Lock extends Green<sync.Lock, (typeof lockNames)[number]>, Holding, Disposable {}
export const Lock: new (options?: { readonly name?: string }) => Lock = faceClass(
  sync.Lock,
  [...lockNames, 'with'],
  withBody,
)

/** A `Lock` that the task which holds it may acquire again, without waiting; it is free after as many releases. */
export interface ReentrantLock extends Lock {}
export const ReentrantLock: new (options?: { readonly name?: string }) => ReentrantLock = faceClass(
  sync.ReentrantLock,
  [...lockNames, 'with'],
  withBody,
)

const semaphoreNames = ['name', 'limit', 'available', 'acquire', 'tryAcquire', 'release', 'toString', 'stats'] as const

/** A number of permits. `acquire` takes one, and waits while none is free. */
export interface Semaphore extends Green<sync.Semaphore, (typeof semaphoreNames)[number]>, Holding, Disposable {}
export const Semaphore: new (permits: number, options?: SemaphoreOptions) => Semaphore = faceClass(
  sync.Semaphore,
  [...semaphoreNames, 'with'],
  withBody,
)

const conditionNames = ['name', 'wait', 'waitFor', 'notify', 'notifyAll', 'toString', 'stats'] as const

/** Waits for a change of what a lock protects: `wait` lets go of the lock until somebody calls `notify`. */
export interface Condition extends Green<sync.Condition, (typeof conditionNames)[number]> {
  /** The lock that a task must hold to wait. */
  readonly lock: Lock
}
export const Condition: new (options?: { readonly name?: string; readonly lock?: Lock }) => Condition = faceClass(
  sync.Condition,
  [...conditionNames, 'lock'],
  {
    create: ({ lock, ...rest }: { readonly name?: string; readonly lock?: Lock } = {}) =>
      new sync.Condition(lock === undefined ? rest : { ...rest, lock: thingOf(lock) as sync.Lock }),
    results: {
      lock: (lock: sync.Lock) => faceOf<Lock>(lock instanceof sync.ReentrantLock ? ReentrantLock : Lock, lock),
    },
  },
)

const barrierNames = ['name', 'parties', 'broken', 'wait', 'reset', 'toString', 'stats'] as const

/** A place where `parties` tasks wait for one another: the last to come lets all of them go on. */
export interface Barrier extends Green<sync.Barrier, (typeof barrierNames)[number]> {}
export const Barrier: new (parties: number, options?: { readonly name?: string }) => Barrier = faceClass(
  sync.Barrier,
  barrierNames,
)

const limitNames = ['toString', 'stats'] as const

/** Runs at most `concurrency` bodies at once; the others wait in line. */
export interface Limit extends Green<sync.Limit, (typeof limitNames)[number]> {
  /** Calls `body` with `args` when its turn has come; gives its result. */
  run<A extends readonly unknown[], R>(body: Action<A, R>, ...args: A): Returned<R>
}
export const Limit: new (concurrency: number, options?: { readonly name?: string }) => Limit = faceClass(
  sync.Limit,
  [...limitNames, 'run'],
  { args: { run: bodyFirst } },
)

/**
 * Calls `body` with each item, at most `concurrency` at once, and gives the results. The first failure cancels the calls
 * that run, waits for their cleanup, and is thrown.
 *
 * ```ts green
 * import { mapLimit, sleep } from 'fibril/green'
 *
 * const double = (n: number) => {
 *   sleep(n)
 *   return 2 * n
 * }
 * console.log(mapLimit([3, 1, 2], double, { concurrency: 2 }).join()) // prints: 6,2,4
 * ```
 */
export const mapLimit = parkable(function mapLimit<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  body: (item: T, index: number) => R,
  options: MapLimitOptions,
): Returned<R>[] {
  const source = thingOf(items) as Iterable<T>
  return park(sync.mapLimit(source, body as unknown as (item: T, index: number) => Returned<R>, options))
})

const futureNames = [
  'stats',
  'name',
  'settled',
  'resolve',
  'reject',
  'tryResolve',
  'tryReject',
  'wait',
  'then',
  'toString',
] as const

/** A value that comes later, settled by hand and waited for by any number of tasks. */
export interface Future<T> extends Green<core.Future<T>, (typeof futureNames)[number]> {}
export const Future: new <T>(name?: string) => Future<T> = faceClass(core.Future, futureNames)

/**
 * A value that belongs to one task, and is disposed when that ends, however it ends. `create` and `dispose` may park.
 *
 * ```ts green
 * import { sleep, TaskLocal } from 'fibril/green'
 *
 * const connection = new TaskLocal({
 *   create() {
 *     sleep(1)
 *     return { open: true }
 *   },
 *   dispose: () => sleep(1),
 * })
 * console.log(connection.get().open) // prints: true
 * ```
 */
export interface TaskLocal<T> extends Green<core.TaskLocal<T>, 'get' | 'set' | 'has' | 'delete'> {}
export const TaskLocal: new <T>(options?: TaskLocalOptions<T>) => TaskLocal<T> = faceClass(
  class<T> extends core.TaskLocal<T> {
    readonly #create: (() => T) | undefined

    constructor({ create, dispose }: TaskLocalOptions<T> = {}) {
      super({
        ...(create === undefined ? {} : { create }),
        ...(dispose === undefined
          ? {}
          : { dispose: (value: T, ending: core.TaskEnding) => callTo(dispose, [value, ending]) }),
      })
      this.#create = create
    }

    override get(): T {
      if (this.#create === undefined || this.has() || !canPark()) return super.get()
      // An operation, on which the face parks.
      return createLocal(this, this.#create as () => unknown) as T
    }
  },
  ['get', 'set', 'has', 'delete'],
)

const createLocal = core.fn(function* create(local: { set(value: never): void }, make: () => unknown) {
  const value = (yield* callTo(make, [])) as never
  local.set(value)
  return value
})
