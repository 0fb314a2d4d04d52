/** You: two tasks want the same side of one socket. The message names both; the one that came first is unharmed. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** You: what the task wanted to use has been closed on this side. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError'
}

/** Someone cancelled the task. The default answer to whoever joins it. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'
}

/** `Scheduler.timeout`: the time was up first. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** Tasks wait, and nothing in this process is left that could wake one. The message says who waits for what. */
export class DeadlockError extends Error {
  override readonly name = 'DeadlockError'
}

/** They: a line longer than the reader allows. The rest of it is skipped; the line after it can be read. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError'
}
