/** The book of what was replaced, by what, and where. */

type Callable = (...args: never[]) => unknown
/** A function of node's, of which nothing need be known. */
export type AnyFunction = (...args: unknown[]) => unknown

/** Tells what became of a name: patched; patched before (false); or there is no such function (null). */
export type Told = (name: string, done: boolean | null) => void

interface Swap {
  readonly owner: object
  readonly key: string
  readonly patched: Callable
  readonly original: Callable
}

let swaps: Swap[] = []
const originals = new WeakMap<object, Callable>()

/**
 * What `fn` was before it was patched; `fn` itself if it is none of ours. Also after `unpatch()`.
 *
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { original, patchAll, unpatch } from 'fibril/green/patch'
 *
 * const before = readFileSync
 * patchAll()
 * console.log(readFileSync === before, original(readFileSync) === before) // prints: false true
 * unpatch()
 * ```
 */
export function original<F extends Callable>(fn: F): F {
  return (originals.get(fn) as F | undefined) ?? fn
}

/** True if `fn` is one of the functions that `patchAll` puts in place of node's. */
export function isPatched(fn: Callable): boolean {
  return originals.has(fn)
}

/** Makes `patched` look like `former`: its name, length and properties. */
export function likeness<F extends Callable>(patched: F, former: Callable): F {
  for (const key of Reflect.ownKeys(former)) {
    if (key === 'prototype') continue
    const descriptor = Object.getOwnPropertyDescriptor(former, key) as PropertyDescriptor
    Object.defineProperty(patched, key, { ...descriptor, configurable: true })
  }
  originals.set(patched, former)
  return patched
}

/** Puts `make(original)` at `owner[key]`. `null`: there is nothing to be replaced; false: that was done before. */
export function swap(owner: object, key: string, make: (former: AnyFunction) => AnyFunction): boolean | null {
  const former = (owner as Record<string, unknown>)[key]
  if (typeof former !== 'function') return null
  if (originals.has(former)) return false
  const patched = likeness(make(former as AnyFunction), former as AnyFunction)
  swaps.push({ owner, key, patched, original: former as Callable })
  put(owner, key, patched)
  return true
}

/** The functions that are replaced now, and their names. */
export function formerNames(): Map<unknown, string> {
  return new Map(swaps.map(({ original, key }) => [original, key]))
}

/** Puts back what is still ours; gives the names of what somebody else has replaced since. */
export function swapBack(): string[] {
  const left: string[] = []
  for (const { owner, key, patched, original } of swaps.reverse()) {
    if ((owner as Record<string, unknown>)[key] === patched) put(owner, key, original)
    else left.push(key)
  }
  swaps = []
  return left
}

function put(owner: object, key: string, value: Callable): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, key)
  Object.defineProperty(owner, key, {
    configurable: true,
    writable: true,
    enumerable: descriptor?.enumerable ?? true,
    value,
  })
}
