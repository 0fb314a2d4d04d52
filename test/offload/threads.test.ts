import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  all,
  BrokenError,
  BusyError,
  ClosedError,
  currentTask,
  fn,
  type Operation,
  race,
  run,
  scope,
  sleep,
  spawn,
  TimeoutError,
  timeout,
  UsageError,
  wait,
} from '../../src/index.ts'
import { ThreadPool, type ThreadPoolOptions } from '../../src/offload/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { Gate } from './gate.ts'

type Work = typeof import('./work.ts')
type FibrilWork = typeof import('./fibril-work.ts')

const work = new URL('./work.js', import.meta.url)
const fibrilWork = new URL('./fibril-work.js', import.meta.url)

/** Runs `body` with a pool that is closed after it. Nothing runs inline: inline.test.ts is about that. */
const withPool = fn(function* <T>(options: ThreadPoolOptions<Work>, body: (pool: ThreadPool<Work>) => Operation<T>) {
  const pool = new ThreadPool<Work>(work, { inline: false, ...options })
  try {
    return yield* body(pool)
  } finally {
    yield* pool.close({ now: true })
  }
})

/** The error that waiting for `operation` throws. */
const failureOf = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    assert.ok(error instanceof Error)
    return error as Error & { code?: unknown; details?: unknown; cause?: unknown; errors?: unknown[] }
  }
  throw new Error('it did not fail')
})

it('calls of one worker run in their order, whichever way their arguments take', function* () {
  yield* withPool(
    { size: 1, express: false, kindOf: () => 0 },
    fn(function* (pool) {
      for (let i = 0; i < 20; i++) yield* pool.submit('note', i) // known to be short: so they are stacked
      yield* pool.submit('noted')
      const values = Array.from({ length: 100 }, (_, i) => (i % 7 === 3 ? [i] : i % 5 === 2 ? `${i}`.repeat(80) : i))
      yield* all(values.map((value) => pool.submit('note', value)))
      assert.deepEqual(yield* pool.submit('noted'), values)
    }),
  )
})

it('a call gives what the function returns, promises, or returns as a body or an operation', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      assert.equal(yield* pool.submit('fib', 15), 610)
      assert.equal(yield* pool.submit('later', 7), 7)
    }),
  )
  const pool = new ThreadPool<FibrilWork>(fibrilWork, { size: 1 })
  assert.equal(yield* pool.submit('double', 4), 8)
  assert.equal(yield* pool.submit('triple', 4), 12)
  yield* pool.close()
})

test('a call can be awaited outside any task, also where only the pool was imported', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1 })
  assert.equal(await pool.submit('add', 1, 2), 3)
  assert.deepEqual(await Promise.all([pool.submit('add', 1, 1), pool.submit('later', 5)]), [2, 5])
})

it('arguments and results are copied', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      const given = { list: [1, new Map([['k', new Date(0)]])], bytes: new Uint8Array([1, 2]) }
      const got = yield* pool.submit('echo', given)
      assert.deepEqual(got, given)
      assert.notEqual(got, given)
    }),
  )
})

it('an operation makes its call anew each time it is waited for, and refuses two waiters at once', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      const counter = new Int32Array(new SharedArrayBuffer(4))
      const call = pool.submit('count', counter)
      assert.equal(Atomics.load(counter, 0), 0)
      assert.equal(yield* call, 0)
      assert.equal(yield* call, 1)
      const gate = new Gate()
      const held = pool.submit('block', gate.memory)
      const first = spawn(function* () {
        return yield* held
      })
      yield* gate.waitFor(1)
      assert.ok((yield* failureOf(all([held]))) instanceof BusyError)
      gate.open()
      assert.equal(yield* first, 'let go')
    }),
  )
})

