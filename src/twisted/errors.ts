/**
 * What goes wrong with Deferreds. The names are Twisted's, also where they do not end in `Error`; `code` is Fibril's. A
 * cancelled Deferred fails with the engine's `CancelledError`, one whose time is over with its `TimeoutError`.
 * `FirstError` and `FailureGroup` are with what raises them.
 */
import { FibrilError } from '../core/index.ts'

/** @internal Names a class of errors, also in minified programs. */
export function named(type: { prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

/**
 * A Deferred was fired a second time. With `setDebugging(true)` the message tells where it was made (`C:`) and where it was
 * first fired (`I:`).
 */
export class AlreadyCalledError extends FibrilError {
  constructor(message: string) {
    super('FIBRIL_ALREADY_CALLED', message)
  }
}
named(AlreadyCalledError, 'AlreadyCalledError')

/** `new Failure()` or `errback()` without an error: JavaScript has no current exception that could be meant. */
export class NoCurrentExceptionError extends FibrilError {
  constructor() {
    super('FIBRIL_NO_CURRENT_EXCEPTION', 'a Failure was made without an error: give it the one that was caught')
  }
}
named(NoCurrentExceptionError, 'NoCurrentExceptionError')

/** `ensureDeferred` was given something that is neither a Deferred nor a coroutine. */
export class NotACoroutineError extends FibrilError {
  constructor(what: string) {
    super(
      'FIBRIL_NOT_A_COROUTINE',
      `ensureDeferred was given ${what}: it takes a Deferred, generator, promise or operation`,
    )
  }
}
named(NotACoroutineError, 'NotACoroutineError')

/** `put` on a `DeferredQueue` that holds as many items as it may. */
export class QueueOverflow extends FibrilError {
  constructor(size: number) {
    super('FIBRIL_QUEUE_OVERFLOW', `the DeferredQueue is full (size ${size}): get from it before you put more`)
  }
}
named(QueueOverflow, 'QueueOverflow')

/** `get` on a `DeferredQueue` for which as many wait as may. */
export class QueueUnderflow extends FibrilError {
  constructor(backlog: number) {
    super('FIBRIL_QUEUE_UNDERFLOW', `as many wait for an item of the DeferredQueue as may (backlog ${backlog})`)
  }
}
named(QueueUnderflow, 'QueueUnderflow')

/** `deferUntilLocked` while an earlier call of it is still trying. */
export class AlreadyTryingToLockError extends FibrilError {
  constructor(path: string) {
    super(
      'FIBRIL_ALREADY_TRYING_TO_LOCK',
      `this DeferredFilesystemLock is trying to lock ${path} already: wait for that`,
    )
  }
}
named(AlreadyTryingToLockError, 'AlreadyTryingToLockError')
