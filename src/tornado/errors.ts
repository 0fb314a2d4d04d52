import { FibrilError } from '../core/index.ts'

/** Something was yielded, or given to be waited for, that nobody can wait for. Tornado's class of this name. */
export class BadYieldError extends FibrilError {
  constructor(what: string) {
    super(
      'FIBRIL_TORNADO_BAD_YIELD',
      `${what} was yielded: yield a future, a promise, an operation, or a list or record of these`,
    )
  }
}

/** `result()` or `exception()` of a future that is not done. */
export class InvalidStateError extends FibrilError {
  constructor(message: string) {
    super('FIBRIL_TORNADO_INVALID_STATE', message)
  }
}

/** The loop was stopped before `runSync` had its result. */
export class StoppedError extends FibrilError {
  constructor() {
    super('FIBRIL_TORNADO_STOPPED', 'Event loop stopped before Future completed.')
  }
}

/** `putNowait` on a queue that is full. */
export class QueueFull extends FibrilError {
  constructor(queue: string) {
    super('FIBRIL_TORNADO_QUEUE_FULL', `${queue} is full: wait with \`put\`, or take something out first`)
  }
}

/** `getNowait` on a queue that is empty. */
export class QueueEmpty extends FibrilError {
  constructor(queue: string) {
    super('FIBRIL_TORNADO_QUEUE_EMPTY', `${queue} is empty: wait with \`get\`, or put something in first`)
  }
}

/** A coroutine of the old style ended, and nobody waited for the results of some of its callbacks. */
export class LeakedCallbackError extends FibrilError {
  constructor(keys: readonly unknown[]) {
    super(
      'FIBRIL_TORNADO_LEAKED_CALLBACK',
      `finished without waiting for callbacks ${keys.map(String).join(', ')}: yield a Wait for each Callback`,
    )
  }
}

/** A key was used for a second callback before the first was waited for. */
export class KeyReuseError extends FibrilError {
  constructor(key: unknown) {
    super('FIBRIL_TORNADO_KEY_REUSE', `key ${String(key)} is already pending: wait for it first, or take another`)
  }
}

/** A key was waited for that no callback has. */
export class UnknownKeyError extends FibrilError {
  constructor(key: unknown) {
    super('FIBRIL_TORNADO_UNKNOWN_KEY', `key ${String(key)} is not pending: yield a Callback with this key first`)
  }
}

/** A coroutine yielded inside a `StackContext` block, so that the block would leak into others. */
export class StackContextInconsistentError extends FibrilError {
  constructor() {
    super(
      'FIBRIL_TORNADO_STACK_CONTEXT',
      'stack_context inconsistency (probably caused by yield within a "with StackContext" block)',
    )
  }
}

/** A stream was closed, here or by its peer. `realError` is why, where that is known. */
export class StreamClosedError extends FibrilError {
  readonly realError: unknown

  constructor(name: string, realError: unknown = null) {
    super('FIBRIL_TORNADO_STREAM_CLOSED', `${name} is closed`, realError === null ? {} : { cause: realError })
    this.realError = realError
  }
}

/** What a read asks for did not come within its `maxBytes`; the stream is closed. */
export class UnsatisfiableReadError extends FibrilError {
  constructor(what: string, maxBytes: number) {
    super('FIBRIL_TORNADO_UNSATISFIABLE_READ', `${what} not found within ${maxBytes} bytes`)
  }
}

for (const [type, name] of [
  [BadYieldError, 'BadYieldError'],
  [InvalidStateError, 'InvalidStateError'],
  [StoppedError, 'StoppedError'],
  [QueueFull, 'QueueFull'],
  [QueueEmpty, 'QueueEmpty'],
  [LeakedCallbackError, 'LeakedCallbackError'],
  [KeyReuseError, 'KeyReuseError'],
  [UnknownKeyError, 'UnknownKeyError'],
  [StackContextInconsistentError, 'StackContextInconsistentError'],
  [StreamClosedError, 'StreamClosedError'],
  [UnsatisfiableReadError, 'UnsatisfiableReadError'],
] as const)
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
