/** The n-th Fibonacci number, the slow way on purpose: about 1.6 times as long for each n more. */
export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2)
}
