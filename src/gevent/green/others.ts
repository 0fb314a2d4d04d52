import { faceClass, faceOf, type Green, mapped, type Returned, thingOf } from '../../green/index.ts'
import { park, parkable } from '../../green/runtime/index.ts'
import type { AnyModule, ArgumentsOf, FunctionName, ReturnOf } from '../../offload/index.ts'
import * as asserts from '../assert-switches.ts'
import type * as results from '../async-result.ts'
import * as raw from '../raw-greenlet.ts'
import * as selects from '../select.ts'
import * as pools from '../thread-pool.ts'
import type { TimeLimit } from '../timed-wait.ts'
import { AsyncResult } from './sync.ts'

/** Waits until one of `readers` can be read, or of `writers` written; see `select` of `fibril/gevent`. */
export const select = parkable(function select<R extends object, W extends object>(
  readers: readonly R[],
  writers: readonly W[] = [],
  timeout?: TimeLimit,
): [readable: R[], writable: W[]] {
  const faces = new Map<unknown, R | W>([...readers, ...writers].map((face) => [thingOf(face), face]))
  const things = (list: readonly object[]) => list.map((face) => thingOf(face) as selects.Selectable)
  const found = selects.select(things(readers), things(writers), timeout)
  return park(mapped(found, (lists) => lists.map((list) => list.map((thing) => faces.get(thing))) as [R[], W[]]))
})

/** Runs `body`, and makes sure that it lets other greenlets run. */
export const assertSwitches = parkable(function assertSwitches<R>(
  body: () => R,
  options?: asserts.AssertSwitchesOptions,
): Returned<R> {
  return park(asserts.assertSwitches(body, options))
})

/** Threads that run the functions of a module; see `ThreadPool` of `fibril/gevent`. */
export interface ThreadPool<M extends object = AnyModule>
  extends Green<pools.ThreadPool<M>, 'maxsize' | 'size' | 'join' | 'kill'> {
  /** Calls a function of the module in a thread, when there is room: gives the result that is to come. */
  spawn<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): AsyncResult<ReturnOf<M, K>>
  /** Calls a function of the module in a thread, and waits for its result. */
  apply<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): ReturnOf<M, K>
  /** Calls a function of the module with each item, in threads. */
  map<K extends FunctionName<M>>(name: K, items: Iterable<ArgumentsOf<M, K>[0]>): ReturnOf<M, K>[]
}
export const ThreadPool: new <M extends object = AnyModule>(
  module: string | URL,
  options?: pools.ThreadPoolOptions,
) => ThreadPool<M> = faceClass<pools.ThreadPool, never>(
  pools.ThreadPool,
  ['maxsize', 'size', 'join', 'kill', 'spawn', 'apply', 'map'],
  { results: { spawn: (result: results.AsyncResult) => faceOf(AsyncResult as never, result) } },
)

const rawNames = ['name', 'dead', 'started', 'switch', 'throw', 'toString'] as const

/** A function that runs when it is switched to; see `greenlet` of `fibril/gevent`. */
export interface greenlet extends Green<raw.greenlet, (typeof rawNames)[number]> {
  /** Who is switched to when it ends. */
  readonly parent: greenlet | null
}
export const greenlet: {
  new (run: (...args: never[]) => unknown, parent?: greenlet): greenlet
  getcurrent(): greenlet
} = Object.assign(
  faceClass<raw.greenlet, never>(raw.greenlet, [...rawNames, 'parent'], {
    create: (run: (...args: never[]) => unknown, parent?: greenlet) =>
      new raw.greenlet(run, parent === undefined ? undefined : (thingOf(parent) as raw.greenlet)),
    results: { parent: (parent: raw.greenlet | null) => parent && faceOf(greenlet as never, parent) },
  }) as object,
  { getcurrent: () => faceOf(greenlet as never, raw.greenlet.getcurrent()) },
) as never
