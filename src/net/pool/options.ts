import { type Body, UsageError } from '../../core/index.ts'
import type { Backoff, BackoffOptions } from './backoff.ts'

/** What a hook of a pool may give: something to wait for, or the value itself. */
export type Hooked<T> = Body<T> | PromiseLike<T> | T

/** What the pool was at when something failed. */
export type PoolActivity = 'connect' | 'validate' | 'reset' | 'close' | 'idle'

/** What a pool pools, and how. Durations are in milliseconds. */
export interface PoolOptions<C> {
  /** Shown by reports and the inspector. */
  readonly name?: string

  /**
   * Makes a connection. It runs in a task of the connection's own, which also owns what is spawned here: a reader, say. Such a
   * task is cancelled after `close`; if it fails, the connection is broken.
   */
  readonly connect: () => Hooked<C>
  /**
   * Lets go of a connection. `fault` tells why it is not in order, if it is not: what it broke by, what a body failed with, what
   * it was discarded with. There is nothing to say goodbye to then: `fault === undefined ? stream.close() : stream.destroy()`.
   */
  readonly close: (connection: C, fault?: unknown) => Hooked<void>
  /**
   * Whether it still works, asked of the other side: a ping. Before a connection is handed out that was idle for
   * `validateAfterIdleMs`, or was returned by a task that may not have been done with it. False, or an error: it is closed.
   */
  readonly validate?: (connection: C) => Hooked<boolean>
  /** Makes a returned connection as good as new before anybody else gets it: a rollback. An error: it is closed. */
  readonly reset?: (connection: C) => Hooked<void>
  /**
   * Ends, or fails, when the connection breaks: then it is dropped, idle or not. A task of the connection's own waits for
   * it.
   */
  readonly watch?: (connection: C) => Hooked<unknown>
  /**
   * Whether it is open and between two requests, asked without the other side. Where this is given it decides, whenever a
   * connection comes back, whatever became of the body. Where it is not, one that was in the hands of a body that failed or was
   * cancelled is closed.
   */
  readonly isUsable?: (connection: C) => boolean
  /** Whether a body of `use` that failed with `error` leaves the connection broken. If left out, any error does. */
  readonly broken?: (error: unknown) => boolean

  /** As many are kept open, also idle; they are opened at once. 0 if left out. */
  readonly min?: number
  /** Never more than this are open, counting those that are being opened or closed. 10 if left out. */
  readonly max?: number
  /** A connection is not used for longer than this; each for up to a tenth less, by chance, so that they do not end together. No limit if left out. */
  readonly maxAgeMs?: number
  /** One that was idle for so long is closed, if there are more than `min`. 60000 if left out. */
  readonly idleMs?: number
  /** One that was idle for less is handed out without `validate`. 1000 if left out. */
  readonly validateAfterIdleMs?: number
  /** How long `acquire` waits. 30000 if left out; Infinity: for ever. */
  readonly acquireTimeoutMs?: number
  /** How long `connect` may take. 10000 if left out. */
  readonly connectTimeoutMs?: number
  /** How long `validate`, `reset` and `close` may take, each. 5000 if left out. */
  readonly hookTimeoutMs?: number

  /** The pauses after a connect that failed. During one, nobody connects; after it, one connect at a time until one succeeds. */
  readonly backoff?: Backoff | BackoffOptions
  /**
   * Whether a connect that failed is told at once to all who wait, and to who comes during the pause after it, unless there
   * are connections which may serve them. If left out, they wait on, and get it as the `cause` when their time is over. A
   * function is asked for each failure: `(error) => error.code === 'WRONG_PASSWORD'`.
   */
  readonly failFast?: boolean | ((error: unknown, failuresInARow: number) => boolean)
  /**
   * Told of each failure of a hook, and of connections that broke while idle. If left out each is a warning of the process,
   * except those that the peer or the clock caused, and those that who waits is told of.
   */
  readonly onError?: (error: unknown, during: PoolActivity) => void
  /** Makes chance (of `maxAgeMs`) repeat itself. */
  readonly seed?: number
}

/** Plain figures of a pool, at one moment. */
export interface ConnectionPoolStats {
  readonly name: string
  readonly state: 'open' | 'closing' | 'closed'
  /** All that count against `max`: the next four, and those that are being closed. */
  readonly size: number
  readonly connecting: number
  readonly idle: number
  /** Being validated or reset. */
  readonly checking: number
  readonly leased: number
  /** Who holds the leases (null: code outside any task, or nobody in particular), and for how long; the oldest first. */
  readonly leases: readonly { readonly task: string | null; readonly heldMs: number }[]
  /** Acquires that wait. */
  readonly waiting: number
  /** Connections of its whole life that were opened, and that are gone. */
  readonly created: number
  readonly closed: number
  /** Failures of its whole life. `idle`: connections that broke by themselves. `timeouts`: acquires that were in vain. */
  readonly failures: Readonly<Record<PoolActivity | 'timeouts', number>>
  /** How long acquires waited that had to and got a connection, over its whole life. */
  readonly waits: { readonly count: number; readonly totalMs: number; readonly longestMs: number }
  /** When `connect` will be tried again; null unless it pauses after a failure. */
  readonly retryInMs: number | null
}

/** @internal The figures among the options, checked, defaults filled in. */
export type Limits = Required<
  Pick<
    PoolOptions<never>,
    | 'min'
    | 'max'
    | 'maxAgeMs'
    | 'idleMs'
    | 'validateAfterIdleMs'
    | 'acquireTimeoutMs'
    | 'connectTimeoutMs'
    | 'hookTimeoutMs'
  >
>

/** @internal */
export function limitsOf(options: Partial<Limits>): Limits {
  const { min = 0, max = 10 } = options
  if (!(Number.isInteger(max) && max >= 1))
    throw new UsageError(`the \`max\` of a pool is a whole number from 1, not ${max}`)
  if (!(Number.isInteger(min) && min >= 0 && min <= max))
    throw new UsageError(`the \`min\` of a pool is a whole number from 0 to its \`max\` of ${max}, not ${min}`)
  const limits = {
    maxAgeMs: options.maxAgeMs ?? Infinity,
    idleMs: options.idleMs ?? 60_000,
    validateAfterIdleMs: options.validateAfterIdleMs ?? 1000,
    acquireTimeoutMs: options.acquireTimeoutMs ?? 30_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    hookTimeoutMs: options.hookTimeoutMs ?? 5000,
  }
  for (const [name, ms] of Object.entries(limits)) {
    if (!(typeof ms === 'number' && ms >= 0))
      throw new UsageError(`the \`${name}\` of a pool is in milliseconds, not ${String(ms)}`)
  }
  return { min, max, ...limits }
}
