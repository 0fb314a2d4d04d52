/** What the processes of the tests run. */

export function pid(): number {
  return process.pid
}

export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2)
}

export function square(n: number): number {
  return n * n
}

export async function later(n: number): Promise<number> {
  await null
  return n
}

export function echo<T>(value: T): T {
  return value
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message), { code: 'E_WORK' })
}

export function hang(): never {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}

export function compute(): never {
  for (;;);
}

export function nap(ms: number): string {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  return 'rested'
}

export function leave(): never {
  process.exit(3)
}

export function crash(): never {
  process.abort()
}

export function eatMemory(): never {
  const eaten: unknown[] = []
  for (;;) eaten.push(new Array(100_000).fill(0).map((_, i) => ({ i })))
}

export function unsendable(): () => void {
  return () => {}
}
