/**
 * Theory of operation: Tornado 4's stack contexts, on the platform's own (`AsyncLocalStorage`).
 *
 * A stack context is a block that also surrounds every callback which is handed over inside it: an error that a
 * callback throws a second later passes through it as if the block were still open. The open contexts are a list in the async
 * context, which tasks and promises carry by themselves; what is called back later enters them again, outermost first.
 * (Since Tornado 6 coroutines need none of it.)
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** What a context does around each piece of code. */
export interface StackContextHooks {
  enter?(): void
  /** `error` is what the code threw, and `failed` that it did. True swallows it. */
  exit?(error: unknown, failed: boolean): boolean | void
}

interface Open {
  readonly hooks: () => StackContextHooks
  readonly outer: Open | null
}

const open = new AsyncLocalStorage<Open | null>()
let used = false

/** @internal The contexts that are open here, for what is to run later. */
export function openContexts(): object | null {
  return used ? (open.getStore() ?? null) : null
}

/** @internal Runs `call` inside of contexts that were open elsewhere. */
export function within<T>(contexts: object | null, call: () => T): T | undefined {
  if (contexts === null) return call()
  return open.run(contexts as Open, () => enter(contexts as Open, call))
}

function enter<T>(context: Open, call: () => T): T | undefined {
  const inner = (): T | undefined => surround(context.hooks(), call)
  return context.outer === null ? inner() : enter(context.outer, inner as () => T)
}

function surround<T>(hooks: StackContextHooks, call: () => T): T | undefined {
  hooks.enter?.()
  let result: T
  try {
    result = call()
  } catch (error) {
    if (hooks.exit?.(error, true) === true) return undefined
    throw error
  }
  hooks.exit?.(undefined, false)
  return result
}

/**
 * Surrounds a block, and every callback that the loop or `wrap` takes over in it.
 *
 * ```ts
 * import { IOLoop, StackContext } from 'fibril/tornado'
 *
 * const loop = IOLoop.current()
 * const guard = new StackContext(() => ({
 *   exit(error, failed) {
 *     if (failed) console.log('caught', String(error))
 *     loop.stop()
 *     return failed
 *   },
 * }))
 * guard.run(() => {
 *   loop.addCallback(() => {
 *     throw new Error('later')
 *   })
 * })
 * await loop.start()
 * // prints: caught Error: later
 * ```
 */
export class StackContext {
  readonly #hooks: () => StackContextHooks

  /** `hooks` makes new ones for each piece of code that is surrounded. */
  constructor(hooks: () => StackContextHooks) {
    this.#hooks = hooks
  }

  /** Runs `block` in it. Undefined if the context swallowed its error. */
  run<T>(block: () => T): T | undefined {
    used = true
    const context: Open = { hooks: this.#hooks, outer: open.getStore() ?? null }
    return open.run(context, () => surround(this.#hooks(), block))
  }

  /**
   * For `using`, in code that may not yield inside: the Runner finds a coroutine that does, and throws
   * `StackContextInconsistentError` into it.
   */
  enter(): Disposable {
    used = true
    const outer = open.getStore() ?? null
    const hooks = this.#hooks()
    hooks.enter?.()
    open.enterWith({ hooks: this.#hooks, outer })
    return {
      [Symbol.dispose]: () => {
        open.enterWith(outer)
        hooks.exit?.(undefined, false)
      },
    }
  }
}

/** A context that gives each error of its block and callbacks to `handler`; true means that it was dealt with. */
export class ExceptionStackContext extends StackContext {
  constructor(handler: (error: unknown) => boolean) {
    super(() => ({ exit: (error, failed) => failed && handler(error) }))
  }
}

/** Runs `block` outside of all contexts: for what outlives the request that started it. */
export function nullContext<T>(block: () => T): T {
  return open.run(null, block)
}

/** Makes a function that runs, whenever it is called, inside of the contexts that are open now. */
export function wrap<A extends readonly unknown[], T>(callback: (...args: A) => T): (...args: A) => T | undefined {
  const contexts = openContexts()
  return (...args) =>
    contexts === null ? nullContext(() => callback(...args)) : within(contexts, () => callback(...args))
}

/** @internal Puts back the contexts of before. */
export function closeContexts(before: object | null): void {
  open.enterWith(before as Open | null)
}
