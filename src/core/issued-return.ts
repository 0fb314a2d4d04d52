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

const mark = 'fibril:return'
const engine = {
  [mark](body: Steppable): IteratorResult<unknown, unknown> {
    return body.return(undefined)
  },
}

/** Asks a frame's body to return, so that operations started by its `finally` blocks know. */
export function issueReturn(body: Steppable): IteratorResult<unknown, unknown> {
  machine.returning = true
  try {
    return engine[mark](body)
  } finally {
    machine.returning = false
  }
}

// What V8 and JSC put between two user functions: `at gen.return (<anonymous>)`, `return@[native code]`.
const builtin = /\(<anonymous>\)|\[native code\]|^\s*at Generator\.|^\s*at \[native/

/**
 * The line of the innermost function, if an operation whose `next` is given was reached through native delegation
 * inside an engine-issued `return()`; null if it stands in the frame's own `finally`.
 */
export function delegatedReturnSite(next: Callable): string | null {
  const limit = Error.stackTraceLimit
  const holder: { stack?: string } = {}
  Error.stackTraceLimit = 64
  if (Error.captureStackTrace === undefined) holder.stack = new Error('').stack ?? ''
  else Error.captureStackTrace(holder, next)
  const lines = (holder.stack ?? '')
    .split('\n')
    .filter((line) => !/^(Error|\[object|Object)\b/.test(line) && line.trim() !== '')
  if (limit !== undefined) Error.stackTraceLimit = limit
  const user: string[] = []
  for (const line of lines) {
    if (line.includes(mark)) break
    if (!builtin.test(line)) user.push(line)
  }
  return user.length > 1 ? (user[0] as string).trim() : null
}
