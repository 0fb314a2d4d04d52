import assert from 'node:assert/strict'
import { spawn as startProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  all,
  BrokenError,
  ClosedError,
  fn,
  type Operation,
  sleep,
  spawn,
  suspend,
  UsageError,
} from '../../src/index.ts'
import { ProcessPool, type ProcessPoolOptions } from '../../src/offload/index.ts'
import { it } from '../support/it.ts'

type Work = typeof import('./process-work.ts')

const work = new URL('./process-work.js', import.meta.url)

const withPool = fn(function* <T>(options: ProcessPoolOptions<Work>, body: (pool: ProcessPool<Work>) => Operation<T>) {
  const pool = new ProcessPool<Work>(work, { size: 2, ...options })
  try {
    return yield* body(pool)
  } finally {
    yield* pool.close({ now: true })
  }
})

const failureOf = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error as Error & { code?: unknown; cause?: unknown }
  }
  throw new Error('it did not fail')
})

/** True while there is a process with this id. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Waits for what the platform does: no virtual time passes. */
const until = fn(function* (holds: () => boolean) {
  while (!holds()) yield* suspend<void>('the platform', (wake) => void setImmediate(wake), { external: true })
})

// Slow, as each of these: they start processes.
it('calls give what functions return, promise, and throw, each in a process that is not this one', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      assert.notEqual(yield* pool.submit('pid'), process.pid)
      assert.equal(yield* pool.submit('fib', 15), 610)
      assert.equal(yield* pool.submit('later', 7), 7)
      assert.deepEqual(yield* pool.submit('echo', { a: [1n, new Map([['k', new Uint8Array([1, 2])]])] }), {
        a: [1n, new Map([['k', new Uint8Array([1, 2])]])],
      })
      const error = yield* failureOf(pool.submit('fail', 'no'))
      assert.ok(error instanceof RangeError)
      assert.equal(error.message, 'no')
      assert.equal(error.code, 'E_WORK')
      assert.match(error.stack ?? '', /process-work/)
      assert.ok((yield* failureOf(pool.submit('nothing' as never))) instanceof UsageError)
    }),
  )
})

it('a hundred calls at once all come back, and map and imap give them in order', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      const squares = yield* all(Array.from({ length: 100 }, (_, i) => pool.submit('square', i)))
      assert.deepEqual(
        squares,
        Array.from({ length: 100 }, (_, i) => i * i),
      )
      assert.deepEqual(yield* pool.map('square', [3, 2, 1]), [9, 4, 1])
      using stream = pool.imap('square', [1, 2, 3], { ahead: 2 })
      assert.equal((yield* stream.next()).value, 1)
    }),
  )
})

it('kill -9 of a worker fails the call that it ran, and no other; a new one takes its place', function* () {
  yield* withPool(
    { size: 1, express: false },
    fn(function* (pool) {
      const pid = yield* pool.submit('pid')
      const lost = spawn(() => failureOf(pool.submit('hang')))
      yield* until(() => pool.stats().running === 1)
      const queued = spawn(() => pool.submit('pid'))
      process.kill(pid, 'SIGKILL')
      const error = yield* lost
      assert.ok(error instanceof BrokenError)
      assert.match(error.message, /hang\(…\) ran on worker 1 .* killed by SIGKILL/)
      assert.notEqual(yield* queued, pid)
      assert.equal(pool.stats().restarts, 1)
    }),
  )
})

it('process.exit, an abort in native code and memory without end fail only their own call', function* () {
  yield* withPool(
    { size: 1, maxMemoryMb: 64 },
    fn(function* (pool) {
      for (const name of ['leave', 'crash', 'eatMemory'] as const) {
        assert.ok((yield* failureOf(pool.submit(name))) instanceof BrokenError, name)
        assert.equal(yield* pool.submit('square', 3), 9)
      }
      assert.equal(pool.stats().restarts, 3)
    }),
  )
})

it('a call that is cancelled and does not end is killed after its grace', function* () {
  yield* withPool(
    { size: 1, killAfter: 0 },
    fn(function* (pool) {
      const pid = yield* pool.submit('pid')
      const task = spawn.detached(() => pool.submit('hang'))
      yield* until(() => pool.stats().running === 1)
      task.cancel()
      yield* until(() => !alive(pid))
      assert.notEqual(yield* pool.submit('pid'), pid)
    }),
  )
})

it('what cannot be sent is a UsageError, either way', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      assert.match((yield* failureOf(pool.submit('echo', () => {}))).message, /an argument of echo\(…\) cannot be sent/)
      assert.match(
        (yield* failureOf(pool.submit('unsendable'))).message,
        /the result of unsendable\(…\) cannot be sent/,
      )
      assert.equal(yield* pool.submit('square', 2), 4)
    }),
  )
})

it('a small call does not wait behind big ones', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      yield* pool.submit('square', 1)
      const big = spawn.detached(() => pool.submit('hang'))
      yield* until(() => pool.stats().running === 1)
      assert.equal(yield* pool.submit('square', 5), 25)
      big.cancel()
    }),
  )
})

it('close waits for what was submitted, or ends it now; no process is left', function* () {
  const pool = new ProcessPool<Work>(work, { size: 1 })
  const pid = yield* pool.submit('pid')
  const last = spawn(() => pool.submit('nap', 300))
  yield* until(() => pool.stats().running === 1)
  yield* pool.close()
  assert.equal(yield* last, 'rested')
  yield* until(() => !alive(pid))
  assert.ok((yield* failureOf(pool.submit('square', 1))) instanceof ClosedError)
})

for (const [what, args] of [
  ['idle', []],
  ['computing', ['computing']],
] as const) {
  test(`workers that are ${what} end with the program that started them, even if that is killed`, async () => {
    const program = fileURLToPath(new URL('./process-parent.js', import.meta.url))
    const parent = startProcess(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]()
    const pid = Number((await lines.next()).value)
    try {
      for (const line of args) assert.equal((await lines.next()).value, line)
      assert.ok(alive(pid))
      parent.kill('SIGKILL')
      const [, signal] = await once(parent, 'exit')
      assert.equal(signal, 'SIGKILL')
      for (let i = 0; alive(pid) && i < 6000; i++) await sleep(5)
      assert.ok(!alive(pid))
    } finally {
      if (alive(pid)) process.kill(pid, 'SIGKILL')
    }
  })
}
