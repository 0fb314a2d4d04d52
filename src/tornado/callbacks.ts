/**
 * Callbacks: functions that the loop calls in a turn of their own, each as a task at its root. So they are seen, one that
 * waits holds nobody else, and one that fails is logged and harms nobody.
 */
import { type Loop, type Operation, spawn, type Task } from '../core/index.ts'
import { appLog } from './log.ts'
import { openContexts, within } from './stack-context.ts'
import { operationFor } from './yieldable.ts'

/** Any function, called with any arguments. */
export type AnyFunction = (...args: never[]) => unknown

/** How the failure of a callback is told: the loop's own way. */
export type FaultHandler = (callback: AnyFunction, error: unknown) => void

/** Calls `callback` soon, never at once; what it gives, if it can be waited for, is waited for. */
export function callSoon(
  loop: Loop,
  callback: AnyFunction,
  args: readonly unknown[],
  onFault: FaultHandler = logFault,
): Task<void> {
  const contexts = openContexts()
  return spawn.detached(
    function* () {
      try {
        const result: unknown = within(contexts, () => (callback as (...args: readonly unknown[]) => unknown)(...args))
        const operation = awaitableOf(result)
        if (operation !== null) yield* operation
      } catch (error) {
        onFault(callback, error)
      }
    },
    { loop, name: callback.name || 'callback' },
  )
}

/** Nothing to wait for is no fault here, and neither is an empty list or record, whatever a callback returns. */
function awaitableOf(result: unknown): Operation<unknown> | null {
  if (typeof result !== 'object' || result === null) return null
  try {
    return operationFor(result)
  } catch {
    return null
  }
}

/** Tornado's `handle_callback_exception`. */
export function logFault(callback: AnyFunction, error: unknown): void {
  appLog.error(`Exception in callback ${callback.name || '(anonymous)'}`, error)
}
