/**
 * What goes over the wire between a pool and a worker.
 *
 *   pool ─▶ worker      Boot, once; then batches of calls, and KNOCK when calls were left in their slots; AskToEnd; Grant; Leave,
 *                       at last
 *   worker ─▶ pool      Ready or Unloadable, once; then a Reply for each call whose result is not left in its slot (slots.ts),
 *                       and KNOCK when some were left; before the reply, Told: results of a stream, and progress
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
  /** The call that is made before any other, if there is one. */
  readonly start: HookCall | null
}

/** A call that a worker makes as it starts, or as it leaves: the name of a function, and its arguments. */
export type HookCall = readonly [name: string, ...args: unknown[]]

/** A call that waits for something need not be finished: nobody wants its result. */
export interface AskToEnd {
  readonly end: number
}

/** A stream may make so many results more. */
export interface Grant {
  readonly grant: number
  readonly id: number
}

/** No call will come any more: make this last one, and end. */
export interface Leave {
  readonly leave: HookCall
}

/** `CALL` fields for each call: its slot, its id, the index of its function and two flags, its arguments. */
export type Calls = unknown[]
export const CALL = 4
/** The flags: it may be long; and in place of its arguments there is `[Extra, arguments]`. The index is above these two bits. */
export const BIG = 1
export const SPECIAL = 2
export const INDEX_SHIFT = 2

/** What some calls bring besides their arguments. */
export interface Extra {
  /** The results are wanted one by one, so many at first. */
  readonly results?: number
  /** Somebody listens to its progress. */
  readonly progress?: true
  /** Somebody wants to know what it took. */
  readonly usage?: true
  /** What was carried over from the context of its submitter. */
  readonly context?: Readonly<Record<string, unknown>>
}

export type ToWorker = Boot | AskToEnd | Grant | Leave | Calls | typeof KNOCK

/** The worker has loaded the module. The index of a function is its place here. */
export interface Ready {
  readonly ready: readonly string[]
}

/** The worker cannot load the module. */
export interface Unloadable {
  readonly unloadable: Thrown
}

/** Results, or calls, wait in their slots. */
export const KNOCK = 0

/** Slot, how it ended, the result or a `Thrown`, how long it ran in µs, and what it used, if that was measured. */
export type Reply = [slot: number, how: number, value: unknown, micros: number, usage?: WireUsage]

/** Processor time in µs, or -1; the most that was ever resident in KiB, or -1. */
export type WireUsage = readonly [cpuMicros: number, maxRssKb: number]

/** What is told of a call that goes on: slot, what it is, the value, the id of the call. */
export type Told = [slot: number, what: typeof RESULTS | typeof PROGRESS, value: unknown, id: number]

export const RETURNED = 0
/** Returned after it had waited for something. */
export const RETURNED_LATER = 1
export const THREW = 2
export const THREW_LATER = 3
/** The result cannot be cloned. */
export const UNSENDABLE = 4
/** It was called as if it gave one result, and gives many; or the other way round. */
export const MISCALLED = 5
/** Told, not replied: some results of a stream; what a call says of its progress. */
export const RESULTS = 6
export const PROGRESS = 7

export type ToPool = Ready | Unloadable | Reply | Told | typeof KNOCK
