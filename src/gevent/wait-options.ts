import type { TimeLimit } from './timed-wait.ts'

/** How long to wait for something, and whether to. */
export interface WaitOptions {
  /** False: do not wait; what is not there yet is an error at once. */
  readonly block?: boolean
  /** The limit in milliseconds. */
  readonly timeout?: TimeLimit
}
