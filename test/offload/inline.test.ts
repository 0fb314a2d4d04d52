import assert from 'node:assert/strict'
import { all, fn, type Operation, spawn, UsageError, wait, yieldNow } from '../../src/index.ts'
import { type FunctionName, ThreadPool, type ThreadPoolOptions, transfer } from '../../src/offload/index.ts'
import { it } from '../support/it.ts'

type Work = typeof import('./work.ts')

const work = new URL('./work.js', import.meta.url)
/** Far more than a trivial call takes, also when it is the first here, on a busy machine. */
const inline = { maxMicros: 1e6, maxTurnMicros: 1e9 }

const withPool = fn(function* (options: ThreadPoolOptions<Work>, body: (pool: ThreadPool<Work>) => Operation<void>) {
  const pool = new ThreadPool<Work>(work, { size: 1, inline, ...options })
  try {
    yield* body(pool)
  } finally {
    yield* pool.close({ now: true })
  }
})

const inlineCalls = (pool: ThreadPool<Work>, name: FunctionName<Work>): number =>
  pool.stats().functions[name]?.inline ?? 0

/** Makes calls until one ran inline, which takes as many as it takes for the pool to trust the function. */
const makeTrivial = fn(function* (pool: ThreadPool<Work>, name: FunctionName<Work>, call: () => Operation<unknown>) {
  const before = inlineCalls(pool, name)
  for (let calls = 0; inlineCalls(pool, name) === before; calls++) {
    assert.ok(calls < 10_000, `${name} never ran inline`)
    try {
      yield* call()
    } catch {}
  }
})

it('a trivial call comes to run inline, and no call before sixteen of its kind', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      for (let n = 0; n < 16; n++) assert.equal(yield* pool.submit('add', 1, 2), 3)
      assert.equal(inlineCalls(pool, 'add'), 0)
      yield* makeTrivial(pool, 'add', () => pool.submit('add', 1, 2))
      assert.equal(yield* pool.submit('add', 1, 2), 3)
      const { add } = pool.stats().functions
      assert.equal(add?.inline, 2)
      assert.equal(add.kinds.trivial, 1)
    }),
  )
})

it('arguments of another size are another matter', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      yield* makeTrivial(pool, 'fib', () => pool.submit('fib', 1))
      const before = inlineCalls(pool, 'fib')
      assert.equal(yield* pool.submit('fib', 25), 75025)
      assert.equal(inlineCalls(pool, 'fib'), before)
    }),
  )
})

it('nothing runs inline where it was forbidden', function* () {
  yield* withPool(
    { inline: false },
    fn(function* (pool) {
      for (let n = 0; n < 100; n++) yield* pool.submit('add', 1, 2)
      assert.equal(inlineCalls(pool, 'add'), 0)
    }),
  )
})

it('what waits for something in the worker never runs inline', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      for (let n = 0; n < 100; n++) yield* pool.submit('later', 1)
      assert.equal(inlineCalls(pool, 'later'), 0)
    }),
  )
})

it('a call that turns out to be expensive here goes back to the workers at once', function* () {
  yield* withPool(
    { inline: { maxMicros: 2000 } },
    fn(function* (pool) {
      // 20 ms here, and nothing there.
      yield* makeTrivial(pool, 'slowHere', () => pool.submit('slowHere', 20))
      for (let n = 0; n < 200; n++) assert.equal(yield* pool.submit('slowHere', 20), false)
      assert.equal(inlineCalls(pool, 'slowHere'), 1)
    }),
  )
})

it('a call that waits only here is waited for, and does not run here again', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      yield* makeTrivial(pool, 'waitsHere', () => pool.submit('waitsHere', 5))
      for (let n = 0; n < 100; n++) assert.equal(yield* pool.submit('waitsHere', 5), 5)
      assert.equal(inlineCalls(pool, 'waitsHere'), 1)
    }),
  )
})

it('the operation of a call that waited here makes its call anew the next time', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      const call = pool.submit('waitsHere', 7)
      yield* makeTrivial(pool, 'waitsHere', () => call)
      assert.equal(yield* call, 7)
      assert.equal(yield* call, 7)
      assert.equal(inlineCalls(pool, 'waitsHere'), 1)
    }),
  )
})

it('objects are copied as a worker would', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      yield* makeTrivial(pool, 'keep', () => pool.submit('keep'))
      assert.notEqual(yield* pool.submit('keep'), yield* pool.submit('keep'))
      yield* makeTrivial(pool, 'mutate', () => pool.submit('mutate', [1]))
      const list = [1]
      assert.equal(yield* pool.submit('mutate', list), 2)
      assert.deepEqual(list, [1])
      assert.ok(inlineCalls(pool, 'mutate') > 1)
    }),
  )
})

