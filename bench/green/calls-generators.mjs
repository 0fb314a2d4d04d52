/* calls.mjs, with a generator for each call. */

export function* fib(n) {
  return n < 2 ? 1 : (yield* fib(n - 1)) + (yield* fib(n - 2)) + 1
}

function* leaf(i) {
  return i & 1
}

function* middle(i) {
  return (yield* leaf(i)) + 1
}

export function* loop(n) {
  let sum = 0
  for (let i = 0; i < n; i++) sum += yield* middle(i)
  return sum
}

class Counter {
  sum = 0;

  *add(i) {
    this.sum += yield* this.weigh(i)
    return this
  }

  *weigh(i) {
    return (i & 1) + 1
  }
}

export function* methods(n) {
  const counter = new Counter()
  for (let i = 0; i < n; i++) yield* counter.add(i)
  return counter.sum
}
