import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrokenError, fn, run, spawn, TimeoutError, UsageError, wait } from '../../src/index.ts'
import { type CallUsage, ProcessPool, ThreadPool, type WorkerPool } from '../../src/offload/index.ts'
import { call } from '../../src/offload/worker/index.ts'

type Work = typeof import('./told-work.ts')

const work = new URL('./told-work.js', import.meta.url)

const pools: readonly (readonly [string, (options?: object) => WorkerPool<Work>])[] = [
  ['threads', (options) => new ThreadPool<Work>(work, { size: 1, inline: false, ...options })],
  ['processes', (options) => new ProcessPool<Work>(work, { size: 1, ...options })],
]

const signs = (): Int32Array => new Int32Array(new SharedArrayBuffer(8))

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve))
}

for (const [kind, make] of pools) {
  test(`progress comes in order, before the result, in ${kind}`, async () => {
    await using pool = make()
    const told: unknown[] = []
    const listening = pool.with({ onProgress: (value) => told.push(value) })
    assert.equal(await listening.submit('tells', 5), 'told')
    assert.deepEqual(
      told.splice(0),
      [0, 1, 2, 3, 4].map((i) => ({ i })),
    )
    assert.equal(await listening.submit('tellsAtOnce', 3), 3)
    assert.deepEqual(told.splice(0), [0, 1, 2])
    assert.equal(await pool.submit('tellsAtOnce', 3), 3, 'nobody listens')
    assert.equal(await listening.submit('tellsLate'), 'over')
    assert.equal(await pool.submit('one'), 1)
    assert.deepEqual(told, [])
  })

  test(`a failure in onProgress fails the call, in ${kind}`, async () => {
    await using pool = make()
    const listening = pool.with({
      onProgress: () => {
        throw new RangeError('not listening')
      },
    })
    await assert.rejects(async () => await listening.submit('tells', 5), { message: 'not listening' })
    assert.equal(await pool.submit('one'), 1)
  })

  test(`progress that cannot be sent is thrown where it is told, in ${kind}`, async () => {
    await using pool = make()
    const listening = pool.with({ onProgress: () => {} })
    await assert.rejects(async () => await listening.submit('tellsWrong'), {
      name: 'TypeError',
      message: /progress cannot be sent/,
    })
  })

  test(`a worker that dies after it has told something fails its call, in ${kind}`, async () => {
    await using pool = make()
    const told: unknown[] = []
    const listening = pool.with({ onProgress: (value) => told.push(value) })
    await assert.rejects(async () => await listening.submit('tellsAndDies'), BrokenError)
    assert.deepEqual(told, ['last words'])
    assert.equal(await pool.submit('one'), 1)
  })

  test(`what a call took is told, well or not, in ${kind}`, async () => {
    await using pool = make()
    const used: CallUsage[] = []
    const measured = pool.with({ onUsage: (usage) => used.push(usage) })
    await measured.submit('spin', 30)
    await assert.rejects(async () => await measured.submit('spinAndFail', 5))
    const [first, second] = used
    assert.ok(first !== undefined && second !== undefined)
    assert.ok(first.runMs >= 30 && second.runMs >= 5)
    assert.ok(first.queueMs >= 0)
    const known = kind === 'processes' || 'threadCpuUsage' in process
    assert.equal(typeof first.cpuMs, known ? 'number' : 'undefined')
    if (known) assert.ok((first.cpuMs ?? 0) > 0 && (first.cpuMs ?? 0) < first.runMs * 8)
    assert.equal(typeof first.maxRssMb, kind === 'processes' ? 'number' : 'undefined')
    const { cpuMs, calls } = pool.stats().functions['spin'] ?? { cpuMs: -1, calls: 0 }
    assert.equal(calls, 1)
    assert.equal(cpuMs, first.cpuMs ?? 0)
  })

  test(`context is carried over: to call(), to a storage, through bodies and streams, in ${kind}`, async () => {
    const user = new AsyncLocalStorage<{ name: string }>()
    await using pool = make({ carry: { user, trace: () => 'trace-1', nothing: () => undefined } })
    const expected = { user: { name: 'Ada' }, trace: 'trace-1' }
    await user.run({ name: 'Ada' }, async () => {
      assert.deepEqual(await pool.submit('context'), [expected, 'Ada', 'context'])
      assert.deepEqual(await pool.submit('contextOfBody'), [expected, 'Ada'])
      assert.deepEqual(await pool.stream('contextOfStream').all(), ['Ada', 'Ada'])
    })
    assert.deepEqual(await pool.submit('context'), [{ trace: 'trace-1' }, undefined, 'context'])
    await run(function* () {
      const names = ['Grace', 'Barbara'].map((name) =>
        spawn(
          fn(function* () {
            user.enterWith({ name })
            return (yield* pool.submit('context'))[1]
          })(),
        ),
      )
      assert.deepEqual([yield* names[0]!.join(), yield* names[1]!.join()], ['Grace', 'Barbara'])
    })
  })

  test(`a worker makes its first call before others, and its last when it leaves, in ${kind}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fibril-'))
    try {
      const file = join(folder, 'stopped')
      const pool = make({ start: ['start', 'a', 1], stop: ['stop', file, 'stopped;'] })
      assert.deepEqual(await pool.submit('whatStarted'), ['a', 1])
      await pool.close()
      assert.equal(readFileSync(file, 'utf8'), 'stopped;')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test(`a first call that fails is a worker that cannot start, in ${kind}`, async () => {
    await using pool = make({ start: ['startWrong'] })
    await assert.rejects(
      async () => await pool.submit('one'),
      (error: BrokenError) => error instanceof BrokenError && (error.cause as Error).message === 'no start',
    )
  })

  test(`a last call that takes too long is cut short, in ${kind}`, async () => {
    const pool = make({ stop: ['stopNever'], killAfter: 10 })
    assert.equal(await pool.submit('one'), 1)
    await pool.close()
    assert.equal(pool.stats().state, 'closed')
  })

  test(`a limit of time is one for each call, in ${kind}`, async () => {
    await using pool = make({ killAfter: 0 })
    assert.equal(await pool.with({ timeout: 60_000 }).submit('one'), 1)
    const hurried = pool.with({ timeout: 30 })
    await assert.rejects(async () => await hurried.submit('spin', 1e9), TimeoutError)
    await assert.rejects(async () => await hurried.map('spin', [1e9]), TimeoutError)
    assert.equal(await pool.submit('one'), 1)
  })
}

test('a cancelled call is told by its signal', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1, killAfter: Infinity })
  const memory = signs()
  await run(function* () {
    const task = spawn(pool.submit('untilAborted', memory))
    yield* untilOp(() => Atomics.load(memory, 0) === 1)
    task.cancel()
  })
  await until(() => Atomics.load(memory, 1) === 2)
  assert.equal(await pool.submit('one'), 1)
  assert.equal(pool.stats().restarts, 0)
})

test('a function that computes learns from its call that it was cancelled', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1, killAfter: Infinity })
  const memory = signs()
  await run(function* () {
    const task = spawn(pool.submit('untilCancelled', memory))
    yield* untilOp(() => Atomics.load(memory, 0) === 1)
    task.cancel()
  })
  await until(() => Atomics.load(memory, 1) === 2)
  assert.equal(await pool.submit('one'), 1)
  assert.equal(pool.stats().restarts, 0)
})

const untilOp = fn(function* (is: () => boolean) {
  while (!is()) yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})

test('options are checked when they are given', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1 })
  for (const options of [{ priority: Number.NaN }, { timeout: -1 }, { ahead: 0 }]) {
    assert.throws(() => pool.with(options), UsageError)
  }
  assert.throws(() => pool.with({ priority: 1 }).with({ ahead: 0.5 }), UsageError)
})

test('call() is for functions that a pool runs', () => {
  assert.throws(() => call(), UsageError)
})

test('a trivial call that runs inline finds its call and its context too', async () => {
  const user = new AsyncLocalStorage<{ name: string }>()
  await using pool = new ThreadPool<Work>(work, { size: 1, carry: { user }, inline: { maxMicros: 1e6 } })
  await user.run({ name: 'Ada' }, async () => {
    for (let i = 0; i < 10_000 && (pool.stats().functions['one']?.inline ?? 0) === 0; i++) await pool.submit('one')
    assert.ok((pool.stats().functions['one']?.inline ?? 0) > 0)
  })
})

test('with a first call nothing runs inline, where that was not made, unless it is asked for', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1, start: ['start', 'a'] })
  for (let i = 0; i < 60; i++) assert.deepEqual(await pool.submit('whatStarted'), ['a'])
  assert.equal(pool.stats().functions['whatStarted']?.inline, 0)
})
