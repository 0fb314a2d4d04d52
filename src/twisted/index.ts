/**
 * The face of `fibril/twisted`: Deferreds and what is built on them, with Twisted's names and rules.
 *
 *   drive.ts             how callbacks run                      failure.ts            an error on its way
 *   chain.ts             what waits for whom, and its end
 *   deferred.ts          a result that comes later              errors.ts             what goes wrong
 *   make.ts promises.ts  Deferreds for what is there already    deferred-wait.ts      a Deferred as an operation
 *   deferred-list.ts race.ts          several at once           inline-callbacks.ts   sequential code
 *   deferred-queue.ts deferred-lock.ts deferred-filesystem-lock.ts, with waiting-line.ts
 *   unhandled.ts         failures that nobody came for          log.ts                where errors go
 *   unfired.ts           Deferreds that have not fired          sites.ts              where they were made
 *   clock.ts             calls at a later time                  return-value.ts       how bodies returned once
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

export { CancelledError, TimeoutError } from '../core/index.ts'
export { type IDelayedCall, type IReactorTime, LoopCall, loopTime } from './clock.ts'
export { type Canceller, Deferred, type Result } from './deferred.ts'
export { DeferredFilesystemLock } from './deferred-filesystem-lock.ts'
export { DeferredList, type DeferredListOptions, FirstError, gatherResults, type ListEntry } from './deferred-list.ts'
export { DeferredLock, DeferredSemaphore } from './deferred-lock.ts'
export { DeferredQueue, type DeferredQueueOptions } from './deferred-queue.ts'
export {
  AlreadyCalledError,
  AlreadyTryingToLockError,
  NoCurrentExceptionError,
  NotACoroutineError,
  QueueOverflow,
  QueueUnderflow,
} from './errors.ts'
export { type ErrorKind, Failure } from './failure.ts'
export { inlineCallbacks } from './inline-callbacks.ts'
export { type LoggedError, type LogObserver, log } from './log.ts'
export { ensureDeferred, execute, fail, maybeDeferred, succeed } from './make.ts'
export { fromPromise, toPromise } from './promises.ts'
export { FailureGroup, race } from './race.ts'
export { returnValue } from './return-value.ts'
export { getDebugging, setDebugging } from './sites.ts'
export { type UnfiredDeferred, unfiredDeferreds } from './unfired.ts'
export { reportUnclaimed } from './unhandled.ts'
