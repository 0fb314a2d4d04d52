/** What calls bring besides their arguments, as it follows from `with(options)` and `carry`: the same for all pools. */
import type { Extra } from './messages.ts'
import type { CallOptions } from './pool.ts'
import type { Special } from './seat.ts'

/** What a pool carries over: the store of an `AsyncLocalStorage`, or what a function gives. */
export type Carried = { getStore(): unknown } | (() => unknown)

/** Gives what is to be carried over now; undefined if that is nothing. */
export type Carrier = () => Readonly<Record<string, unknown>> | undefined

export function specialOf(options: CallOptions, take: Special['take'] = null): Special {
  const { priority = 0, context, onProgress = null, onUsage = null, ahead } = options
  const extra: Extra = {
    ...(take === null || ahead === undefined ? {} : { results: ahead }),
    ...(context === undefined ? {} : { context }),
    ...(onProgress === null ? {} : { progress: true }),
    ...(onUsage === null ? {} : { usage: true }),
  }
  return { priority, extra: Object.keys(extra).length === 0 ? null : extra, take, onProgress, onUsage }
}

export function carrier(carry: Readonly<Record<string, Carried>>): Carrier {
  const sources = Object.entries(carry)
  return () => {
    const context: Record<string, unknown> = {}
    let empty = true
    for (const [key, source] of sources) {
      const value = typeof source === 'function' ? source() : source.getStore()
      if (value === undefined) continue
      context[key] = value
      empty = false
    }
    return empty ? undefined : context
  }
}

/** What a call was given by name is stronger than what is carried over. */
export function withContext(special: Special, carried: Readonly<Record<string, unknown>> | undefined): Special {
  if (carried === undefined) return special
  return { ...special, extra: { ...special.extra, context: { ...carried, ...special.extra?.context } } }
}
