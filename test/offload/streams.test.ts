import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokenError, type FibrilError, run, sleep, spawn, UsageError, wait } from '../../src/index.ts'
import { type CallStream, ProcessPool, ThreadPool, type WorkerPool } from '../../src/offload/index.ts'

type Work = typeof import('./told-work.ts')

const work = new URL('./told-work.js', import.meta.url)

const pools: readonly (readonly [string, (options?: object) => WorkerPool<Work>])[] = [
  ['threads', (options) => new ThreadPool<Work>(work, { size: 1, ...options })],
  ['processes', (options) => new ProcessPool<Work>(work, { size: 1, ...options })],
]

/** Takes all, and the failure at the end. */
async function taken<R>(stream: CallStream<R>): Promise<{ results: R[]; error: unknown }> {
  const results: R[] = []
  try {
    for await (const result of stream) results.push(result)
    return { results, error: null }
  } catch (error) {
    return { results, error }
  }
}

const signs = (): Int32Array => new Int32Array(new SharedArrayBuffer(8))

/** Lets the world turn until `is` true. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve))
}

for (const [kind, make] of pools) {
  test(`results come one by one, from generators and other iterables, in ${kind}`, async () => {
    await using pool = make()
    assert.deepEqual((await taken(pool.stream('numbers', 200))).results, [...Array(200).keys()])
    assert.deepEqual((await taken(pool.stream('plainNumbers', 200))).results, [...Array(200).keys()])
    assert.deepEqual(await pool.stream('list').all(), ['a', 'b'])
    assert.deepEqual(await pool.stream('opened').all(), [1, 2])
    assert.deepEqual(await pool.with({ ahead: 1 }).stream('numbers', 5).all(), [0, 1, 2, 3, 4])
    await run(function* () {
      using stream = pool.stream('numbers', 2)
      assert.deepEqual(yield* stream.next(), { value: 0, done: false })
      assert.deepEqual(yield* stream.next(), { value: 1, done: false })
      assert.deepEqual(yield* stream.next(), { value: undefined, done: true })
      assert.deepEqual(yield* stream.next(), { value: undefined, done: true })
    })
  })

  test(`a failure comes after the results before it, and is the end, in ${kind}`, async () => {
    await using pool = make()
    const { results, error } = await taken(pool.stream('failing', 3))
    assert.deepEqual(results, [0, 1, 2])
    assert.ok(error instanceof RangeError)
    assert.match(String(error.stack), /failing .*told-work[\s\S]*\(worker \d+ of pool/)
    const again = pool.stream('failing', 0)
    await assert.rejects(async () => await again.next(), RangeError)
    assert.equal((await again.next()).done, true)
  })

  test(`a result that cannot be sent is a failure, in ${kind}`, async () => {
    await using pool = make()
    const { error } = await taken(pool.stream('unsendables'))
    assert.ok(error instanceof UsageError)
    assert.match(error.message, /result of unsendables/)
    assert.equal(await pool.submit('one'), 1)
  })

  test(`a worker that dies in the midst of a stream fails it, and no other call, in ${kind}`, async () => {
    await using pool = make()
    const { results, error } = await taken(pool.stream('dying', 2))
    assert.deepEqual(results, [0, 1])
    assert.ok(error instanceof BrokenError, String(error))
    assert.equal(await pool.submit('one'), 1)
    assert.equal(pool.stats().restarts, 1)
  })

  test(`the wrong way to call a function says the right one, in ${kind}`, async () => {
    await using pool = make()
    await assert.rejects(
      async () => await pool.submit('numbers' as 'one'),
      (error: FibrilError) => error instanceof UsageError && /call it by stream\('numbers'/.test(error.message),
    )
    const { error } = await taken(pool.stream('one' as 'list'))
    assert.ok(error instanceof UsageError)
    assert.match(error.message, /call it by submit\('one'/)
  })
}

test('the worker makes no more than is granted', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1 })
  const memory = signs()
  using stream = pool.with({ ahead: 8 }).stream('counted', memory, 1e9)
  assert.equal((await stream.next()).value, 0)
  await until(() => Atomics.load(memory, 0) === 8)
  for (let n = 1; n < 4; n++) assert.equal((await stream.next()).value, n)
  // Four were taken: so many more are granted.
  await until(() => Atomics.load(memory, 0) === 12)
  await pool.with({ priority: 1 }).submit('one')
  assert.equal(Atomics.load(memory, 0), 12)
})

test('a hundred thousand results pass a slow consumer in little memory', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1 })
  const memory = signs()
  let taken = 0
  let furthest = 0
  await run(function* () {
    using stream = pool.with({ ahead: 100 }).stream('counted', memory, 100_000)
    for (let result = yield* stream.next(); !result.done; result = yield* stream.next()) {
      assert.equal(result.value, taken++)
      furthest = Math.max(furthest, Atomics.load(memory, 0) - taken)
      if (taken % 1000 === 0) yield* sleep(0)
    }
  })
  assert.equal(taken, 100_000)
  assert.ok(furthest <= 100, `${furthest} were made and not taken`)
})

test('leaving a stream ends what makes it', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1, killAfter: Infinity })
  const memory = signs()
  for await (const n of pool.with({ ahead: 4 }).stream('counted', memory, 1e9)) if (n === 2) break
  await until(() => Atomics.load(memory, 1) === 1)
  assert.equal(await pool.submit('one'), 1)
  assert.deepEqual([pool.stats().restarts, pool.stats().functions['counted']?.cancelled], [0, 1])
})

test('what waits within a stream is ended by its signal', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1, killAfter: Infinity })
  const memory = signs()
  for await (const n of pool.stream('waiting', memory)) if (n === 1) break
  await until(() => Atomics.load(memory, 0) === 1)
  assert.equal(await pool.submit('one'), 1)
})

test('a stream that was closed before its first result runs nothing', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1 })
  const stream = pool.stream('numbers', 5)
  stream.close()
  assert.equal((await stream.next()).done, true)
  assert.equal(pool.stats().workers.length, 0)
})

test('one task takes from a stream at a time', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1 })
  using stream = pool.stream('numbers', 5)
  const first = stream.next().then(() => {})
  await assert.rejects(async () => await stream.next(), UsageError)
  await first
})

test('a stream in a closed pool fails as a call does', async () => {
  const pool = new ThreadPool<Work>(work, { size: 1 })
  await pool.close()
  const { error } = await taken(pool.stream('numbers', 5))
  assert.equal((error as FibrilError).code, 'FIBRIL_CLOSED')
})

test('a stream that waits for a worker is dropped when it is closed', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1, express: false, killAfter: Infinity })
  const [busy, memory] = [signs(), signs()]
  await run(function* () {
    const task = spawn(pool.submit('untilAborted', busy))
    yield* wait(until(() => Atomics.load(busy, 0) === 1))
    const stream = pool.stream('counted', memory, 5)
    const first = spawn(stream.next())
    yield* wait(until(() => pool.stats().queued === 1))
    stream.close()
    assert.equal((yield* first.join()).done, true)
    task.cancel()
  })
  assert.equal(await pool.submit('one'), 1)
  assert.deepEqual([pool.stats().queued, Atomics.load(memory, 0)], [0, 0])
})
