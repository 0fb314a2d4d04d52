/**
 * Theory of operation: the one place where a bare generator could outlive its cancel.
 *
 * Cancelling asks a frame to `return()`: its `finally` blocks run, its `catch` blocks do not. A `finally` may wait; the
 * frame is then resumed until it ends. That is exact for frames on the engine's own stack.
 *
 * It is not for a generator that another one delegates to natively (`yield* inner()` where `inner` is a bare
 * `function*`): both are one frame to the engine. If a `finally` of the *inner* one waits, the next `next()` ends the
 * inner one and the *outer one goes on after the call as if it had returned undefined* (ECMA-262, `yield*`, step 7.c:
 * https://tc39.es/ecma262/#sec-generator-function-definitions-runtime-semantics-evaluation). No use of `return` or
 * `throw` closes that hole, so such a wait must not park. An operation that starts inside an engine-issued `return()`
 * looks at the stack between itself and the engine: one function there is the frame's own `finally`; more than one is a
 * delegation.
 *
 * The engine is known on the stack by a name that survives minifiers, since it is a property key.
 */
import type { Callable, Steppable } from './machine.ts'
import { machine } from './machine.ts'
import { callSites, captureSite, stackLines, tailCalls, withoutEngine } from './task-stack.ts'

const mark = 'fibril:return'
const engine = {
  // `try` also keeps this frame on the stack in JSC, where a call in tail position is a jump.
  [mark](body: Steppable): IteratorResult<unknown, unknown> {
    const { registers } = machine
    registers.returning = true
    try {
      return body.return(undefined)
    } finally {
      registers.returning = false
    }
  },
}

/** Asks a frame's body to return, so that operations started by its `finally` blocks know. */
export function issueReturn(body: Steppable): IteratorResult<unknown, unknown> {
  return engine[mark](body)
}

/**
 * The line of the innermost function, if an operation whose `next` is given was reached through native delegation
 * inside an engine-issued `return()`; null if it stands in the frame's own `finally`.
 */
export function delegatedReturnSite(next: Callable): string | null {
  if (tailCalls) return delegatedInText(next)
  // The frame's own function, the built-in `return`, and the mark: if that is no further up, nothing lies between. Looked at
  // as call sites, since text costs ten times as much, and more with source maps.
  for (const call of callSites(next, 4).slice(0, 3)) if (call.getFunctionName?.()?.includes(mark)) return null
  return stackLines(captureSite(next, 8))[0]?.trim() ?? 'an unknown place'
}

/** In JSC, where `next` may not be on the stack, and built-in functions are not. */
function delegatedInText(next: Callable): string | null {
  const lines = stackLines(captureSite(next, 64))
  const end = lines.findIndex((line) => line.includes(mark))
  const users = withoutEngine(lines.slice(0, Math.max(0, end))).filter((line) => !line.includes('[native code]'))
  return users.length > 1 ? (users[0] as string).trim() : null
}
