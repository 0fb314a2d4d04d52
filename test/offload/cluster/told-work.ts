/** Functions of the tests of the cluster that know of their call. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { appendFileSync } from 'node:fs'
import { call, restore } from '../../../src/offload/worker/index.ts'

const trace = new AsyncLocalStorage<string>()
restore({ trace })

/** Tells a number for each step. */
export async function steps(count: number, ms = 0): Promise<number> {
  for (let n = 1; n <= count; n++) {
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
    call().progress(n)
  }
  return count
}

/** Tells more than a message holds. */
export async function tellMuch(): Promise<void> {
  call().progress(new Uint8Array(2 ** 21))
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}

export function context(): { context: unknown; trace: string | undefined } {
  return { context: call().context, trace: trace.getStore() }
}

/** Waits until nobody wants it any more. */
export async function untilAborted(file: string): Promise<void> {
  const { signal } = call()
  appendFileSync(file, 'begun\n')
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  appendFileSync(file, 'aborted\n')
}

export function burn(ms: number): number {
  const end = performance.now() + ms
  while (performance.now() < end);
  return ms
}

export function* numbers(to: number): Generator<number, void, void> {
  for (let n = 0; n < to; n++) yield n
}

/** Leaves a line for each that it makes, and one at its end. */
export async function* counted(file: string): AsyncGenerator<number, void, void> {
  try {
    for (let n = 0; ; n++) {
      appendFileSync(file, `made ${n}\n`)
      yield n
    }
  } finally {
    appendFileSync(file, 'left\n')
  }
}

export function* blocks(count: number, size: number): Generator<Uint8Array, void, void> {
  for (let n = 0; n < count; n++) yield new Uint8Array(size).fill(n)
}

export async function* failing(after: number): AsyncGenerator<number, void, void> {
  for (let n = 0; n < after; n++) yield n
  throw new RangeError('no more')
}

export async function* dying(file: string): AsyncGenerator<number, void, void> {
  yield 0
  appendFileSync(file, 'begun\n')
  await new Promise(() => setInterval(() => {}, 1000))
}

/** Leaves the order in which it was called. */
export async function order(file: string, line: string): Promise<void> {
  appendFileSync(file, `${line}\n`)
  await new Promise((resolve) => setTimeout(resolve, 50))
}
