/**
 * The face of `fibril/twisted`: Deferreds and what is built on them, with Twisted's names and rules.
 *
 *   chain.ts            how callbacks run                      failure.ts       an error on its way
 *   deferred.ts         a result that comes later              errors.ts        what goes wrong
 *   make.ts             Deferreds for what is there already    deferred-wait.ts a Deferred as an operation
 *   unhandled.ts        failures that nobody came for          log.ts           where errors go
 *   sites.ts            where Deferreds were made
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

export { CancelledError, TimeoutError } from '../core/index.ts'
export { type Canceller, Deferred, type Result } from './deferred.ts'
export {
  AlreadyCalledError,
  AlreadyTryingToLockError,
  FailureGroup,
  FirstError,
  NoCurrentExceptionError,
  NotACoroutineError,
  QueueOverflow,
  QueueUnderflow,
} from './errors.ts'
export { type ErrorKind, Failure } from './failure.ts'
export { type LoggedError, type LogObserver, log } from './log.ts'
export { ensureDeferred, execute, fail, maybeDeferred, succeed } from './make.ts'
export { getDebugging, setDebugging } from './sites.ts'
export { reportUnclaimed } from './unhandled.ts'
