import { Deferred } from './deferred.ts'
import { Failure } from './failure.ts'

/**
 * A Deferred for a promise, or for what a function given an `AbortSignal` promises. Cancelling it aborts the signal, and
 * it fails with `CancelledError` at once: what the promise settles to is ignored then.
 *
 * ```ts
 * import { fromPromise } from 'fibril/twisted'
 *
 * fromPromise(Promise.resolve(41)).addCallback((n) => console.log(n + 1)) // prints: 42
 * ```
 */
export function fromPromise<T>(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)): Deferred<T> {
  const abort = new AbortController()
  const deferred = new Deferred<T>((cancelled) => {
    cancelled.giveUp(undefined)
    abort.abort()
  })
  const settle = (result: T | Failure): void => {
    if (!deferred.called) deferred.callback(result)
  }
  try {
    const promise = typeof source === 'function' ? source(abort.signal) : source
    promise.then(settle, (error) => settle(new Failure(error, true)))
  } catch (error) {
    settle(new Failure(error, true))
  }
  return deferred
}

/**
 * A promise for the result of a Deferred, which is left with none, and whose failure counts as dealt with. Aborting
 * `signal` cancels the Deferred.
 */
export function toPromise<T>(deferred: Deferred<T>, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    const cancel = (): void => deferred.cancel(signal?.reason)
    const over = (): void => signal?.removeEventListener('abort', cancel)
    deferred.addCallbacks(
      (result) => {
        over()
        resolve(result)
      },
      (failure) => {
        over()
        reject(failure.value)
      },
    )
    if (signal?.aborted) cancel()
    else if (!deferred.settled) signal?.addEventListener('abort', cancel, { once: true })
  })
}
