import { machine } from '../../../core/index.ts'
import { call } from '../calls.ts'
import { resumedValue } from '../frame.ts'
import { callees, type GreenBody, state } from '../state.ts'

/** A stable merge sort, from the bottom up. Undefined goes last and holes behind it, as in the builtin. */
export function* sorting(
  list: unknown[],
  length: number,
  compare: (a: unknown, b: unknown) => unknown,
  copy: boolean,
): GreenBody {
  const { depth } = state
  let from: unknown[] = []
  let undefinedCount = 0
  for (let at = 0; at < length; at++) {
    if (!copy && !(at in list)) continue
    const value = list[at]
    if (value === undefined) undefinedCount++
    else from.push(value)
  }
  let to = new Array<unknown>(from.length)
  const count = from.length
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count)
      const end = Math.min(start + 2 * width, count)
      let left = start
      let right = middle
      for (let at = start; at < end; at++) {
        let takeLeft = right >= end
        if (!takeLeft && left < middle) {
          callees[depth] = compare
          state.next = depth
          let order = call(compare, undefined, from[left], from[right])
          if (machine.registers.op !== null) order = resumedValue(yield)
          takeLeft = !(Number(order) > 0)
        }
        to[at] = takeLeft ? from[left++] : from[right++]
      }
    }
    const swapped = from
    from = to
    to = swapped
  }
  const target = copy ? new Array<unknown>(length) : list
  for (let at = 0; at < count; at++) target[at] = from[at]
  for (let at = count; at < count + undefinedCount; at++) target[at] = undefined
  if (!copy) for (let at = count + undefinedCount; at < length; at++) if (at in list) delete list[at]
  return target
}
