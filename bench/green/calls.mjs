/* What is called and does not wait. Loaded as it is, and compiled, where the comments make each function one that may park. */

// @fibril parks
export function fib(n) {
  return n < 2 ? 1 : fib(n - 1) + fib(n - 2) + 1
}

// @fibril parks
function leaf(i) {
  return i & 1
}

// @fibril parks
function middle(i) {
  return leaf(i) + 1
}

// @fibril parks
export function loop(n) {
  let sum = 0
  for (let i = 0; i < n; i++) sum += middle(i)
  return sum
}

class Counter {
  sum = 0

  // @fibril parks
  add(i) {
    this.sum += this.weigh(i)
    return this
  }

  // @fibril parks
  weigh(i) {
    return (i & 1) + 1
  }
}

// @fibril parks
export function methods(n) {
  const counter = new Counter()
  for (let i = 0; i < n; i++) counter.add(i)
  return counter.sum
}
