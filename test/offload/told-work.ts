/** Functions that know of their call, for pools of the tests. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { appendFileSync } from 'node:fs'
import { type Body, sleep } from '../../src/index.ts'
import { call, restore } from '../../src/offload/worker/index.ts'

const user = new AsyncLocalStorage<{ name: string }>()
restore({ user })

export async function* numbers(to: number, from = 0): AsyncGenerator<number, void, void> {
  for (let n = from; n < to; n++) yield n
}

export function* plainNumbers(to: number): Generator<number, void, void> {
  for (let n = 0; n < to; n++) yield n
}

export function list(): readonly string[] {
  return ['a', 'b']
}

export async function opened(): Promise<Set<number>> {
  await null
  return new Set([1, 2])
}

export function one(): number {
  return 1
}

/** Counts what it makes in shared memory, and what becomes of it. */
export async function* counted(signs: Int32Array, to: number): AsyncGenerator<number, void, void> {
  try {
    for (let n = 0; n < to; n++) {
      Atomics.store(signs, 0, n + 1)
      yield n
    }
  } finally {
    Atomics.store(signs, 1, 1)
  }
}

export async function* failing(after: number): AsyncGenerator<number, void, void> {
  for (let n = 0; n < after; n++) yield n
  throw new RangeError('no more')
}

export function* unsendables(): Generator<unknown, void, void> {
  yield 1
  yield () => {}
}

export async function* dying(after: number): AsyncGenerator<number, void, void> {
  for (let n = 0; n < after; n++) yield n
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.exit(3)
}

/** Gives one, then waits for its signal. */
export async function* waiting(signs: Int32Array): AsyncGenerator<number, void, void> {
  const { signal } = call()
  yield 1
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  Atomics.store(signs, 0, 1)
}

export async function tells(count: number): Promise<string> {
  for (let i = 0; i < count; i++) {
    call().progress({ i })
    if (i % 2) await null
  }
  return 'told'
}

export function tellsAtOnce(count: number): number {
  for (let i = 0; i < count; i++) call().progress(i)
  return count
}

export function tellsWrong(): void {
  call().progress(() => {})
}

export async function tellsAndDies(): Promise<never> {
  call().progress('last words')
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.exit(4)
}

/** Tells when its call is over already. */
export function tellsLate(): string {
  const now = call()
  setImmediate(() => now.progress('too late'))
  return 'over'
}

/** Says that it is there, and waits for its signal. */
export async function untilAborted(signs: Int32Array): Promise<string> {
  const { signal } = call()
  Atomics.store(signs, 0, 1)
  Atomics.notify(signs, 0)
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  await null
  Atomics.store(signs, 1, call().cancelled ? 2 : 1)
  return (signal.reason as Error).name
}

/** Computes until it is told that nobody wants the result. */
export function untilCancelled(signs: Int32Array): void {
  Atomics.store(signs, 0, 1)
  const now = call()
  while (!now.cancelled);
  Atomics.store(signs, 1, now.signal.aborted ? 2 : 1)
}

export async function context(): Promise<readonly [unknown, string | undefined, string]> {
  await null
  return [call().context, user.getStore()?.name, call().name]
}

export function* contextOfBody(): Body<readonly [unknown, string | undefined]> {
  yield* sleep(0)
  return [call().context, user.getStore()?.name]
}

export async function* contextOfStream(): AsyncGenerator<string | undefined, void, void> {
  yield user.getStore()?.name
  await null
  yield user.getStore()?.name
}

let started: readonly unknown[] = []

export async function start(...args: readonly unknown[]): Promise<void> {
  await null
  started = args
}

export function startWrong(): never {
  throw new RangeError('no start')
}

export function whatStarted(): readonly unknown[] {
  return started
}

export async function stop(file: string, text: string): Promise<void> {
  await null
  appendFileSync(file, text)
}

export function stopNever(): Promise<never> {
  setInterval(() => {}, 1000)
  return new Promise(() => {})
}

export function spin(ms: number): number {
  const end = performance.now() + ms
  let turns = 0
  while (performance.now() < end) turns++
  return turns
}

export function spinAndFail(ms: number): never {
  spin(ms)
  throw new Error('spun')
}
