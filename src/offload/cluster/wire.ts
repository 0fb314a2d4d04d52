/**
 * What goes over the wire between a submitter and the workers of a cluster: values as V8 serializes them, which keeps what a
 * structured clone keeps. Only those who may run the module's functions anyway may be let near these subjects.
 */
import { deserialize, serialize } from 'node:v8'
import { UsageError } from '../../core/index.ts'
import type { Extra } from '../messages.ts'
import type { CallUsage } from '../pool.ts'
import { unsendable } from '../revive-error.ts'
import type { Thrown } from '../wire-error.ts'

/** What some calls bring besides their arguments. */
export interface CallExtra extends Extra {
  readonly priority?: number
}

/** A call in fast mode. The subject of its replies is its name. */
export type FastCall = readonly [name: string, args: readonly unknown[], extra?: CallExtra]

/** It still runs, or waits for a thread. `value`: how many results of a stream have been sent. */
export const BEAT = 0
export const RETURNED = 1
export const THREW = 2
/** The thread that ran it died. */
export const LOST = 3
/** What the function tells of its progress. */
export const PROGRESS = 4
/** Some results of a stream; `value` is a `Results`. */
export const RESULTS = 5

/** A word of a worker about a call. `value`: what it returned (a stream: how many results), or a `Thrown`. */
export type FastReply = readonly [
  how: number,
  worker: string,
  value?: unknown,
  micros?: number | undefined,
  usage?: Used | undefined,
]

/** Results of a stream, the number of those before them, and where to say that more are wanted. */
export type Results = readonly [results: readonly unknown[], first: number, control: string]

/** To a worker: a stream may make so many results, all in all. */
export type Granted = readonly [key: string, total: number]

/** What a call took, of what its worker can tell. */
export type Used = Omit<CallUsage, 'queueMs' | 'runMs'>

/** What a worker says when asked who it is. */
export interface Introduction {
  readonly worker: string
  readonly version: string
}

/** A serialized value, or where it lies because it is too large for a message. */
export type Packed = Uint8Array | { readonly blob: string; readonly bytes: number }

/** A durable job, as it lies in the stream. Its id and version are in the subject. */
export interface JobRecord {
  readonly name: string
  readonly args: Packed
  /** How often it may be tried. */
  readonly tries: number
  /** What the function throws counts as a failed try, and is not its result. */
  readonly retryErrors: boolean
  /** ms before the second try; twice that before the third, and so on. */
  readonly retryDelay: number
  readonly postedAt: number
  readonly extra?: CallExtra
}

/** How a durable job ended. */
export interface ResultRecord {
  readonly how: 'returned' | 'threw' | 'dead'
  /** What it returned; otherwise a `Thrown`. */
  readonly value: Packed
  readonly name: string
  readonly worker: string
  readonly micros: number
  readonly tries: number
  readonly usage?: Used
}

/** A job that was given up. */
export interface DeadRecord {
  readonly job: JobRecord
  readonly version: string
  readonly thrown: Thrown
  readonly tries: number
  readonly diedAt: number
}

/** Bytes of a value; `what` says which if it cannot be serialized. */
export function pack(value: unknown, what: string): Uint8Array {
  try {
    return serialize(value)
  } catch (error) {
    throw new UsageError(unsendable(what, error))
  }
}

/** Fails with `UsageError` on bytes that are no serialized value, or one of a newer Node than this. */
export function unpack(bytes: Uint8Array): unknown {
  try {
    return deserialize(bytes)
  } catch (cause) {
    const message = `${bytes.length} bytes from the other side of a cluster cannot be read by Node ${process.version}: were they written by a newer one?`
    throw Object.assign(new UsageError(message), { cause })
  }
}