it('ten thousand calls at once all come back, each with its own result', function* () {
  yield* withPool(
    { size: 2 },
    fn(function* (pool) {
      let sum = 0
      yield* scope(function* () {
        for (let n = 0; n < 10_000; n++) {
          spawn(function* () {
            const result = yield* n % 50 === 0 ? pool.submit('later', n) : pool.submit('add', n, 1)
            assert.equal(result, n % 50 === 0 ? n : n + 1)
            sum++
          })
        }
      })
      assert.equal(sum, 10_000)
      const { functions, queued, running } = pool.stats()
      assert.deepEqual([functions.add?.calls, functions.later?.calls, queued, running], [9800, 200, 0, 0])
    }),
  )
})

it('short calls get through while long ones hold every worker, even the first of its kind', function* () {
  yield* withPool(
    { size: 2 },
    fn(function* (pool) {
      const gate = new Gate()
      const long = [spawn(pool.submit('block', gate.memory)), spawn(pool.submit('block', gate.memory))]
      yield* gate.waitFor(2)
      for (let n = 0; n < 20; n++) assert.equal(yield* pool.submit('add', 1, 2), 3)
      const many = yield* all(Array.from({ length: 500 }, () => pool.submit('add', 2, 2)))
      assert.deepEqual(new Set(many), new Set([4]))
      // And a third long one does not get in their way: it waits for its turn, or keeps one spare worker.
      long.push(spawn(pool.submit('block', gate.memory)))
      for (let n = 0; n < 20; n++) assert.equal(yield* pool.submit('add', 1, 2), 3)
      assert.deepEqual(
        long.map(({ state }) => state),
        ['parked', 'parked', 'parked'],
      )
      gate.open()
      assert.deepEqual(yield* all(long), ['let go', 'let go', 'let go'])
      assert.equal(pool.stats().restarts, 0)
    }),
  )
})

it('calls stacked behind one that was thought to be short are not held up by it, and run once', function* () {
  yield* withPool(
    { size: 2, kindOf: () => 0 },
    fn(function* (pool) {
      const open = new Gate()
      open.open()
      for (let n = 0; n < 30; n++) yield* pool.submit('block', open.memory)
      assert.equal(pool.stats().functions['block']?.kinds.short, 1)
      const [shut, counted] = [new Gate(), new Gate()]
      counted.open()
      const held = spawn(pool.submit('block', shut.memory))
      const behind = Array.from({ length: 20 }, () => spawn(pool.submit('block', counted.memory)))
      yield* all(behind)
      assert.equal(counted.arrived, 20)
      assert.equal(held.state, 'parked')
      shut.open()
      yield* held
    }),
  )
})

it('an error keeps its class, name, message, code, cause and properties', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      for (const call of [pool.submit('fail', 'too far'), pool.submit('failLater', 'too far')]) {
        const error = yield* failureOf(call)
        assert.ok(error instanceof RangeError)
        assert.deepEqual([error.name, error.message, error.code], ['CustomError', 'too far', 'E_CUSTOM'])
        assert.deepEqual(error.details, { limit: 3 })
      }
      const { cause } = yield* failureOf(pool.submit('fail', 'too far'))
      assert.ok(cause instanceof TypeError)
      assert.equal(cause.message, 'the cause')
      const { errors } = yield* failureOf(pool.submit('failTogether'))
      assert.ok(errors?.[0] instanceof TypeError)
      assert.equal(errors[1], 'two')
    }),
  )
  const pool = new ThreadPool<FibrilWork>(fibrilWork, { size: 1 })
  const error = yield* failureOf(pool.submit('tooLate'))
  assert.ok(error instanceof TimeoutError)
  assert.equal(error.ms, 1)
  yield* pool.close()
})

it('what is thrown need not be an error', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      for (const value of [42, 'text', undefined, { status: 404 }]) {
        try {
          yield* pool.submit('throwValue', value)
          assert.fail('it did not fail')
        } catch (thrown) {
          assert.deepEqual(thrown, value)
        }
      }
    }),
  )
})

