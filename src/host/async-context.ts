/**
 * Carries AsyncLocalStorage into tasks, at no cost while nobody uses one.
 *
 * An `AsyncResource` captures the context of the moment; making one costs 50 ns and entering it 10 to 30, on Node 20 to 26
 * (`AsyncLocalStorage.snapshot()` costs microseconds). That is the price of a switch of tasks, so it is not paid before
 * the first store was set. There is no event for that, so `run` and `enterWith`, the only ways to set one, are replaced
 * by versions that take themselves away when they are first called. A store that was set before this module was
 * loaded shows in the resource itself: as a symbol-keyed property in Node 20 and 22, as a frame in Node 24 and later.
 *
 * A turn runs in the context of whoever woke the loop, so from then on tasks without a context of their own, spawned
 * before the first store was set, are stepped in the one that was when this module was loaded.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { type Context, machine } from '../core/index.ts'

const base = new AsyncResource('fibril')
let inUse = false

function use(): void {
  inUse = true
  machine.base = base as Context
}

if (holdsContext(base)) use()
else watch(AsyncLocalStorage.prototype as unknown as Record<string, unknown>)

/** The context of this moment, or null while no AsyncLocalStorage was ever used. */
export function captureContext(): Context | null {
  return inUse ? (new AsyncResource('fibril.task') as Context) : null
}

function holdsContext(resource: AsyncResource): boolean {
  for (const key of Object.getOwnPropertySymbols(resource)) {
    const value = (resource as unknown as Record<symbol, unknown>)[key]
    if (key.description === 'kResourceStore' && value !== undefined) return true
    if (key.description === 'context_frame' && value !== undefined) return true
  }
  return false
}

function watch(prototype: Record<string, unknown>): void {
  const originals = new Map<string, unknown>()
  const restore = (): void => {
    use()
    for (const [name, original] of originals) prototype[name] = original
  }
  for (const name of ['run', 'enterWith', 'withScope']) {
    const original = prototype[name]
    if (typeof original !== 'function') continue
    originals.set(name, original)
    const watched = function (this: unknown, ...args: unknown[]): unknown {
      restore()
      return original.apply(this, args)
    }
    try {
      prototype[name] = watched
    } catch {
      // Frozen intrinsics: nothing to hear it by, so always pay.
      use()
    }
  }
}
