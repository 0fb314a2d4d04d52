import { machine, yieldNow } from '../../core/index.ts'
import { parks } from './compiled.ts'
import { callees, state } from './state.ts'

/** For tests: parks the activation at `depth` once, for a turn, if it can be. */
export function stress(depth: number): boolean {
  if (depth === 0 || machine.task === null || state.detached) return false
  for (let at = state.base; at < depth; at++) if (!parks(callees[at])) return false
  const operation = yieldNow() as unknown as Iterator<unknown>
  operation.next()
  state.pending = operation as never
  return true
}
