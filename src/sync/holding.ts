import { type Body, callOf, fn, type Operation, type TaskBody } from '../core/index.ts'

/** What is held while a block runs. */
export interface Holdable {
  acquire(): Operation<unknown>
  release(): void
}

/** Runs `body` while holding `it`. */
export const holding = fn(function* holding<T>(it: Holdable, body: TaskBody<T>): Body<T> {
  yield* it.acquire()
  try {
    return yield* callOf<T>(body)
  } finally {
    it.release()
  }
})
