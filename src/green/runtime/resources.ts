/**
 * What `using` and `await using` own, and how it is disposed of: DisposeResources of the language, but that a method may park.
 * Code that was compiled has one `Resources` for each block, loop or body that owns something (compile/emit/using.ts).
 */
import { machine } from '../../core/index.ts'
import { call } from './calls.ts'
import { declareParking } from './compiled.ts'
import { enter, isObject, resumedValue } from './frame.ts'
import { waitFor } from './main.ts'
import { callees, type GreenBody, state } from './state.ts'
import { suppressedError } from './suppressed-error.ts'

interface Resource {
  readonly value: unknown
  /** Null: there is nothing to call, only to await. */
  readonly method: unknown
  readonly awaits: boolean
  /** By `await using`, of what has only the plain method: what that gives is not awaited. */
  readonly plainly: boolean
}

export class Resources {
  readonly owned: Resource[] = []
  /** Something is to be awaited before what is left can be disposed of. */
  waits = false
  awaited: unknown = undefined
  /** A resource that is null was passed over, for which a turn is to be awaited unless another one is. */
  owesTurn = false
  hasAwaited = false
  error: unknown = undefined
  hasFailed = false

  /** Owns `value`, and gives it. */
  use<T>(value: T, awaits: boolean): T {
    if (value === null || value === undefined) {
      if (awaits) this.owned.push({ value, method: null, awaits, plainly: false })
      return value
    }
    if (!isObject(value)) throw new TypeError('An object is expected with `using` declarations')
    let method = awaits ? methodOf(value, Symbol.asyncDispose) : null
    const plainly = awaits && method === null
    method ??= methodOf(value, Symbol.dispose)
    if (method === null) throw new TypeError('Symbol(Symbol.dispose) is not a function')
    this.owned.push({ value, method, awaits, plainly })
    return value
  }

  /** The block has failed, or the disposal of one of its resources. */
  failed(error: unknown): void {
    this.error = this.hasFailed
      ? new (suppressedError())(error, this.error, 'An error was suppressed during disposal')
      : error
    this.hasFailed = true
  }
}

function methodOf(object: object, key: symbol): unknown {
  const method = (object as Record<symbol, unknown>)[key]
  if (method === undefined || method === null) return null
  if (typeof method !== 'function') throw new TypeError(`${String(key)} is not a function`)
  return method
}

export function resources(): Resources {
  suppressedError()
  return new Resources()
}

function* disposing(of: Resources, given?: number): GreenBody {
  const depth = given ?? state.depth
  of.waits = false
  for (let own = of.owned.pop(); own !== undefined; own = of.owned.pop()) {
    if (!own.awaits && of.owesTurn) {
      of.owned.push(own)
      return toAwait(of, undefined)
    }
    if (own.method === null) {
      of.owesTurn = !of.hasAwaited
      continue
    }
    let result: unknown
    let cancelled = true
    try {
      callees[depth] = own.method
      state.next = depth
      result = call(own.method, own.value)
      if (machine.registers.op !== null) result = resumedValue(yield)
      cancelled = false
    } catch (error) {
      state.next = 0
      cancelled = false
      if (own.plainly) return toAwait(of, Promise.reject(error), true)
      of.failed(error)
      continue
    } finally {
      if (cancelled) yield* disposing(of, depth)
    }
    if (own.awaits) return toAwait(of, own.plainly ? undefined : result, true)
  }
  if (of.owesTurn) return toAwait(of, undefined)
  if (of.hasFailed) throw of.error
  return false
}

function toAwait(of: Resources, value: unknown, counts = false): true {
  of.waits = true
  of.awaited = value
  of.owesTurn = false
  of.hasAwaited ||= counts
  return true
}

/** Disposes of what is owned, the last first, and throws what failed. Answers true where `awaited` is to be awaited first. */
export const dispose: (of: Resources) => unknown = declareParking(function dispose(of: Resources): unknown {
  const announced = state.next
  state.next = 0
  return enter(announced, 0, disposing(of))
})

function* disposingAll(of: Resources, given?: number): GreenBody {
  const depth = given ?? state.depth
  let cancelled = true
  try {
    while (of.waits || (yield* disposing(of, depth))) {
      of.waits = false
      try {
        callees[depth] = waitFor
        state.next = depth
        waitFor(of.awaited)
        if (machine.registers.op !== null) resumedValue(yield)
      } catch (error) {
        state.next = 0
        of.failed(error)
      }
    }
    cancelled = false
  } catch (error) {
    cancelled = false
    throw error
  } finally {
    if (cancelled) yield* disposingAll(of, depth)
  }
  return undefined
}

/** Disposes of all in a task, which waits where an async function would await. */
export const disposeAll: (of: Resources) => unknown = declareParking(function disposeAll(of: Resources): unknown {
  const announced = state.next
  state.next = 0
  return enter(announced, 0, disposingAll(of))
})
