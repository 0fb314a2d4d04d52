/** How long to wait before the next attempt: given how many have failed in a row, milliseconds. */
export type RetryPolicy = (failedAttempts: number) => number

/** How pauses grow, in milliseconds. */
export interface BackoffPolicyOptions {
  /** 1000 if left out. */
  readonly initialDelay?: number
  /** The longest, before jitter. 60,000 if left out. */
  readonly maxDelay?: number
  /** 1.5 if left out. */
  readonly factor?: number
  /** Added to each: from 0 to 1000 at random if left out. */
  readonly jitter?: () => number
}

/**
 * Pauses that grow: `initialDelay` times `factor` to the power of the attempts, `maxDelay` at most, and `jitter` added.
 *
 * ```ts
 * import { backoffPolicy } from 'fibril/twisted'
 *
 * const policy = backoffPolicy({ jitter: () => 0 })
 * console.log([0, 1, 2, 100].map(policy).join()) // => 1000,1500,2250,60000
 * ```
 */
export function backoffPolicy(options: BackoffPolicyOptions = {}): RetryPolicy {
  const { initialDelay = 1000, maxDelay = 60_000, factor = 1.5, jitter = () => 1000 * Math.random() } = options
  return (attempt) => Math.min(initialDelay * factor ** Math.min(100, attempt), maxDelay) + jitter()
}
