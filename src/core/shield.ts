import { type Call, callOf, callWithFrame, named, type TaskBody } from './call.ts'
import { type Frame, SHIELD } from './machine.ts'
import type { Body, Operation } from './operation.ts'

/**
 * Runs `body` to its end whatever comes: a cancel or a timeout of the code around it waits until it has ended. For cleanup
 * that a task does in the ordinary course of its work; cleanup that runs because of a cancel needs no shield.
 *
 * ```ts
 * import { fn, run, shield, sleep } from 'fibril'
 *
 * const commit = fn(function* () {
 *   yield* sleep(5)
 *   console.log('committed')
 * })
 * const task = run(function* () {
 *   yield* shield(commit())
 *   yield* sleep(1000)
 * })
 * await sleep(1)
 * task.cancel()
 * await task.then(null, (error) => console.log(String(error)))
 * // prints: committed
 * // prints: CancelledError: task … was cancelled by code outside any task
 * ```
 */
export function shield<T>(body: TaskBody<T>): Operation<T> {
  return callWithFrame(shielded<T>, callOf<T>(body))
}

function* shielded<T>(frame: Frame, call: Call<T>): Body<T> {
  frame.unwind = SHIELD
  try {
    return yield* call
  } finally {
    if (frame.unwind === SHIELD) frame.unwind = null
  }
}
named('shield', shielded)
