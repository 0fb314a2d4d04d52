import { faceClass, type Green, type Returned } from '../../green/index.ts'
import * as results from '../async-result.ts'
import * as events from '../event.ts'
import * as queues from '../queue.ts'
import * as rlocks from '../rlock.ts'
import * as semaphores from '../semaphore.ts'
import * as waiters from '../waiter.ts'
import { iterable } from './steps.ts'

const eventNames = ['isSet', 'ready', 'set', 'clear', 'wait', 'unlink', 'toString'] as const

/** A flag that greenlets wait for. */
export interface Event extends Green<events.Event, (typeof eventNames)[number]> {}
export const Event: new () => Event = faceClass(events.Event, eventNames)

const resultNames = [
  ...(['ready', 'successful', 'value', 'exception', 'set', 'setException', 'get', 'getNowait', 'wait'] as const),
  ...(['cancel', 'cancelled', 'then', 'toString'] as const),
] as const

/** A value, or an error, that comes later. */
export interface AsyncResult<T = unknown> extends Green<results.AsyncResult<T>, (typeof resultNames)[number]> {}
export const AsyncResult: new <T = unknown>() => AsyncResult<T> = faceClass(results.AsyncResult, resultNames)

const waiterNames = ['ready', 'successful', 'exception', 'switch', 'throw', 'clear', 'get'] as const

/** Hands one value to one greenlet. */
export interface Waiter<T = unknown> extends Green<waiters.Waiter<T>, (typeof waiterNames)[number]> {}
export const Waiter: new <T = unknown>() => Waiter<T> = faceClass(waiters.Waiter, waiterNames)

const exchangeNames = [
  ...(['maxsize', 'qsize', 'size', 'empty', 'full', 'isShutdown', 'put', 'putNowait', 'get', 'getNowait'] as const),
  ...(['forEach', 'shutdown', 'toString'] as const),
] as const
const queueNames = [
  ...exchangeNames,
  ...(['peek', 'peekNowait', 'unfinishedTasks', 'taskDone', 'join'] as const),
] as const

/** Hands items from greenlets that put to greenlets that get; `for…of` ends with `StopIteration`. */
export interface Queue<T = unknown> extends Green<queues.Queue<T>, (typeof queueNames)[number]>, Iterable<T> {}

const itself = (item: unknown): unknown => item
const queueFace = <F>(source: abstract new (...args: never[]) => queues.Queue): F =>
  iterable(faceClass<queues.Queue>(source, queueNames), itself) as unknown as F

export const Queue: new <T = unknown>(maxsize?: number | null, items?: Iterable<T>) => Queue<T> = queueFace(
  queues.Queue,
)
export const JoinableQueue: typeof Queue = Queue
export const LifoQueue: typeof Queue = queueFace(queues.LifoQueue)
export const PriorityQueue: new <T = unknown>(
  maxsize?: number | null,
  items?: Iterable<T>,
  options?: { readonly compare?: (a: T, b: T) => number },
) => Queue<T> = queueFace(queues.PriorityQueue)

/** A queue without room: who puts waits for who gets. */
export interface Channel<T = unknown> extends Green<queues.Channel<T>, (typeof exchangeNames)[number]>, Iterable<T> {}
export const Channel: new <T = unknown>() => Channel<T> = iterable(
  faceClass(queues.Channel, exchangeNames),
  itself,
) as never

interface With {
  /** Runs `body` while it is held. */
  with<R>(body: () => R): Returned<R>
}

const semaphoreNames = [
  ...(['counter', 'locked', 'ready', 'acquire', 'tryAcquire', 'release', 'wait', 'toString'] as const),
] as const

/** A number of permits. */
export interface Semaphore extends Green<semaphores.Semaphore, (typeof semaphoreNames)[number]>, With {}
export const Semaphore: new (value?: number) => Semaphore = faceClass(semaphores.Semaphore, [...semaphoreNames, 'with'])
export const BoundedSemaphore: new (value?: number) => Semaphore = faceClass(semaphores.BoundedSemaphore, [
  ...semaphoreNames,
  'with',
])

const dummyNames = ['locked', 'ready', 'acquire', 'release'] as const

/** Looks like a semaphore, and never keeps anybody waiting. */
export interface DummySemaphore extends Green<semaphores.DummySemaphore, (typeof dummyNames)[number]>, With {}
export const DummySemaphore: new () => DummySemaphore = faceClass(semaphores.DummySemaphore, [...dummyNames, 'with'])

const rlockNames = ['locked', 'acquire', 'release', 'toString'] as const

/** A lock that who holds it may acquire again. */
export interface RLock extends Green<rlocks.RLock, (typeof rlockNames)[number]>, With {}
export const RLock: new () => RLock = faceClass(rlocks.RLock, [...rlockNames, 'with'])
