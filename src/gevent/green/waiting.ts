import { type FaceOf, faceClass, faceOf, type Returned, thingOf } from '../../green/index.ts'
import { park, parkable } from '../../green/runtime/index.ts'
import type { Run } from '../bodies.ts'
import type { Throwable } from '../errors.ts'
import type { Linkable } from '../links.ts'
import * as sleeping from '../sleep.ts'
import type { TimeLimit } from '../timed-wait.ts'
import * as timeouts from '../timeout.ts'
import type { WaitOptions } from '../wait-options.ts'
import * as base from '../waiting.ts'
import { faceFor, withFaces } from './faces.ts'
import { iterable } from './steps.ts'

/** Waits for `ms` milliseconds; `sleep(0)` lets all greenlets that are ready run once. */
export const sleep = parkable(function sleep(ms?: number): void {
  return park(sleeping.sleep(ms))
})

/** Waits until all that is ready has run, and all that is due. */
export const idle = parkable(function idle(): void {
  return park(sleeping.idle())
})

/** Waits for greenlets to end, and gives those that have, in the order in which they did. */
export const joinall = parkable(function joinall<G extends object>(
  greenlets: Iterable<G>,
  options?: base.JoinallOptions,
): G[] {
  return park(withFaces(base.joinall(things(greenlets), options))) as unknown as G[]
})

/** Kills greenlets, and waits until all have ended. */
export const killall = parkable(function killall(
  greenlets: Iterable<object>,
  exception?: Throwable,
  options?: WaitOptions,
): void {
  return park(base.killall(things(greenlets) as unknown as base.Killable[], exception, options))
})

/** Waits for objects: those that became ready, in that order; without objects, until the loop has nothing left to do. */
export const wait: {
  (objects?: null, options?: base.WaitManyOptions): boolean
  <L extends object>(objects: Iterable<L>, options?: base.WaitManyOptions): L[]
} = parkable(function wait(objects?: Iterable<object> | null, options?: base.WaitManyOptions): unknown {
  if (objects === undefined || objects === null) return park(base.wait(null, options))
  return park(withFaces(base.wait(things(objects), options)))
}) as never

/** What becomes ready, one by one. Leaving the loop over it unlinks the rest. */
export interface Ready<L> extends Iterable<L>, Disposable, FaceOf<base.Ready<never>> {
  close(): void
}

/** Gives objects in the order in which they become ready: `for (const object of iwait(objects))`. */
export function iwait<L extends object>(objects: Iterable<L>, options?: base.WaitManyOptions): Ready<L> {
  return faceOf(ReadyFace, base.iwait(things(objects), options))
}

const ReadyFace = iterable(faceClass(base.Ready, ['close']), faceFor)

function things(objects: Iterable<object>): Linkable[] {
  return Array.from(objects, (object) => thingOf(object) as Linkable)
}

/** A limit of time, as that of `fibril/gevent`; `with` is a plain call. */
export interface Timeout extends Omit<timeouts.Timeout, 'with'> {
  /** Runs `body` for as long as the time lets it; see `Timeout` of `fibril/gevent`. */
  with<R>(body: (timeout: this) => R): Returned<R> | undefined
}

class BlockingTimeout extends timeouts.Timeout {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof timeouts.Timeout
  }

  static override startNew(ms: TimeLimit, exception: timeouts.TimeoutException = null): BlockingTimeout {
    const timeout = new BlockingTimeout(ms, exception)
    timeout.start()
    return timeout
  }
}
Object.defineProperty(BlockingTimeout.prototype, 'with', {
  value: parkable(function withTimeout(this: unknown, body: Run): unknown {
    return park(timeouts.Timeout.prototype.with.call(this as timeouts.Timeout, body as never))
  }),
  configurable: true,
  writable: true,
})
Object.defineProperty(BlockingTimeout, 'name', { value: 'Timeout' })

export const Timeout: {
  new (ms: TimeLimit, exception?: timeouts.TimeoutException): Timeout
  startNew(ms: TimeLimit, exception?: timeouts.TimeoutException): Timeout
} = BlockingTimeout as never

/** Runs `body` for at most `ms` milliseconds; then a `Timeout`, or `timeoutValue` if that is given. */
export const withTimeout = parkable(function withTimeout<R, const V = never>(
  ms: TimeLimit,
  body: () => R,
  options?: { readonly timeoutValue?: V },
): Returned<R> | V {
  return park(timeouts.withTimeout(ms, body, options))
})