it('the stack of an error goes from the function in the worker to the line that waits', function* () {
  yield* withPool(
    { size: 1, name: 'stacks' },
    fn(function* (pool) {
      const outer = fn(function* outer() {
        yield* pool.submit('fail', 'x')
      })
      const { stack } = yield* failureOf(outer())
      assert.match(
        stack ?? '',
        /at fail \(.*work\.[jt]s.*\n\s+at fail \(worker 1 of pool "stacks"\)\n\s+at outer.*threads\.test/,
      )
      assert.doesNotMatch(stack ?? '', /src\/(offload|core)\//)
    }),
  )
})

test('outside a task the stack ends at the line that made the call', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1 })
  await assert.rejects(
    async () => await pool.submit('fail', 'x'),
    (error: Error) => {
      assert.match(error.stack ?? '', /at fail \(worker 1 of pool "work"\)\n\s+at .*threads\.test/)
      return true
    },
  )
})

it('arguments and results that cannot be sent fail their own call only', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      for (let n = 0; n < 5; n++) yield* pool.submit('echo', {})
      const tasks = [1, () => {}, 3].map((value) => spawn(outcomeOf(pool.submit('echo', value as number))))
      const [one, bad, three] = yield* all(tasks)
      assert.deepEqual([one, three], [1, 3])
      assert.ok(bad instanceof UsageError)
      assert.match(bad.message, /an argument of echo\(…\) cannot be sent/)

      const [before, result, after] = yield* all([
        pool.submit('add', 1, 1),
        failureOf(pool.submit('unsendable')),
        pool.submit('add', 2, 2),
      ])
      assert.deepEqual([before, after], [2, 4])
      assert.ok(result instanceof UsageError)
      assert.match(result.message, /the result of unsendable\(…\) cannot be sent/)
    }),
  )
})

/** The result, or the failure as a value. */
const outcomeOf = fn(function* <T>(operation: Operation<T>) {
  try {
    return yield* operation
  } catch (error) {
    return error
  }
})

it('a name that is no function of the module is refused, with the names that are', function* () {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      for (let n = 0; n < 2; n++) {
        const error = yield* failureOf(pool.submit('notAFunction' as 'add', 1, 2))
        assert.ok(error instanceof UsageError)
        assert.match(error.message, /exports no function "notAFunction"; it has: .*add.*fib/)
      }
      assert.equal(yield* pool.submit('add', 1, 2), 3)
      assert.equal(pool.stats().restarts, 0)
    }),
  )
})

for (const [title, call, why] of [
  ['process.exit', (pool: ThreadPool<Work>) => pool.submit('exit', 3), /it exited with code 3/],
  ['an error that nobody catches', (pool: ThreadPool<Work>) => pool.submit('failAside'), /Error: aside/],
] as const) {
  it(`${title} in a worker fails the call that ran there, and calls that wait go on in another`, function* () {
    yield* withPool(
      { size: 1, express: false, kindOf: () => 0 },
      fn(function* (pool) {
        const dead = spawn(failureOf(call(pool)))
        const waiting = [spawn(pool.submit('add', 1, 1)), spawn(pool.submit('add', 2, 2))]
        const error = yield* dead
        assert.ok(error instanceof BrokenError)
        assert.match(error.message, /^(exit|failAside)\(…\) ran on worker \d of pool "work" when that died/)
        assert.match(error.message, why)
        assert.deepEqual(yield* all(waiting), [2, 4])
        assert.equal(pool.stats().restarts, 1)
      }),
    )
  })
}

// Bun knows no limits of memory for a worker.
if (!('bun' in process.versions)) {
  it('a worker that runs out of memory fails the call that took it, not the process', function* () {
    const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 }
    yield* withPool(
      { size: 1, resourceLimits },
      fn(function* (pool) {
        assert.equal(yield* pool.submit('add', 1, 1), 2)
        const error = yield* failureOf(pool.submit('hoard'))
        assert.ok(error instanceof BrokenError)
        assert.equal((error.cause as { code?: string }).code, 'ERR_WORKER_OUT_OF_MEMORY')
        assert.equal(yield* pool.submit('add', 1, 1), 2)
      }),
    )
  })
}

