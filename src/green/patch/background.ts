/**
 * Theory of operation: most blocking calls of node have a twin that takes a callback, does the same in the background, and
 * takes the same arguments. A patched function parks on its twin if it can, and is node's own otherwise: outside of tasks, and
 * under frames that cannot park, such as a module that was not compiled.
 *
 * A table says what is a twin of what. Where they differ, an entry says how: in the result, or in what counts as a failure.
 *
 * Errors are those of the twin, which have no stack, for nobody's code is on the stack when they are made. They are given
 * that of the call.
 *
 * A cancel: a call that only asks is dropped at once, and its result undone (a descriptor is closed). One that changes
 * something cannot be stopped, and what follows it must not find it under way: it is shielded, and the cancel is carried out
 * at the next wait.
 */
import { type Operation, shield, suspend } from '../../core/index.ts'
import { canPark, park, parkable } from '../runtime/index.ts'
import type { AnyFunction } from './swap.ts'

export type Callback = (error: unknown, ...values: unknown[]) => void

/** How a blocking call becomes one in the background. */
export interface Twin {
  /** The name of the twin. That of the blocking call without `Sync`, if left out. */
  readonly twin?: string
  /** How many arguments come before the callback, at most. */
  readonly args: number
  /** It changes something, so that a cancel has to wait for it. */
  readonly changes?: boolean
  /** False for calls that are left to node: what their twin cannot do, or what is not worth the way. */
  readonly takes?: (args: readonly unknown[]) => boolean
  /** The result, made of what the callback is given. The first of it, if left out. */
  readonly result?: (values: readonly unknown[], args: readonly unknown[]) => unknown
  /** The result in place of an error; null if it is a failure. */
  readonly failed?: (error: unknown, args: readonly unknown[]) => { readonly value: unknown } | null
  /** Undoes a result that came after its wait was cancelled. */
  readonly drop?: (value: unknown, args: readonly unknown[]) => void
  /** Told when a call that is under way was given up, and when it has ended after that. */
  readonly lingers?: (args: readonly unknown[]) => (() => void) | undefined
}

/** The function that parks on `twin` where it can, and is `former` elsewhere. `name` is for reports: `fs.readFileSync`. */
export function parkingOn(name: string, twin: Twin, background: AnyFunction, former: AnyFunction): AnyFunction {
  const patched = parkable(function (this: unknown, ...args: unknown[]): unknown {
    if (!canPark() || twin.takes?.(args) === false) return Reflect.apply(former, this, args)
    const site = {}
    Error.captureStackTrace(site, patched)
    const given = args.slice(0, twin.args)
    while (given.length > 0 && given.at(-1) === undefined) given.pop()
    return park(
      backgroundCall(name, twin, (callback) => Reflect.apply(background, this, [...given, callback]), args, site),
    )
  })
  return patched
}

function backgroundCall(
  name: string,
  twin: Twin,
  start: (callback: Callback) => void,
  args: readonly unknown[],
  site: object,
): Operation<unknown> {
  const call = suspend<unknown>(
    `${name}(${typeof args[0] === 'string' ? JSON.stringify(args[0]) : ''})`,
    (wake) => {
      let over = false
      let ended: (() => void) | undefined
      const failed = (error: unknown): void => {
        const instead = twin.failed?.(error, args) ?? null
        if (instead === null) wake.fail(withSite(error, site))
        else wake(instead.value)
      }
      try {
        start((error, ...values) => {
          if (over) {
            if (!error) twin.drop?.(values[0], args)
            ended?.()
          } else if (error) failed(error)
          else wake(twin.result === undefined ? values[0] : twin.result(values, args))
        })
      } catch (error) {
        failed(error)
      }
      return () => {
        over = true
        ended = twin.lingers?.(args)
      }
    },
    { external: true },
  )
  return twin.changes === true ? shield(call) : call
}

/** Gives `error` the stack of the call that it is about. */
export function withSite(error: unknown, site: { readonly stack?: string }): unknown {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return error
  const [, ...frames] = (site.stack ?? '').split('\n')
  const head = error.stack.split('\n    at ', 1)[0] as string
  Object.defineProperty(error, 'stack', { value: [head, ...frames].join('\n'), configurable: true, writable: true })
  return error
}
