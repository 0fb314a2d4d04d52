/**
 * What goes over the wire between a pool and a worker.
 *
 *   pool ─▶ worker      Boot, once; then batches of calls; AskToEnd
 *   worker ─▶ pool      Ready or Unloadable, once; then a Reply for each call whose result is not left in its slot (slots.ts),
 *                       and KNOCK when some were left
 *
 * Calls come by message and not through shared memory: a worker that sleeps on memory (`Atomics.wait`) runs no promise of an
 * earlier call meanwhile, and arguments have to be cloned anyway. What is worth sharing is results, which are mostly small.
 *
 * A batch of calls is one flat array: to clone an array of numbers costs a fraction of cloning an object for each call.
 */
import type { Thrown } from './wire-error.ts'

/** The first message to a worker. */
export interface Boot {
  readonly boot: true
  /** URL of the module. */
  readonly module: string
  /** Null where nothing can be shared. */
  readonly slots: SharedArrayBuffer | null
}

/** A call that waits for something need not be finished: nobody wants its result. */
export interface AskToEnd {
  readonly end: number
}

/** `CALL` fields for each call: its slot, its id, the index of its function × 2 + 1 if it may be long, its arguments. */
export type Calls = unknown[]
export const CALL = 4

export type ToWorker = Boot | AskToEnd | Calls

/** The worker has loaded the module. The index of a function is its place here. */
export interface Ready {
  readonly ready: readonly string[]
}

/** The worker cannot load the module. */
export interface Unloadable {
  readonly unloadable: Thrown
}

/** Results wait in their slots. */
export const KNOCK = 0

/** Slot, how it ended, the result or a `Thrown`, how long it ran in µs. */
export type Reply = [slot: number, how: number, value: unknown, micros: number]

export const RETURNED = 0
/** Returned after it had waited for something. */
export const RETURNED_LATER = 1
export const THREW = 2
export const THREW_LATER = 3
/** The result cannot be cloned. */
export const UNSENDABLE = 4

export type ToPool = Ready | Unloadable | Reply | typeof KNOCK
