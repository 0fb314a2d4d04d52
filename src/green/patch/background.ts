/**
 * Theory of operation: most blocking calls of node have a twin that takes a callback, does the same in the background, and
 * takes the same arguments. A patched function parks on its twin if it can, and is node's own otherwise: outside of tasks, and
 * under frames that cannot park, such as a module that was not compiled.
 *
 * A table says what is a twin of what. An entry says how results are made where they differ.
 *
 * Failures are in node's own words. Not all twins use the same, nor the same in each version of node. So what refuses to start,
 * and a question to the file system that fails, is done again by the blocking function: what it throws, or gives, counts.
 * That is quick, as failing is. A change that fails is not made twice: there the twins do agree. An error is given the
 * stack of the call, for nobody's code is on the stack when it is made.
 *
 * A cancel: a call that only asks is dropped at once, and its result undone (a descriptor is closed). One that changes
 * something cannot be stopped, and what follows it must not find it under way: it is shielded, and the cancel is carried out
 * at the next wait.
 */
import { shield, suspend, type Wake } from '../../core/index.ts'
import { canPark, park, parkable } from '../runtime/index.ts'
import type { AnyFunction } from './swap.ts'

export type Callback = (error: unknown, ...values: unknown[]) => void

/** How a blocking call becomes one in the background. */
export interface Twin {
  /** The name of the twin. That of the blocking call without `Sync`, if left out. */
  readonly twin?: string
  /** How many arguments come before the callback, at most. */
  readonly args: number
  /** The arguments of the twin. The same, if left out. */
  readonly given?: (args: readonly unknown[]) => unknown[]
  /** It changes something, so that a cancel has to wait for it. */
  readonly changes?: boolean
  /** Its twin fails in other words: when it does, ask the blocking function. */
  readonly again?: boolean
  /** False for calls that are left to node: what their twin cannot do, or what is not worth the way. */
  readonly takes?: (args: readonly unknown[]) => boolean
  /** The result, made of what the callback is given. The first of it, if left out. */
  readonly result?: (values: readonly unknown[]) => unknown
  /** Undoes a result that came after its wait was cancelled. */
  readonly drop?: (value: unknown) => void
  /** Told when a call that is under way was given up, and when it has ended after that. */
  readonly lingers?: (args: readonly unknown[]) => (() => void) | undefined
}

/** The function that parks on `twin` where it can, and is `former` elsewhere. `name` is for reports: `fs.readFileSync`. */
export function parkingOn(name: string, twin: Twin, background: AnyFunction, former: AnyFunction): AnyFunction {
  const patched = parkable(function (this: unknown, ...args: unknown[]): unknown {
    if (!canPark() || twin.takes?.(args) === false) return Reflect.apply(former, this, args)
    const site = {}
    Error.captureStackTrace(site, patched)
    const call = suspend<unknown>(
      `${name}(${typeof args[0] === 'string' ? JSON.stringify(args[0]) : ''})`,
      (wake) => begin({ twin, self: this, args, background, former, site }, wake),
      { external: true },
    )
    return park(twin.changes === true ? shield(call) : call)
  })
  return patched
}

interface Call {
  readonly twin: Twin
  readonly self: unknown
  readonly args: readonly unknown[]
  readonly background: AnyFunction
  readonly former: AnyFunction
  readonly site: object
}

/** Starts it; gives how to give it up. */
function begin({ twin, self, args, background, former, site }: Call, wake: Wake<unknown>): () => void {
  let over = false
  let ended: (() => void) | undefined
  const again = (): void => {
    try {
      wake(Reflect.apply(former, self, args))
    } catch (error) {
      wake.fail(withSite(error, site))
    }
  }
  const callback: Callback = (error, ...values) => {
    if (over) {
      if (!error) twin.drop?.(values[0])
      ended?.()
    } else if (!error) wake(twin.result === undefined ? values[0] : twin.result(values))
    else if (twin.again === true) again()
    else wake.fail(withSite(error, site))
  }
  const given = (twin.given?.(args) ?? args).slice(0, twin.args)
  while (given.length > 0 && given.at(-1) === undefined) given.pop()
  try {
    Reflect.apply(background, self, [...given, callback])
  } catch {
    again()
  }
  return () => {
    over = true
    ended = twin.lingers?.(args)
  }
}

/** Gives `error` the stack of the call that it is about. */
export function withSite(error: unknown, site: { readonly stack?: string }): unknown {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return error
  const [, ...frames] = (site.stack ?? '').split('\n')
  const head = error.stack.split('\n    at ', 1)[0] as string
  Object.defineProperty(error, 'stack', { value: [head, ...frames].join('\n'), configurable: true, writable: true })
  return error
}