it('what a worker had finished before it died is not lost', function* () {
  yield* withPool(
    { size: 1, express: false, kindOf: () => 0 },
    fn(function* (pool) {
      for (let n = 0; n < 20; n++) yield* pool.submit('exitUnlessZero', 0)
      // One message: the last of these calls ends the worker before it has told of the results of the others.
      const results = yield* all([
        ...[0, 0, 0].map((code) => pool.submit('exitUnlessZero', code)),
        failureOf(pool.submit('exitUnlessZero', 1)),
      ])
      assert.deepEqual(results.slice(0, 3), [0, 0, 0])
      assert.ok(results[3] instanceof BrokenError)
    }),
  )
})

for (const [title, module, why] of [
  ['that does not exist', new URL('./missing.js', import.meta.url), /missing\.js/],
  ['with a syntax error', 'data:text/javascript,export const = 1', /SyntaxError|errors building/],
  ['that throws', new URL('./modules/throws.js', import.meta.url), /RangeError: at load/],
  [
    'that ends its worker',
    new URL('./modules/exits.js', import.meta.url),
    /ended while it loaded the module: it exited with code 7/,
  ],
] as const) {
  it(`a module ${title} fails every call, and is tried once`, function* () {
    const pool = new ThreadPool<Work>(module, { size: 2 })
    const errors = yield* all([1, 2, 3].map(() => failureOf(pool.submit('add', 1, 2))))
    errors.push(yield* failureOf(pool.submit('add', 1, 2)))
    for (const error of errors) {
      assert.ok(error instanceof BrokenError)
      assert.match(error.message, /^add\(…\) was not run: pool "\w+" can have no worker/)
      assert.match(error.message, why)
      assert.ok(error.cause instanceof Error)
    }
    assert.equal(new Set(errors).size, 4)
    const { state, workers } = pool.stats()
    assert.deepEqual([state, workers], ['broken', []])
    assert.ok((yield* failureOf(pool.waitReady())) instanceof BrokenError)
    yield* pool.close()
  })
}

it('a call that is cancelled while it waits is never run', function* () {
  yield* withPool(
    { size: 1, express: false, kindOf: () => 0 },
    fn(function* (pool) {
      const gate = new Gate()
      const counter = new Int32Array(new SharedArrayBuffer(4))
      const held = spawn(pool.submit('block', gate.memory))
      yield* gate.waitFor(1)
      const task = spawn(pool.submit('count', counter))
      yield* waitAllBlocked()
      assert.match(task.reason ?? '', /^count\(…\) in pool "work", queued$/)
      task.cancel()
      yield* failureOf(task.join())
      gate.open()
      yield* held
      yield* pool.submit('count', counter)
      assert.equal(Atomics.load(counter, 0), 1)
      assert.equal(pool.stats().functions['count']?.cancelled, 1)
    }),
  )
})

it('a call that is cancelled while it runs may end by itself: the worker goes on', function* () {
  yield* withPool(
    { size: 1, express: false, killAfter: Infinity },
    fn(function* (pool) {
      const gate = new Gate()
      const task = spawn(pool.submit('block', gate.memory))
      yield* gate.waitFor(1)
      task.cancel()
      yield* failureOf(task.join())
      const next = spawn(pool.submit('where'))
      gate.open()
      yield* next
      const { workers, restarts } = pool.stats()
      assert.deepEqual([workers.map(({ id }) => id), restarts], [[1], 0])
    }),
  )
})

it('a call that is cancelled while it runs, and does not end, gives its core back', function* () {
  yield* withPool(
    { size: 1, express: false, killAfter: 0 },
    fn(function* (pool) {
      const gate = new Gate()
      const task = spawn(pool.submit('block', gate.memory))
      yield* gate.waitFor(1)
      task.cancel()
      assert.equal(yield* pool.submit('add', 1, 2), 3)
      const { workers, restarts } = pool.stats()
      assert.deepEqual([workers.map(({ id }) => id), restarts], [[2], 1])
      yield* failureOf(task.join())
    }),
  )
})

