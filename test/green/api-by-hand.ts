import { callOf, machine } from '../../src/core/index.ts'
import { enter, resumedValue, state } from '../../src/green/runtime/index.ts'
import type { TestHost } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

/** Calls as compiled code does: `yield* call(f, …args)` for `f(…args)`. A method goes with its receiver: `[object, 'name']`. */
export type Call = <R>(
  callee: ((...args: never[]) => R) | readonly [object, string],
  ...args: readonly unknown[]
) => Generator<unknown, R, unknown>

/** What has been waited for by `call`, in words. */
export const waits: string[] = []

const wrapperOf = new Function(
  'state',
  'enter',
  'body',
  'return function green(...args) { const announced = state.next; return enter(announced, state.next = 0, body(this, args)) /*~*/}',
)

/** A green function as the compiler makes it, its body written by hand. */
export function byHand<A extends readonly unknown[], R>(
  body: (call: Call, ...args: A) => Generator<unknown, R, unknown>,
): (...args: A) => R {
  function* activation(_self: unknown, args: A): Generator<unknown, R, unknown> {
    const { depth } = state
    return yield* body(
      function* <T>(
        callee: ((...args: never[]) => T) | readonly [object, string],
        ...given: readonly unknown[]
      ): Generator<unknown, T, unknown> {
        const [self, f] = typeof callee === 'function' ? [undefined, callee] : [callee[0], methodOf(callee)]
        state.callees[depth] = f
        state.next = depth
        const value = Reflect.apply(f as (...args: unknown[]) => T, self, given)
        const { op } = machine.registers
        if (op === null) return value
        waits.push(op.reason)
        return resumedValue(yield) as T
      },
      ...args,
    )
  }
  return wrapperOf(state, enter, activation) as (...args: A) => R
}

function methodOf([object, name]: readonly [object, string]): (...args: never[]) => unknown {
  return (object as Record<string, (...args: never[]) => unknown>)[name] as (...args: never[]) => unknown
}

/** A test whose body is a green function written by hand. */
export function itByHand(
  title: string,
  body: (call: Call, host: TestHost) => Generator<unknown, unknown, unknown>,
  options: { readonly skip?: boolean; readonly shuffle?: boolean } = {},
): void {
  it(
    title,
    (host) => {
      waits.length = 0
      return callOf(byHand((call) => body(call, host)))
    },
    options,
  )
}
