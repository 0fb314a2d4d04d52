/**
 * A program whose top level can never go on ends with exit code 13 under plain Node ("unsettled top-level await"). Here it
 * gets a `DeadlockError` where it waits, with the list of who waits for what; uncaught, it ends the process with the same
 * code.
 */
import { DeadlockError } from '../../core/index.ts'

const UNSETTLED = 13

export function exitByDeadlock(): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    if (error instanceof DeadlockError) process.once('exit', () => (process.exitCode = UNSETTLED))
  })
}
