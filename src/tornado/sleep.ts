import { sleep as sleepOf } from '../core/index.ts'
import { begin } from './begin.ts'
import type { Future } from './future.ts'

/** A future that is done `ms` milliseconds from now. Tornado's takes seconds. */
export function sleep(ms: number): Future<void> {
  return begin(`${ms} ms to pass`, sleepOf(ms))
}
