/** What the workers of the tests of the cluster run. Effects go to a file, a line each, so that they can be counted. */
import { appendFileSync, readFileSync } from 'node:fs'
import { type Body, sleep } from '../../../src/index.ts'

export function square(n: number): number {
  return n * n
}

export function pid(): number {
  return process.pid
}

export function echo<T>(value: T): T {
  return value
}

export function zeros(size: number): Uint8Array {
  return new Uint8Array(size)
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message, { cause: new TypeError('the cause') }), { code: 'E_WORK' })
}

/** Ends its thread. */
export function leave(): never {
  process.exit(3)
}

/** Ends its process. */
export function crash(file: string): never {
  appendFileSync(file, 'crash\n')
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}

/** Leaves a line, having taken some time. */
export function mark(file: string, line: string, ms: number): number {
  hold(ms)
  appendFileSync(file, `${line}\n`)
  return process.pid
}

export function markAndFail(file: string, line: string): never {
  appendFileSync(file, `${line}\n`)
  throw new RangeError(line)
}

/** Leaves a line, and gives more than a message of the server holds. */
export function markLarge(file: string, line: string, size: number): Uint8Array {
  appendFileSync(file, `${line}\n`)
  return new Uint8Array(size)
}

/** Leaves a line at its beginning and at its end. */
export function longMark(file: string, ms: number): number {
  appendFileSync(file, `begun ${process.pid}\n`)
  hold(ms)
  appendFileSync(file, `ended ${process.pid}\n`)
  return process.pid
}

/** Waits until it is cancelled. */
export function* waitForCancel(file: string): Body<void> {
  appendFileSync(file, 'begun\n')
  try {
    yield* sleep(3_600_000)
  } finally {
    appendFileSync(file, 'cancelled\n')
  }
}

/** Fails until the file has so many lines. */
export function failUntil(file: string, lines: number): number {
  appendFileSync(file, 'try\n')
  if (count(file) < lines) throw new RangeError('not yet')
  return lines
}

function hold(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function count(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1
}
