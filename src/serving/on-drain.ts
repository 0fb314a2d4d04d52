import type { Operation } from '../core/index.ts'
import { type Stoppable, stoppables } from '../net/index.ts'

/**
 * In a worker: has `drain` called when it is to end, for what no server knows of, such as the connections of WebSockets that are to
 * be told, or a consumer of messages that is to take no more. What it gives is waited for, for at most `grace` ms. Returns how to
 * take it back. Where there is no supervisor it is never called.
 *
 * ```ts
 * import { onDrain } from 'fibril/serving'
 *
 * const remove = onDrain(async ({ grace }) => console.log(`ends within ${grace} ms`))
 * remove()
 * ```
 */
export function onDrain(
  drain: (options: { readonly grace: number }) => Operation<void> | PromiseLike<void> | void,
): () => void {
  const entry: Stoppable = { stop: async (options) => await drain(options) }
  stoppables.add(entry)
  return () => void stoppables.delete(entry)
}
