import { type Body, fn, type Operation } from '../core/index.ts'
import { callTo } from '../green/index.ts'

/** A function of users, of any of the three kinds: a generator function, an async or plain one, or green code. */
export type Run<A extends readonly unknown[] = readonly never[], R = unknown> = (...args: A) => R

type Method = (this: unknown, ...args: readonly unknown[]) => Operation<unknown>
const methods = new WeakMap<object, Method>()

/** The operation that calls `method` of `self`. */
export function callMethod(self: object, method: Run, args: readonly unknown[]): Operation<unknown> {
  let call = methods.get(method)
  if (call === undefined) {
    call = fn(method as unknown as (...args: readonly unknown[]) => Body<unknown>) as Method
    methods.set(method, call)
  }
  return call.apply(self, args as unknown[])
}

/** The operation that calls `run`. */
export function callRun(run: Run, args: readonly unknown[]): Operation<unknown> {
  return callTo(run as unknown as (...args: readonly unknown[]) => unknown, args)
}

/** A `TypeError` unless `run` can be called. */
export function checkCallable(run: unknown): void {
  if (typeof run !== 'function') throw new TypeError(`a greenlet runs a function, and not ${describe(run)}`)
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? `an object (${value.constructor?.name ?? 'Object'})` : `a ${typeof value}`
}
