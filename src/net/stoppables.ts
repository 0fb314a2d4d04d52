import type { Operation } from '../core/index.ts'

/** What can be stopped gracefully: a server that serves. */
export interface Stoppable {
  /**
   * `linger` is a part of the grace, for those whose protocol can tell a client that a connection ends (HTTP); clients of others find
   * out by the end of their input.
   */
  stop(options: { readonly grace: number; readonly linger: number }): Operation<void> | PromiseLike<void>
}

const key = Symbol.for('fibril.stoppables')
const place = globalThis as { [key]?: Set<Stoppable> }
place[key] ??= new Set()

/** @internal What serves in this thread, by all copies of the package: for whoever ends the process gracefully. */
export const stoppables: Set<Stoppable> = place[key]
