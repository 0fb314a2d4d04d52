import assert from 'node:assert/strict'
import { type Body, currentTask, fn, type Operation, sleep, spawn, UsageError } from '../../src/index.ts'
import { callStream } from '../../src/offload/call-stream.ts'
import { it } from '../support/it.ts'

/** Counts how many calls run at once. */
class Calls {
  running = 0
  most = 0
  cancelled = 0
  readonly order: number[] = []
  readonly call: (ms: number) => Operation<number>

  constructor() {
    const calls = this
    this.call = fn(function* call(ms: number): Body<number> {
      calls.most = Math.max(calls.most, ++calls.running)
      let done = false
      try {
        yield* sleep(ms)
        done = true
      } finally {
        calls.running--
        if (!done) calls.cancelled++
      }
      calls.order.push(ms)
      if (ms === 13) throw new Error('unlucky')
      return ms
    })
  }

  stream(items: Iterable<number> | AsyncIterable<number>, ahead: number, ordered = true) {
    return callStream('call(…)', this.call, items, { ahead }, ordered)
  }
}

const taken = fn(function* (stream: ReturnType<Calls['stream']>, times: number = Infinity): Body<(number | string)[]> {
  const results: (number | string)[] = []
  while (results.length < times) {
    try {
      const result = yield* stream.next()
      if (result.done) break
      results.push(result.value)
    } catch (error) {
      results.push((error as Error).message)
    }
  }
  return results
})

it('ordered: results in the order of the items, with so many calls at once as are allowed', function* () {
  const calls = new Calls()
  assert.deepEqual(yield* taken(calls.stream([30, 10, 20, 5], 2)), [30, 10, 20, 5])
  assert.equal(calls.most, 2)
  assert.deepEqual(
    calls.order,
    [10, 30, 20, 5].sort((a, b) => calls.order.indexOf(a) - calls.order.indexOf(b)),
  )
})

it('unordered: results as they come', function* () {
  const calls = new Calls()
  assert.deepEqual(yield* taken(calls.stream([30, 10, 20], 3, false)), [10, 20, 30])
})

it('a call that failed throws at its turn, and the others go on', function* () {
  assert.deepEqual(yield* taken(new Calls().stream([30, 13, 20], 3)), [30, 'unlucky', 20])
  assert.deepEqual(yield* taken(new Calls().stream([30, 13, 20], 3, false)), ['unlucky', 20, 30])
})

it('nothing runs before the first next, and no more than `ahead` beyond what was taken', function* () {
  const calls = new Calls()
  let given = 0
  const items = function* (): Generator<number> {
    for (;;) {
      given++
      yield 1
    }
  }
  const stream = calls.stream(items(), 5)
  yield* sleep(10)
  assert.equal(given, 0)
  yield* taken(stream, 3)
  yield* sleep(10)
  assert.equal(given, 7)
  stream.close()
})

it('all gives all; its first failure cancels what runs, and is thrown', function* () {
  const calls = new Calls()
  assert.deepEqual(yield* calls.stream([3, 1, 2], 2).all(), [3, 1, 2])
  const failing = new Calls()
  const error = yield* spawn(
    fn(function* () {
      try {
        yield* failing.stream([13, 1000, 2000], 3).all()
      } catch (error) {
        return error as Error
      }
      return null
    })(),
  )
  assert.equal(error?.message, 'unlucky')
  yield* sleep(1)
  assert.equal(failing.cancelled, 2)
})

it.many('a next that is cancelled loses nothing: who takes next has its result', function* () {
  const stream = new Calls().stream([10, 20, 30], 2)
  const task = spawn.detached(() => stream.next())
  yield* sleep(5)
  task.cancel()
  yield* sleep(1)
  assert.deepEqual(yield* taken(stream), [10, 20, 30])
})

it('close cancels the calls that run, and ends the stream and its source', function* () {
  const calls = new Calls()
  let ended = false
  const items = function* (): Generator<number> {
    try {
      for (;;) yield 1000
    } finally {
      ended = true
    }
  }
  const stream = calls.stream(items(), 3)
  const task = spawn.detached(() => stream.next())
  yield* sleep(1)
  task.cancel()
  stream.close()
  yield* sleep(1)
  assert.equal(calls.cancelled, 3)
  assert.equal(ended, true)
  assert.deepEqual(yield* stream.next(), { value: undefined, done: true })
})

it('items may come late, and a source that fails ends the stream', function* () {
  const late = async function* (): AsyncGenerator<number> {
    for (const item of [2, 1]) {
      await sleep(5)
      yield item
    }
  }
  assert.deepEqual(yield* taken(new Calls().stream(late(), 3)), [2, 1])
  const broken = function* (): Generator<number> {
    yield 1
    throw new Error('no more')
  }
  assert.deepEqual(yield* taken(new Calls().stream(broken(), 1)), [1, 'no more'])
})

it('one task may take at a time; for await takes all, and leaving it closes', function* () {
  const stream = new Calls().stream([5], 1)
  const task = spawn(() => stream.next())
  yield* sleep(1)
  assert.equal(currentTask()?.state, 'running')
  const second = spawn.detached(() => stream.next())
  yield* sleep(1)
  assert.ok(second.outcome?.status === 'failed' && second.outcome.error instanceof UsageError)
  second.then(undefined, () => {})
  yield* task
})

it('for await takes the results in async code, and leaving the loop closes the stream', async () => {
  const calls = new Calls()
  for await (const value of calls.stream([1, 1000, 1000], 3)) {
    assert.equal(value, 1)
    break
  }
  await sleep(1)
  assert.equal(calls.cancelled, 2)
})

it('a hundred thousand items', function* () {
  const items = Array.from({ length: 100_000 }, (_, i) => i)
  const call = fn(function* (i: number): Body<number> {
    return i
  })
  const results = yield* callStream('id', call, items, { ahead: 64 }, true).all()
  assert.deepEqual(results, items)
})

it('progress is told after each call, with the total as soon as that is known', function* () {
  const told: unknown[] = []
  const progress = (done: number, total: number | undefined): void => void told.push([done, total])
  const call = fn(function* (i: number): Body<number> {
    if (i === 2) throw new Error('unlucky')
    return i
  })
  using list = callStream('id', call, [1, 2, 3], { ahead: 1, progress }, true)
  assert.equal((yield* list.next()).value, 1)
  assert.deepEqual(told.splice(0), [[1, 3]])
  list.close()
  function* two(): Generator<number> {
    yield 1
    yield 3
  }
  yield* callStream('id', call, two(), { ahead: 1, progress }, true).all()
  assert.deepEqual(told.splice(0), [
    [1, undefined],
    [2, undefined],
  ])
  yield* callStream('id', call, two(), { ahead: 5, progress }, false).all()
  assert.deepEqual(told.splice(0), [
    [1, 2],
    [2, 2],
  ])
  using failing = callStream('id', call, new Set([2, 1]), { ahead: 2, progress }, true)
  let failures = 0
  for (let i = 0; i < 2; i++) {
    try {
      yield* failing.next()
    } catch {
      failures++
    }
  }
  assert.deepEqual([failures, told.splice(0).at(-1)], [1, [2, 2]])
})

it('a failure in progress is thrown to who takes, and ends a map', function* () {
  const call = fn(function* (i: number): Body<number> {
    return i
  })
  const progress = (): never => {
    throw new RangeError('not counting')
  }
  let thrown: unknown
  try {
    yield* callStream('id', call, [1, 2], { ahead: 1, progress }, true).all()
  } catch (error) {
    thrown = error
  }
  assert.ok(thrown instanceof RangeError)
})
