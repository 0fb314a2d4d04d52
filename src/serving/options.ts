import { availableParallelism } from 'node:os'
import { UsageError } from '../core/index.ts'
import type { BackoffOptions } from '../net/index.ts'
import type { WorkerError } from './errors.ts'

/**
 * Who decides which worker gets a connection. `even`: the supervisor accepts, and deals them out in turn. `kernel`: all workers
 * accept from one socket, and who is free first has it.
 */
export type Spread = 'even' | 'kernel'

/** How many workers there are to be, and how they are treated. */
export interface ServingOptions {
  /** As many as there are processors if left out. */
  readonly workers?: number
  /** For reports. The name of the module's file if left out. */
  readonly name?: string
  /** What the workers find in `process.argv` after the file. */
  readonly args?: readonly string[]
  /** Added to this process's own environment. `FIBRIL_WORKER`, the number of the worker, is there in any case. */
  readonly env?: NodeJS.ProcessEnv
  /** In place of this process's own flags for Node. */
  readonly execArgv?: readonly string[]
  readonly cwd?: string
  /**
   * `even` if left out. `kernel` costs less for each new connection, and spreads those that stay less evenly. Node decides once
   * for all of a process: a second service that wants the other is a `UsageError`.
   */
  readonly spread?: Spread
  /** A worker is ready when it listens on so many addresses. 1 if left out. */
  readonly listens?: number
  /** Milliseconds in which a worker must be ready; then it is killed, and its start has failed. 30000 if left out. */
  readonly readyMs?: number
  /** Milliseconds for a worker that is to end to finish what runs; then it is killed. 10000 if left out. */
  readonly grace?: number
  /**
   * Milliseconds of the grace in which a connection of HTTP that is kept alive may have its next request answered, by
   * `connection: close`. Those that stay idle are closed then. 5000, as node keeps them, if left out.
   */
  readonly linger?: number
  /** A worker whose loop is held for so many milliseconds is killed and replaced. Never, if left out. */
  readonly unresponsiveMs?: number
  /** The pauses before a worker that died is replaced. The first comes at once if it was stable. */
  readonly backoff?: BackoffOptions
  /** A worker that has served for so many milliseconds was stable: the pauses begin anew. 10000 if left out. */
  readonly stableMs?: number
  /** After so many failed starts in a row, while no worker is left, the service fails. 10 if left out. */
  readonly maxFailedStarts?: number
  /** SIGTERM and SIGINT stop the service (a second time: at once), SIGHUP restarts it. True if left out. */
  readonly signals?: boolean
  /** What each line that a worker prints begins with: true for `[number] `. As it is if left out. */
  readonly prefix?: boolean | ((worker: number) => string)
  /**
   * Told of each worker that died, was killed for not answering, or did not come to listen; and of a restart by SIGHUP that failed.
   * If left out, each is a warning of the process.
   */
  readonly onError?: (error: WorkerError) => void
}

/** The options, defaults filled in. */
export type ServingSettings = Readonly<ReturnType<typeof servingSettings>>

export function servingSettings(options: ServingOptions) {
  const { workers = availableParallelism(), listens = 1, maxFailedStarts = 10 } = options
  const { readyMs = 30_000, grace = 10_000, linger = 5000, unresponsiveMs = Infinity, stableMs = 10_000 } = options
  for (const [name, value] of Object.entries({ workers, listens, maxFailedStarts })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new UsageError(`serveAcross: ${name} is ${value}: give a whole number from 1 up`)
  }
  for (const [name, value] of Object.entries({ readyMs, unresponsiveMs })) {
    if (!(value >= 1)) throw new UsageError(`serveAcross: ${name} is ${value}: give milliseconds, from 1 up`)
  }
  for (const [name, value] of Object.entries({ grace, linger, stableMs })) {
    if (!(value >= 0)) throw new UsageError(`serveAcross: ${name} is ${value}: give milliseconds, from 0 up`)
  }
  const { spread = 'even', signals = true } = options
  if (spread !== 'even' && spread !== 'kernel')
    throw new UsageError(`serveAcross: spread is ${String(spread)}: give 'even' or 'kernel'`)
  return {
    ...options,
    workers,
    listens,
    maxFailedStarts,
    readyMs,
    grace,
    linger,
    unresponsiveMs,
    stableMs,
    spread,
    signals,
  }
}
