import { BusyError, DeadlockError, FibrilError, UsageError, type WaitEdge } from '../core/index.ts'

/** How a greenlet ends that was killed. Not a failure: it counts as success, with this as the value. */
export class GreenletExit extends FibrilError {
  constructor(message = 'the greenlet was killed') {
    super('FIBRIL_GREENLET_EXIT', message)
  }
}

/**
 * This wait would never end: every task waits, and nothing outside can wake one. Thrown into the main task where it waits, and
 * into nobody else. The message and `graph` tell who waits for what.
 */
export class LoopExit extends DeadlockError {
  constructor(message: string, graph: readonly WaitEdge[]) {
    super(`This operation would block forever: ${message}`, graph)
  }
}

/** A callback of the loop tried to wait. Only greenlets can: spawn one there. */
export class BlockingSwitchOutError extends FibrilError {
  constructor(callback: string) {
    super(
      'FIBRIL_BLOCKING_SWITCH_OUT',
      `Impossible to call blocking function in the event loop callback (${callback}): spawn a greenlet there`,
    )
  }
}

/** A second greenlet on what serves one at a time. The first is unharmed. */
export class ConcurrentObjectUseError extends BusyError {}

/** Switched to, or thrown into, in a way that cannot be: a dead greenlet, one of another loop. */
export class GreenletError extends UsageError {}

/** A queue has nothing to give: at once, or within the time. */
export class Empty extends FibrilError {
  constructor(queue: string) {
    super('FIBRIL_QUEUE_EMPTY', `${queue} is empty`)
  }
}

/** A queue has no room: now, or within the time. */
export class Full extends FibrilError {
  constructor(queue: string) {
    super('FIBRIL_QUEUE_FULL', `${queue} is full`)
  }
}

/** A pool has no room for one more greenlet. */
export class PoolFull extends Full {}

/** A queue was shut down. */
export class ShutDown extends FibrilError {
  constructor(queue: string) {
    super('FIBRIL_QUEUE_SHUT_DOWN', `${queue} was shut down`)
  }
}

for (const [type, name] of [
  [GreenletExit, 'GreenletExit'],
  [LoopExit, 'LoopExit'],
  [BlockingSwitchOutError, 'BlockingSwitchOutError'],
  [ConcurrentObjectUseError, 'ConcurrentObjectUseError'],
  [GreenletError, 'GreenletError'],
  [Empty, 'Empty'],
  [Full, 'Full'],
  [PoolFull, 'PoolFull'],
  [ShutDown, 'ShutDown'],
] as const)
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })

/** What may be given for an error: itself, or its class. */
export type Throwable = Error | (new () => Error)

/** The error of a `Throwable`. */
export function errorOf(throwable: Throwable): Error {
  return typeof throwable === 'function' ? new throwable() : throwable
}
