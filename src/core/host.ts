import type { UnhandledError } from './errors.ts'
import type { Context } from './machine.ts'

/**
 * All that the loop asks of its platform. `NodeHost` binds it to a real one, `TestHost` to a virtual clock; both drive the
 * same loop.
 */
export interface Host {
  /** Milliseconds that pass steadily, from an arbitrary start. May be fractional. */
  now(): number

  /** The instant `ms` from now, on this host's grid: never earlier than asked. */
  deadline(ms: number): number

  /** Called once, before all else. A host serves one loop. */
  attach(loop: Turning): void

  /** Have the loop's `turn` called soon, once, in a macrotask of its own. */
  defer(): void

  /** Have `turn` called at `deadline`, in place of any earlier wish; Infinity: no wish. Keeps the process alive meanwhile. */
  wakeAt(deadline: number): void

  /**
   * Report a failure that nobody waited for. Called at the end of a turn, so that what is reported stays unhandled after
   * all microtasks and before the next macrotask, as Node's `unhandledRejection` does. The result takes it back: somebody
   * came for it in time.
   */
  unhandled(error: UnhandledError): () => void

  /** A line for the person who runs the program: a misuse that was mended. */
  warn(message: string): void

  /** The context (AsyncLocalStorage) that runs now, or null where there is none; null at no cost while nobody uses one. */
  captureContext(): Context | null

  /** Which of `ready` tasks is next: 0 for the order in which they came. */
  pick?(ready: number): number

  /** Milliseconds after which a turn lets the platform breathe. */
  readonly slice: number

  /** True under test: misuse is an error where it would otherwise be mended with a warning, and spawn sites are all recorded. */
  readonly strict: boolean
}

/** What a host may ask of its loop. */
export interface Turning {
  /** Runs what is due and what is ready. */
  turn(): void
  /**
   * To be called when the host knows that nothing outside can wake a task any more: whoever waits for the tasks at the
   * root gets a `DeadlockError`. True if there was somebody, and so something to run.
   */
  deadlock(): boolean
  /** Waits that something outside the loop will end. */
  readonly externals: number
}
