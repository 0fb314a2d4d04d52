import { twins } from '../calls.ts'
import { declareParking } from '../compiled.ts'
import { state } from '../state.ts'

type Method = (this: unknown, ...args: never[]) => unknown

/**
 * Says that `twin` stands for `native` where compiled code calls it. It takes the announcement, and is given it back as its
 * first argument.
 */
export function register<A extends unknown[]>(
  native: unknown,
  twin: (announced: number, self: never, ...args: A) => unknown,
): void {
  if (native === undefined) return
  const standIn = function (this: unknown, ...args: A): unknown {
    const announced = state.next
    state.next = 0
    return twin(announced, this as never, ...args)
  }
  Object.defineProperty(standIn, 'name', { value: (native as Method).name, configurable: true })
  Object.defineProperty(standIn, 'length', { value: (native as Method).length, configurable: true })
  twins.set(native, declareParking(standIn))
}
