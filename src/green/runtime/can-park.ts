import { machine } from '../../core/index.ts'
import { parks } from './compiled.ts'
import { callees, state } from './state.ts'

/**
 * In a `parkable` function: true if `park` would wait, false if it would refuse. For those who know another way: a patched
 * `readFileSync` that was called by native code is node's own.
 */
export function canPark(): boolean {
  const depth = state.given
  if (depth === 0 || (machine.task === null && !state.detached)) return false
  for (let at = state.base; at <= depth; at++) if (!parks(callees[at])) return false
  return true
}