test('a timeout takes the core back from a call that does not end (real time: 20 ms)', async () => {
  await using pool = new ThreadPool<Work>(work, { size: 1, express: false, killAfter: 1 })
  await pool.waitReady()
  await assert.rejects(async () => run(timeout(20, pool.submit('block', new Gate().memory))), TimeoutError)
  assert.equal(await pool.submit('add', 1, 2), 3)
  assert.equal(pool.stats().restarts, 1)
})

it('a body that is cancelled is cleaned up in its worker, which goes on', function* () {
  const pool = new ThreadPool<FibrilWork>(fibrilWork, { size: 1, express: false, killAfter: Infinity })
  const signs = new Gate()
  const task = spawn(pool.submit('waitForEver', signs.memory))
  yield* signs.waitFor(1)
  task.cancel()
  assert.equal(yield* pool.submit('double', 1), 2)
  assert.equal(signs.opened, true)
  assert.equal(pool.stats().restarts, 0)
  yield* failureOf(task.join())
  yield* pool.close()
})

it('a generator that is no body is refused as in any task', function* () {
  const pool = new ThreadPool<FibrilWork>(fibrilWork, { size: 1 })
  const error = yield* failureOf(pool.submit('notABody'))
  assert.ok(error instanceof UsageError)
  assert.match(error.message, /yielded a number/)
  yield* pool.close()
})

it('a submit waits for room when the queue is full', function* () {
  yield* withPool(
    { size: 1, express: false, maxQueue: 1 },
    fn(function* (pool) {
      const gate = new Gate()
      const held = spawn(pool.submit('block', gate.memory))
      yield* gate.waitFor(1)
      const tasks = [1, 2, 3].map((n) => spawn(pool.submit('later', n)))
      yield* waitAllBlocked()
      const { queued, waitingForRoom } = pool.stats()
      assert.deepEqual([queued, waitingForRoom], [1, 2])
      assert.equal(tasks.filter(({ reason }) => reason === 'later(…) in pool "work", waiting for room').length, 2)
      gate.open()
      assert.deepEqual(yield* all([held, ...tasks]), ['let go', 1, 2, 3])
    }),
  )
})

it('close finishes what runs and what waits, then all is gone', function* () {
  const before = process.getActiveResourcesInfo().sort()
  const pool = new ThreadPool<Work>(work, { size: 1, express: false, inline: false })
  const gate = new Gate()
  const held = spawn(pool.submit('block', gate.memory))
  yield* gate.waitFor(1)
  const tasks = [held, spawn(pool.submit('add', 1, 2))] as const
  yield* waitAllBlocked()
  const closing = spawn(pool.close())
  yield* waitAllBlocked()
  assert.ok((yield* failureOf(pool.submit('add', 1, 2))) instanceof ClosedError)
  assert.equal(closing.state, 'parked')
  gate.open()
  assert.deepEqual(yield* all(tasks), ['let go', 3])
  yield* closing
  const { state, workers, running } = pool.stats()
  assert.deepEqual([state, workers, running], ['closed', [], 0])
  assert.deepEqual(process.getActiveResourcesInfo().sort(), before)
})

it('close now cuts short what runs', function* () {
  const pool = new ThreadPool<Work>(work, { size: 1, express: false, inline: false })
  const gate = new Gate()
  const held = spawn(failureOf(pool.submit('block', gate.memory)))
  yield* gate.waitFor(1)
  const tasks = [held, spawn(failureOf(pool.submit('add', 1, 2)))]
  yield* waitAllBlocked()
  yield* pool.close({ now: true })
  for (const error of yield* all(tasks)) assert.ok(error instanceof ClosedError)
})

test('leaving an `await using` block closes the pool', async () => {
  let kept: ThreadPool<Work>
  {
    await using pool = new ThreadPool<Work>(work, { size: 1 })
    kept = pool
    await pool.submit('add', 1, 2)
  }
  assert.equal(kept.stats().state, 'closed')
})

it('a pool that was never used is closed without having started anything', function* () {
  const pool = new ThreadPool<Work>(work)
  assert.deepEqual(pool.stats().workers, [])
  yield* pool.close()
  yield* pool.close()
})

