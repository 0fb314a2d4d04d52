import { runAsWorker } from 'synckit'

/**
 * Counts who has come, and answers when all have.
 *
 * @param {number} n
 * @param {Int32Array<SharedArrayBuffer>} counter
 * @param {number} all
 */
export function meet(n, counter, all) {
  Atomics.add(counter, 0, 1)
  Atomics.notify(counter, 0)
  for (let here = 1; here < all; here = Atomics.load(counter, 0)) Atomics.wait(counter, 0, here, 60_000)
  return `${n}: all ${all} are here`
}

runAsWorker(meet)