it('objects are passed as they are if so asked', function* () {
  yield* withPool(
    { inline: { ...inline, clone: false } },
    fn(function* (pool) {
      yield* makeTrivial(pool, 'keep', () => pool.submit('keep'))
      assert.equal(yield* pool.submit('keep'), yield* pool.submit('keep'))
      yield* makeTrivial(pool, 'mutate', () => pool.submit('mutate', [1]))
      const list = [1]
      yield* pool.submit('mutate', list)
      assert.deepEqual(list, [1, 0])
    }),
  )
})

it('an error is the same, wherever the call ran', function* () {
  const shapes: unknown[] = []
  for (const options of [{ inline: false }, { inline }]) {
    yield* withPool(
      options,
      fn(function* (pool) {
        if (options.inline !== false) yield* makeTrivial(pool, 'fail', () => pool.submit('fail', 'x'))
        const before = inlineCalls(pool, 'fail')
        try {
          yield* pool.submit('fail', 'x')
          assert.fail('it did not fail')
        } catch (error) {
          assert.ok(error instanceof RangeError)
          const { name, message, cause } = error
          shapes.push({ class: error.constructor, name, message, cause: String(cause), own: { ...error } })
          assert.match(error.stack ?? '', /at fail .*work/)
        }
        assert.equal(inlineCalls(pool, 'fail') - before, options.inline === false ? 0 : 1)
      }),
    )
  }
  assert.deepEqual(shapes[0], shapes[1])
})

it('what cannot be sent is refused inline as well', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      yield* makeTrivial(pool, 'echo', () => pool.submit('echo', { plain: true }))
      const messages: string[] = []
      for (const call of [() => pool.submit('echo', { f: () => {} }), () => pool.submit('unsendable')]) {
        try {
          yield* call()
        } catch (error) {
          assert.ok(error instanceof UsageError)
          messages.push(error.message.replace(/sent: .*/, 'sent'))
        }
      }
      assert.deepEqual(messages, [
        'an argument of echo(…) cannot be sent',
        'the result of unsendable(…) cannot be sent',
      ])
    }),
  )
})

it('a call that transfers is made in a worker: what was given is gone here, as promised', function* () {
  yield* withPool(
    {},
    fn(function* (pool) {
      yield* makeTrivial(pool, 'sum', () => pool.submit('sum', new Uint8Array(8)))
      const bytes = new Uint8Array(8).fill(1)
      assert.equal(yield* pool.submit('sum', transfer(bytes)), 8)
      assert.equal(bytes.length, 0)
    }),
  )
})

it('inline calls take but so much of a turn: those beyond are made in workers', function* () {
  yield* withPool(
    { inline: { maxMicros: 1e6, maxTurnMicros: 0 } },
    fn(function* (pool) {
      yield* makeTrivial(pool, 'fib', () => pool.submit('fib', 12))
      const before = pool.stats().functions.fib
      const results = yield* all(Array.from({ length: 50 }, () => pool.submit('fib', 12)))
      assert.deepEqual(new Set(results), new Set([144]))
      const after = pool.stats().functions.fib
      // They are all made in one step, so in one turn.
      assert.ok((after?.inline ?? 0) - (before?.inline ?? 0) <= 1)
      assert.equal((after?.calls ?? 0) - (before?.calls ?? 0), 50)
    }),
  )
})

it(
  'a loop of inline calls does not keep other tasks from running',
  function* () {
    yield* withPool(
      {},
      fn(function* (pool) {
        yield* makeTrivial(pool, 'add', () => pool.submit('add', 1, 2))
        let other = 0
        const task = spawn(function* () {
          for (;;) {
            other++
            yield* yieldNow()
          }
        })
        for (let n = 0; n < 20_000; n++) yield* pool.submit('add', 1, 2)
        assert.ok(other > 10)
        task.cancel()
      }),
    )
  },
  { shuffle: false },
)

it(
  'the time of inline calls counts, not only their number',
  function* () {
    yield* withPool(
      {},
      fn(function* (pool) {
        yield* makeTrivial(pool, 'slowHere', () => pool.submit('slowHere', 1))
        let other = 0
        const task = spawn(function* () {
          for (;;) {
            other++
            yield* yieldNow()
          }
        })
        const before = inlineCalls(pool, 'slowHere')
        for (let n = 0; n < 20; n++) yield* pool.submit('slowHere', 1)
        assert.equal(inlineCalls(pool, 'slowHere') - before, 20)
        assert.ok(other >= 5, `${other}`)
        task.cancel()
      }),
    )
  },
  { shuffle: false },
)

it('a module that cannot be loaded here goes on to be served by workers', function* () {
  const module =
    'data:text/javascript,import { isMainThread } from "node:worker_threads"; if (isMainThread) throw new Error("not here"); export const one = () => 1'
  const pool = new ThreadPool<{ one(): number }>(module, { size: 1, inline })
  for (let n = 0; n < 100; n++) assert.equal(yield* pool.submit('one'), 1)
  yield* wait(new Promise((resolve) => setImmediate(resolve)))
  const { one } = pool.stats().functions
  assert.deepEqual([one?.calls, one?.inline], [100, 0])
  yield* pool.close()
})
