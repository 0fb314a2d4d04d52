import type { Extra, Told, WireUsage } from './messages.ts'

/** A call as an engine (threads, processes, a cluster) sees it. The two numbers belong to the link that it was posted to. */
export interface Posted {
  readonly name: string
  readonly args: readonly unknown[]
  /** Not known to be short: replies of calls before it must not wait for it. */
  readonly big: boolean
  /** What it brings besides its arguments; most calls nothing. */
  readonly extra: Extra | null
  id: number
  slot: number
}

/** One worker, as the scheduler drives it. */
export interface Link<C extends Posted> {
  /** Puts a call in the next batch. There must be room: `capacity` calls may be out at once. */
  post(call: C): void
  readonly capacity: number
  /** Sends the batch. */
  flush(): void
  /** True if the call had not begun, and now never will. */
  takeBack(call: C): boolean
  /** True if the call has begun and not ended, as far as can be known now. */
  isRunning(call: C): boolean
  /** Tells at once of calls that have come back unnoticed. */
  collect(): void
  /** Asks a call to end: its signal is aborted, and a body cancelled. One that heeds neither takes no notice. */
  cancel(call: C): void
  /** The call, whose results come one by one, may make so many more. */
  grant(call: C, count: number): void
  /**
   * Stops the worker. `idle`: it has no call, and may make its last one first, for a limited time; otherwise whatever it
   * does. Fulfilled when it is gone.
   */
  stop(idle: boolean): Promise<void>
}

/** How a call came back. */
export interface Reply {
  readonly failed: boolean
  /** The result, or what was thrown. */
  readonly value: unknown
  /** How long it ran, in µs. */
  readonly micros: number
  /** It ran without waiting for anything. */
  readonly sync: boolean
  /** Undefined if it was not measured. */
  readonly usage: WireUsage | undefined
}

/** What a link tells the scheduler. */
export interface LinkEvents<C extends Posted> {
  /** The worker has loaded the module, which has these functions. */
  ready(names: readonly string[]): void
  /** The worker cannot load the module. */
  unloadable(error: unknown): void
  /** A call that goes on has made some results, or tells of its progress. */
  told(call: C, what: Told[1], value: unknown): void
  /** A call has come back. */
  replied(call: C, reply: Reply): void
  /** All that came in one batch has been told. */
  settled(): void
  /** A call could not be sent. */
  unsendable(call: C, error: unknown): void
  /** The worker is gone. `why` is the error that killed it, or words. */
  ended(why: unknown): void
}
