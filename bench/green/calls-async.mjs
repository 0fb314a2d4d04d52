/* calls.mjs, as one writes it who must. */

export async function fib(n) {
  return n < 2 ? 1 : (await fib(n - 1)) + (await fib(n - 2)) + 1
}

async function leaf(i) {
  return i & 1
}

async function middle(i) {
  return (await leaf(i)) + 1
}

export async function loop(n) {
  let sum = 0
  for (let i = 0; i < n; i++) sum += await middle(i)
  return sum
}

class Counter {
  sum = 0

  async add(i) {
    this.sum += await this.weigh(i)
    return this
  }

  async weigh(i) {
    return (i & 1) + 1
  }
}

export async function methods(n) {
  const counter = new Counter()
  for (let i = 0; i < n; i++) await counter.add(i)
  return counter.sum
}
