/** Functions that are Fibril bodies and operations, for pools of the tests. */
import { type Body, fn, sleep, timeout } from '../../src/index.ts'

export function* double(n: number): Body<number> {
  yield* sleep(0)
  return n * 2
}

export const triple = fn(function* triple(n: number) {
  yield* sleep(0)
  return n * 3
})

export const tooLate = fn(function* tooLate() {
  yield* timeout(1, sleep(1e6))
})

/** Waits for ever, and says when it begins and when it is cleaned up. */
export const waitForEver = fn(function* waitForEver(signs: Int32Array) {
  try {
    Atomics.store(signs, 0, 1)
    yield* sleep(1e8)
  } finally {
    Atomics.store(signs, 1, 1)
  }
})

export function* notABody(): Generator<number, string> {
  yield 1
  return 'never'
}
