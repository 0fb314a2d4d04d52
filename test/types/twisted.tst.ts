// What users of fibril/twisted see: the types of results flow through the chain.
import { type Body, fn, sleep } from 'fibril'
import {
  type CancelledError,
  Deferred,
  DeferredList,
  DeferredLock,
  DeferredQueue,
  DeferredSemaphore,
  ensureDeferred,
  execute,
  Failure,
  fail,
  fromPromise,
  gatherResults,
  inlineCallbacks,
  type ListEntry,
  maybeDeferred,
  race,
  succeed,
  toPromise,
} from 'fibril/twisted'
import type { Equal, Expect } from './expect.ts'

const text = new Deferred<string>()

// -- the chain

const length = text.addCallback((value) => value.length)
const withArgs = text.addCallback((value, unit: string, times: number) => `${value}${unit}${times}`, 'ms', 2)
const mended = length.addErrback(() => null)
const either = text.addCallbacks(
  (value) => [value],
  (failure) => failure.check(RangeError),
)
const onlyCallback = text.addCallbacks((value) => value.length, null)
const both = text.addBoth((result) => (result instanceof Failure ? -1 : result.length))
const flat = text.addCallback((value) => new Deferred<number>().addCallback((n) => value.length + n))
const promised = text.addCallback(async (value) => value.length)
const failing = text.addCallback((value) => (value === '' ? new Failure(new Error('empty')) : value.length))
const throwing = text.addCallback((): never => {
  throw new Error('no')
})
const timed = text.addTimeout(100)
const timedInstead = text.addTimeout(100, null, (_, ms) => ms)

export type Chains = [
  Expect<Equal<typeof length, Deferred<number>>>,
  Expect<Equal<typeof withArgs, Deferred<string>>>,
  Expect<Equal<typeof mended, Deferred<number | null>>>,
  Expect<Equal<typeof either, Deferred<string[] | RangeErrorConstructor | null>>>,
  Expect<Equal<typeof onlyCallback, Deferred<number>>>,
  Expect<Equal<typeof both, Deferred<number>>>,
  Expect<Equal<typeof flat, Deferred<number>>>,
  Expect<Equal<typeof promised, Deferred<number>>>,
  Expect<Equal<typeof failing, Deferred<number>>>,
  Expect<Equal<typeof throwing, Deferred<never>>>,
  Expect<Equal<typeof timed, Deferred<string>>>,
  Expect<Equal<typeof timedInstead, Deferred<string | number>>>,
]

// @ts-expect-error: extra arguments must fit the callback
text.addCallback((value, unit: string) => value + unit, 5)
// @ts-expect-error: a result must be of the type of the Deferred
text.callback(5)
// @ts-expect-error: only a Deferred of nothing fires without a result
text.callback()
new Deferred<void>().callback()
text.callback(new Deferred<string>())
text.callback(Promise.resolve('text'))
text.callback(new Failure(new Error('no')))

export const wide: Deferred<unknown> = text
export const wider: Deferred<string | number> = text

// -- made of what is there

export type Made = [
  Expect<Equal<ReturnType<typeof succeed<number>>, Deferred<number>>>,
  Expect<Equal<ReturnType<typeof gather>, Deferred<[number, string]>>>,
]
const gather = () => gatherResults([succeed(1), succeed('two')])

export const made: [Deferred<void>, Deferred<number>, Deferred<number>, Deferred<never>, Deferred<string>] = [
  succeed(),
  succeed(succeed(1)),
  succeed(Promise.resolve(1)),
  fail(new Error('no')),
  fail<string>(new Error('no')),
]
export const called: [Deferred<number>, Deferred<number>, Deferred<number>, Deferred<void>] = [
  maybeDeferred((n: number) => n, 1),
  maybeDeferred(async (n: number) => n, 1),
  execute((n: number) => succeed(n), 1),
  ensureDeferred(sleep(1)),
]
export const promises: [Deferred<number>, Promise<string>] = [
  fromPromise((signal: AbortSignal) => Promise.resolve(signal.aborted ? 0 : 1)),
  toPromise(text),
]

// -- several

const list = new DeferredList([text])
const first = new DeferredList([text], { fireOnOneCallback: true })
const winner = race([text, text])

export type Several = [
  Expect<Equal<Awaited<typeof list>, ListEntry<string>[]>>,
  Expect<Equal<Awaited<typeof first>, readonly [result: string, index: number]>>,
  Expect<Equal<typeof winner, Deferred<[index: number, result: string]>>>,
]

// -- waiting

export const inTask = fn(function* (): Body<number> {
  const value: string = yield* text
  const lock: DeferredLock = yield* new DeferredLock().acquire()
  const semaphore: DeferredSemaphore = yield* new DeferredSemaphore(1).acquire()
  const item: number = yield* new DeferredQueue<number | Promise<number>>().get()
  return value.length + item + Number(lock.locked) + semaphore.tokens
})

const body = inlineCallbacks(function* (name: string, times: number) {
  const value = yield* text
  const untyped = yield text
  return [name, value, times, untyped] as const
})
const asyncBody = inlineCallbacks(async (n: number) => `${n}${await text}`)
const method = {
  factor: 2,
  times: inlineCallbacks(function* (this: { factor: number }, n: number) {
    return (yield* succeed(n)) * this.factor
  }),
}
const product = method.times(3)

export type Bodies = [
  Expect<
    Equal<
      typeof body,
      (this: void, name: string, times: number) => Deferred<readonly [string, string, number, unknown]>
    >
  >,
  Expect<Equal<typeof asyncBody, (this: void, n: number) => Deferred<string>>>,
  Expect<Equal<typeof product, Deferred<number>>>,
]

export async function awaits(): Promise<string> {
  const value = await text
  return value
}

export const cancelled = (failure: Failure, kind: typeof CancelledError): boolean => failure.check(kind) === kind
