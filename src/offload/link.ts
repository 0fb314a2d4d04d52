/** A call as an engine (threads, processes, a cluster) sees it. The two numbers belong to the link that it was posted to. */
export interface Posted {
  readonly name: string
  readonly args: readonly unknown[]
  /** Not known to be short: replies of calls before it must not wait for it. */
  readonly big: boolean
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
  /** Asks a call that waits for something to end. Others take no notice. */
  cancel(call: C): void
  /** Stops the worker, whatever it does. Fulfilled when it is gone. */
  stop(): Promise<void>
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
}

/** What a link tells the scheduler. */
export interface LinkEvents<C extends Posted> {
  /** The worker has loaded the module, which has these functions. */
  ready(names: readonly string[]): void
  /** The worker cannot load the module. */
  unloadable(error: unknown): void
  /** A call has come back. */
  replied(call: C, reply: Reply): void
  /** All that came in one batch has been told. */
  settled(): void
  /** A call could not be sent. */
  unsendable(call: C, error: unknown): void
  /** The worker is gone. `why` is the error that killed it, or words. */
  ended(why: unknown): void
}
