import { machine } from '../../core/index.ts'
import { get, hasGetterThatParks } from './calls.ts'
import { declareParking } from './compiled.ts'
import { enter, resumedValue } from './frame.ts'
import { callees, type GreenBody, state } from './state.ts'

/**
 * What a pattern is given that reads these properties, of which a getter may park: all that it reads, read beforehand. `rest`: it
 * takes the others as well. What has no such getter is given to it as it is.
 */
export const pick: (source: unknown, rest: boolean, ...keys: string[]) => unknown = declareParking(function pick(
  source: unknown,
  rest: boolean,
  ...keys: string[]
): unknown {
  const announced = state.next
  state.next = 0
  if (announced === 0 || source == null || !keys.some((key) => hasGetterThatParks(source, key))) return source
  return enter(announced, 0, picking(source, rest, keys))
})

function* picking(source: unknown, rest: boolean, keys: readonly PropertyKey[]): GreenBody {
  const { depth } = state
  const picked = Object.create(null) as Record<PropertyKey, unknown>
  const others = rest ? Reflect.ownKeys(Object(source)).filter((key) => !keys.includes(key)) : []
  for (const key of [...keys, ...others]) {
    if (!keys.includes(key) && !Object.prototype.propertyIsEnumerable.call(source, key)) continue
    callees[depth] = get
    state.next = depth
    let value = get(source, key)
    if (machine.registers.op !== null) value = resumedValue(yield)
    picked[key] = value
  }
  return picked
}
