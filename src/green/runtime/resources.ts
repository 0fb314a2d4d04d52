/** What `await using` owns, in code that is a task. */
import { machine } from '../../core/index.ts'
import { call } from './calls.ts'
import { declareParking } from './compiled.ts'
import { enter, type GreenBody, resumedValue } from './frame.ts'
import { waitFor } from './main.ts'
import { callees, state } from './state.ts'

interface Resource {
  readonly value: unknown
  /** Null: there is nothing to call, only to wait. */
  readonly method: unknown
  readonly awaits: boolean
}

type Disposing = { readonly dispose?: symbol; readonly asyncDispose?: symbol }
type Suppressed = new (error: unknown, suppressed: unknown) => Error

export class Resources {
  readonly owned: Resource[] = []
  errors: unknown[] = []

  /** Owns `value`, and gives it. */
  use<T>(value: T, awaits: boolean): T {
    if (value === null || value === undefined) {
      if (awaits) this.owned.push({ value, method: null, awaits })
      return value
    }
    const { dispose, asyncDispose } = Symbol as Disposing
    const object = value as unknown as Record<symbol, unknown>
    let method = awaits && asyncDispose !== undefined ? object[asyncDispose] : undefined
    if (method === undefined || method === null) method = dispose === undefined ? undefined : object[dispose]
    if (typeof method !== 'function') throw new TypeError('what is used has no method to dispose of it')
    this.owned.push({ value, method, awaits })
    return value
  }

  /** The block has failed, or one of its resources. */
  failed(error: unknown): void {
    this.errors = [this.errors.length === 0 ? error : suppressed(error, this.errors[0])]
  }
}

function suppressed(error: unknown, by: unknown): unknown {
  const { SuppressedError } = globalThis as { readonly SuppressedError?: Suppressed }
  return SuppressedError === undefined ? new AggregateError([error, by]) : new SuppressedError(error, by)
}

export function resources(): Resources {
  return new Resources()
}

function* disposing(of: Resources): GreenBody {
  const { depth } = state
  for (let own = of.owned.pop(); own !== undefined; own = of.owned.pop())
    try {
      let result: unknown
      if (own.method !== null) {
        callees[depth] = own.method
        state.next = depth
        result = call(own.method, own.value)
        if (machine.registers.op !== null) result = resumedValue(yield)
      }
      if (!own.awaits) continue
      callees[depth] = waitFor
      state.next = depth
      waitFor(result)
      if (machine.registers.op !== null) resumedValue(yield)
    } catch (error) {
      state.next = 0
      of.failed(error)
    }
  if (of.errors.length > 0) throw of.errors[0]
  return undefined
}

/** Disposes of all, the last first, and throws what failed. */
export const dispose: (of: Resources) => unknown = declareParking(function dispose(of: Resources): unknown {
  const announced = state.next
  state.next = 0
  return enter(announced, 0, disposing(of))
})
