/** `for await` in code that is a task: each step of the iterator is waited for. */
import { machine } from '../../core/index.ts'
import { call } from './calls.ts'
import { declareParking } from './compiled.ts'
import { enter, isObject, resumedValue } from './frame.ts'
import { waitFor } from './main.ts'
import { callees, type GreenBody, state } from './state.ts'

interface Source {
  next(value?: unknown): unknown
  return?(value?: unknown): unknown
}

function taken(): number {
  const announced = state.next
  state.next = 0
  return announced
}

function* waiting(value: unknown): GreenBody {
  const { depth } = state
  callees[depth] = waitFor
  state.next = depth
  const result = waitFor(value)
  return machine.registers.op === null ? result : resumedValue(yield)
}

/** Of an iterator that is not async, the values are waited for. */
function* waitingInside(result: unknown): GreenBody {
  if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`)
  const { done, value } = result as IteratorResult<unknown>
  return { done, value: yield* waiting(value) }
}

/** An async iterable as one whose `next` and `return` park. */
export function overAsync(iterable: unknown): Iterable<unknown> {
  const method = (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator] as unknown
  const isAsync = method !== undefined && method !== null
  const opening = isAsync ? method : (iterable as Iterable<unknown>)[Symbol.iterator]
  if (typeof opening !== 'function') throw new TypeError(`${String(iterable)} is not async iterable`)
  const source = call(opening, iterable) as Source
  const { next } = source
  const step = isAsync ? waiting : waitingInside
  const iterator = {
    [Symbol.iterator]: () => iterator,
    next: declareParking(function next_(): unknown {
      const announced = taken()
      return enter(announced, 0, step(call(next, source)))
    }),
    get return() {
      const leave = source.return
      if (leave === undefined || leave === null) return undefined
      return declareParking(function return_(): unknown {
        const announced = taken()
        return enter(announced, 0, step(call(leave, source)))
      })
    },
  }
  return iterator as never
}
