/** What the pools of the tests run. It imports nothing of Fibril, as most such modules do. */
import { isMainThread, threadId, workerData } from 'node:worker_threads'

export const notAFunction = 42

export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2)
}

export function add(a: number, b: number): number {
  return a + b
}

export function echo<T>(value: T): T {
  return value
}

export async function later(n: number): Promise<number> {
  await null
  return n
}

const notes: unknown[] = []

export function note(value: unknown): void {
  notes.push(value)
}

/** What was noted since it was asked last. */
export function noted(): unknown[] {
  return notes.splice(0)
}

/** Says that it is there, and holds its worker until the gate is opened. */
export function block(gate: Int32Array): string {
  Atomics.add(gate, 0, 1)
  Atomics.wait(gate, 1, 0)
  return 'let go'
}

export function count(counter: Int32Array): number {
  return Atomics.add(counter, 0, 1)
}

export class CustomError extends RangeError {
  override name = 'CustomError'
  readonly code = 'E_CUSTOM'
  readonly details = { limit: 3 }
}

export function fail(message: string): never {
  throw new CustomError(message, { cause: new TypeError('the cause') })
}

export async function failLater(message: string): Promise<never> {
  await null
  throw new CustomError(message)
}

export function throwValue(value: unknown): never {
  throw value
}

export function failTogether(): never {
  throw new AggregateError([new TypeError('one'), 'two'], 'both')
}

export function exit(code: number): never {
  process.exit(code)
}

/** Ends its worker, unless the code is 0. */
export function exitUnlessZero(code: number): number {
  return code === 0 ? code : exit(code)
}

/** Fails where nobody waits, and never comes back. */
export function failAside(): Promise<never> {
  setImmediate(() => {
    throw new Error('aside')
  })
  return new Promise(() => {})
}

/** Takes memory until there is none. */
export function hoard(): number {
  const hoard: number[][] = []
  for (;;) hoard.push(new Array<number>(100_000).fill(hoard.length))
}

export function unsendable(): () => void {
  return () => {}
}

export function sum(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0)
}

export function env(name: string): string | undefined {
  return process.env[name]
}

export function where(): { readonly thread: number; readonly main: boolean; readonly data: unknown } {
  return { thread: threadId, main: isMainThread, data: workerData }
}

/** Quick in a worker, and not in the main thread. */
export function slowHere(ms: number): boolean {
  const end = performance.now() + ms
  while (isMainThread && performance.now() < end);
  return isMainThread
}

/** Needs to wait only in the main thread. */
export function waitsHere(n: number): number | Promise<number> {
  return isMainThread ? Promise.resolve(n) : n
}

const kept = { calls: 0 }

/** Gives away an object of its own. */
export function keep(): { calls: number } {
  kept.calls++
  return kept
}

/** Changes what it is given. */
export function mutate(list: number[]): number {
  list.push(0)
  return list.length
}