it('waiting until it is ready starts all workers, and a spare for short calls', function* () {
  for (const express of [true, false]) {
    yield* withPool(
      { size: 2, express },
      fn(function* (pool) {
        yield* pool.waitReady()
        assert.deepEqual(
          pool.stats().workers.map(({ state }) => state),
          express ? ['idle', 'idle', 'idle'] : ['idle', 'idle'],
        )
      }),
    )
  }
})

it('workers are told what they are told: environment, name, and no data of ours', function* () {
  yield* withPool(
    { size: 1, env: { ONLY: 'this' } },
    fn(function* (pool) {
      assert.equal(yield* pool.submit('env', 'ONLY'), 'this')
      const { main, thread, data } = yield* pool.submit('where')
      assert.deepEqual([main, thread > 0, data], [false, true, undefined])
    }),
  )
})

it('while a call is out no virtual time passes, and nobody is called deadlocked', function* (host) {
  yield* withPool(
    { size: 1 },
    fn(function* (pool) {
      const gate = new Gate()
      const first = spawn(race([pool.submit('block', gate.memory), sleep(1e6)]))
      yield* wait(new Promise((resolve) => setImmediate(resolve)))
      gate.open()
      assert.equal(yield* first, 'let go')
      assert.equal(host.now(), 0)
    }),
  )
})

it('the place in a reason is that of the call', function* () {
  yield* withPool(
    { size: 1, name: 'crunch' },
    fn(function* (pool) {
      const gate = new Gate()
      const call = pool.submit('block', gate.memory)
      const task = spawn(function* () {
        assert.equal(currentTask()?.state, 'running')
        return yield* call
      })
      yield* gate.waitFor(1)
      assert.equal(task.reason, 'block(…) in pool "crunch" on worker 1')
      gate.open()
      yield* task
    }),
  )
})

it('figures are frozen plain data', function* () {
  yield* withPool(
    { size: 1, express: false, name: 'crunch' },
    fn(function* (pool) {
      yield* pool.submit('fib', 10)
      yield* failureOf(pool.submit('fail', 'x'))
      const stats = pool.stats()
      assert.deepEqual(structuredClone(stats), stats)
      assert.ok(Object.isFrozen(stats) && Object.isFrozen(stats.functions) && Object.isFrozen(stats.workers[0]))
      assert.equal(stats.name, 'crunch')
      assert.deepEqual(stats.workers, [{ id: 1, state: 'idle', running: 0, finished: 2 }])
      const { fib, fail } = stats.functions
      assert.deepEqual([fib?.calls, fib?.failed, fail?.calls, fail?.failed], [1, 0, 1, 1])
      assert.ok(fib !== undefined && fib.runMs > 0 && fib.queueMs > 0)
    }),
  )
})

test('options that make no sense are refused', () => {
  for (const options of [{ size: 0 }, { maxQueue: 0 }, { killAfter: -1 }, { size: Number.NaN }]) {
    assert.throws(() => new ThreadPool<Work>(work, options), UsageError)
  }
})

for (const [title, program, output] of [
  [
    'an idle pool does not keep the process alive',
    "console.log(await pool.submit('add', 1, 2)); console.log('done')",
    '3\ndone\n',
  ],
  ['a call that is waited for keeps it alive', "pool.submit('later', 1).then(() => console.log('back'))", 'back\n'],
  ['a program from --eval can have a pool', "console.log(await pool.submit('add', 1, 2)); await pool.close()", '3\n'],
] as const) {
  test(`${title} (a process of its own)`, () => {
    const offload = new URL('../../src/offload/index.js', import.meta.url)
    const head = `import { ThreadPool } from ${JSON.stringify(offload.href)}; const pool = new ThreadPool(${JSON.stringify(work.href)}, { size: 1 });`
    const flags = ['--input-type=module', '--eval', head + program]
    const { stdout, stderr, status } = spawnSync(process.execPath, flags, {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('.', work)),
    })
    assert.deepEqual([stdout, stderr, status], [output, '', 0])
  })
}
