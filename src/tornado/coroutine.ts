import { spawn } from '../core/index.ts'
import { begin } from './begin.ts'
import { Future } from './future.ts'
import { Return, Runner } from './runner.ts'
import { YieldContext } from './yield-points.ts'
import { operationFor } from './yieldable.ts'

const GeneratorFunction = function* () {}.constructor
const coroutines = new WeakSet<object>()

/**
 * Makes a coroutine of a generator function: calling it runs it at once, to its first `yield`, and gives a `Future`.
 *
 * `yield x` waits for a future, promise, operation or task, or for a list or record of these, and gives an `unknown`;
 * `yield* future` does the same, with its type. `yield null` lets everybody else run. What has come already is given without
 * a turn of the loop. What the body throws is in the future, also what it throws at once. Cancelling the future ends the body
 * where it waits: its `finally` blocks run, its `catch` blocks do not.
 *
 * ```ts
 * import { coroutine, sleep } from 'fibril/tornado'
 *
 * const getUrl = coroutine(function* (url: string, ms: number) {
 *   yield sleep(ms)
 *   return `${url} took ${ms} ms`
 * })
 * const outer = coroutine(function* () {
 *   const first = yield* getUrl('URL1', 1)
 *   const rest = yield [getUrl('URL2', 2), getUrl('URL3', 1)]
 *   return [first, rest]
 * })
 * console.log((await outer()).flat().join(', ')) // => URL1 took 1 ms, URL2 took 2 ms, URL3 took 1 ms
 * ```
 */
export function coroutine<A extends readonly unknown[], T, This = void>(
  body: (this: This, ...args: A) => Generator<unknown, T, unknown>,
): (this: This, ...args: A) => Future<T>
export function coroutine<A extends readonly unknown[], T, This = void>(
  body: (this: This, ...args: A) => PromiseLike<T> | T,
): (this: This, ...args: A) => Future<T>
export function coroutine<A extends readonly unknown[]>(
  body: (...args: A) => unknown,
): (...args: A) => Future<unknown> {
  return make(body, false)
}

/** The same for the old style, in which `Callback`, `Wait`, `WaitAll` and `Task` may be yielded as well. */
export function engine<A extends readonly unknown[], T, This = void>(
  body: (this: This, ...args: A) => Generator<unknown, T, unknown>,
): (this: This, ...args: A) => Future<T> {
  return make(body as (...args: A) => unknown, true) as (this: This, ...args: A) => Future<T>
}

/** True for what `coroutine` or `engine` made. */
export function isCoroutineFunction(value: unknown): boolean {
  return typeof value === 'function' && coroutines.has(value)
}

function make<A extends readonly unknown[]>(
  body: (...args: A) => unknown,
  points: boolean,
): (...args: A) => Future<unknown> {
  const name = body.name || 'anonymous'
  const futureName = `coroutine ${name}`
  const options = { name }
  const generates = body instanceof GeneratorFunction
  const call = function (this: unknown, ...args: A): Future<unknown> {
    const future = new Future<unknown>(futureName)
    let made: unknown
    try {
      made = Reflect.apply(body, this, args)
    } catch (error) {
      if (error instanceof Return) future.setResult(error.value)
      else future.fail(error)
      return future
    }
    if (generates || isGenerator(made)) {
      const runner = new Runner(made as Generator, future, points ? new YieldContext() : null)
      future.follow(spawn.eager(() => runner, options))
    } else if (isThenable(made)) return begin(futureName, operationFor(made))
    else future.setResult(made)
    return future
  }
  Object.defineProperty(call, 'name', { value: body.name, configurable: true })
  Object.defineProperty(call, 'length', { value: body.length, configurable: true })
  coroutines.add(call)
  return call
}

function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Generator]'
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null)?.then === 'function'
}
