/**
 * For the functions that a pool runs: what they may know of their call. Loaded by the module that a pool serves, and only by
 * those that need it: a worker keeps account of the calls of such a module, which costs each a little.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { UsageError } from '../../core/index.ts'
import { type CurrentCall, tracking } from '../current-call.ts'

export type { CurrentCall } from '../current-call.ts'

const current = new AsyncLocalStorage<CurrentCall>()
const stores = new Map<string, AsyncLocalStorage<unknown>>()

tracking.enter = (call, inner) => {
  let run = inner
  for (const [key, store] of stores) {
    if (!(key in call.context)) continue
    const within = run
    run = () => store.run(call.context[key], within)
  }
  return current.run(call, run)
}

/**
 * The call that this code runs in, also after it has waited: its signal, its progress, what it was carried. A `UsageError`
 * where there is none.
 *
 * ```ts
 * import { isMainThread } from 'node:worker_threads'
 * import { ThreadPool } from 'fibril/offload'
 * import { call } from 'fibril/offload/worker'
 *
 * export async function count(to: number): Promise<number> {
 *   for (let n = 1; n <= to && !call().signal.aborted; n++) {
 *     await null
 *     call().progress(n / to)
 *   }
 *   return to
 * }
 *
 * if (isMainThread) {
 *   await using pool = new ThreadPool<{ count: typeof count }>(import.meta.url)
 *   const told: unknown[] = []
 *   await pool.with({ onProgress: (share) => told.push(share) }).submit('count', 2)
 *   console.log(told.join()) // => 0.5,1
 * }
 * ```
 */
export function call(): CurrentCall {
  const found = current.getStore()
  if (found === undefined) throw new UsageError('call() is for functions that a pool runs: no call runs here')
  return found
}

/**
 * From now on, what a pool carries over (`carry`) under one of these keys is the store of that `AsyncLocalStorage`, while a call
 * runs that brings it. Say it once, where the module that the pool runs begins.
 */
export function restore(storages: Readonly<Record<string, AsyncLocalStorage<unknown>>>): void {
  for (const [key, store] of Object.entries(storages)) stores.set(key, store)
}
