import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as realTime } from 'node:timers/promises'
import { Future, run, sleep, spawn, TimeoutError, timeout, UsageError, wait, yieldNow } from '../../src/index.ts'
import { advance, TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it as testIt } from '../support/it.ts'

describe('waitAllBlocked', () => {
  testIt.many('resumes when every other task is parked, and the clock has not moved', function* (host) {
    let steps = 0
    const go = new Future<void>('go')
    for (let i = 0; i < 5; i++) {
      spawn(function* () {
        for (let n = 0; n < 20; n++) {
          steps++
          yield* yieldNow()
        }
        yield* go
      })
    }
    const sleeper = spawn(() => sleep(10))
    yield* waitAllBlocked()
    assert.equal(steps, 100)
    assert.equal(host.now(), 0)
    assert.equal(sleeper.state, 'parked')
    go.resolve()
  })

  testIt.many('resumes all who wait for it', function* () {
    let resumed = 0
    const waiters = Array.from({ length: 3 }, () =>
      spawn(function* () {
        yield* waitAllBlocked()
        resumed++
      }),
    )
    for (const waiter of waiters) yield* waiter
    assert.equal(resumed, 3)
  })

  testIt(
    'can be cancelled',
    function* (host) {
      const waiter = spawn(() => waitAllBlocked())
      const spinner = spawn(function* () {
        for (;;) yield* yieldNow()
      })
      for (let i = 0; i < 100; i++) yield* yieldNow()
      assert.equal(waiter.state, 'parked')
      waiter.cancel()
      spinner.cancel()
      yield* waitAllBlocked()
      assert.equal(waiter.state, 'ended')
      assert.equal(host.now(), 0)
    },
    { shuffle: false },
  )

  testIt('lets async code come as far as it can', function* (host) {
    let reached = 0
    const work = async (): Promise<void> => {
      for (; reached < 50; reached++) await undefined
      await sleep(100)
      reached = -1
    }
    const task = spawn(work)
    yield* waitAllBlocked()
    assert.equal(reached, 50)
    assert.equal(host.now(), 0)
    yield* task
    assert.equal(reached, -1)
  })

  testIt('lets what the platform brings in a moment come first', function* () {
    let reached = 0
    const go = new Future<void>('go')
    const task = spawn(async () => {
      for (; reached < 3; reached++) await new Promise((resolve) => setImmediate(resolve))
      await go
    })
    yield* waitAllBlocked()
    assert.equal(reached, 3)
    go.resolve()
    yield* task
  })

  testIt('does not wait for what is real', function* () {
    const task = spawn(() => wait((signal) => realTime(60_000, null, { signal })))
    yield* waitAllBlocked()
    assert.equal(task.state, 'parked')
    task.cancel()
  })

  it('comes before any move of the clock in a synchronous run too', () => {
    const host = new TestHost()
    host.runSync(function* () {
      spawn(() => sleep(10))
      yield* waitAllBlocked()
      assert.equal(host.now(), 0)
    })
  })
})

describe('advance', () => {
  testIt(
    'moves a clock that does not jump by itself, and fires in order what comes due',
    function* (host) {
      const seen: string[] = []
      for (const ms of [30, 10, 20, 40]) {
        spawn(function* () {
          yield* sleep(ms)
          seen.push(`${ms} at ${host.now()}`)
          if (ms === 10) yield* sleep(5)
          seen.push(`${host.now()}`)
        })
      }
      yield* advance(0)
      assert.equal(host.now(), 0)
      yield* advance(20)
      assert.deepEqual(seen, ['10 at 10', '15', '20 at 20', '20'])
      assert.equal(host.now(), 20)
      yield* advance(20)
      assert.equal(seen.length, 8)
      yield* advance(1.5)
      assert.equal(host.now(), 41.5)
    },
    { autojump: false },
  )

  testIt('goes to its own instant under a clock that jumps too', function* (host) {
    const task = spawn(() => sleep(100))
    yield* advance(50)
    assert.equal(host.now(), 50)
    assert.equal(task.state, 'parked')
  })

  testIt(
    'runs code that sleeps in a promise',
    async (host) => {
      const done: string[] = []
      const work = async (): Promise<void> => {
        await sleep(10)
        done.push(`at ${host.now()}`)
      }
      const finished = work()
      await advance(9)
      assert.deepEqual(done, [])
      await advance(1)
      assert.deepEqual(done, ['at 10'])
      await finished
    },
    { autojump: false },
  )

  testIt('is for one task at a time, and takes finite times only', function* () {
    const first = spawn(() => advance(5))
    yield* waitAllBlocked()
    let refused: unknown
    try {
      yield* advance(5)
    } catch (error) {
      refused = error
    }
    assert.match(String(refused), /two tasks move the clock/)
    yield* first
    for (const ms of [-1, Number.NaN, Infinity]) {
      try {
        yield* advance(ms)
        assert.fail('was taken')
      } catch (error) {
        assert.match(String(error), /cannot be moved/)
      }
    }
  })

  testIt(
    'lets go of the clock when it is cancelled',
    function* (host) {
      const mover = spawn(() => advance(1000))
      yield* yieldNow()
      mover.cancel()
      yield* advance(10)
      assert.equal(host.now(), 10)
      yield* sleep(5)
      assert.equal(host.now(), 15)
    },
    { shuffle: false },
  )

  it('is asked for when a clock stands still that nobody moves', async () => {
    await assert.rejects(
      new TestHost({ autojump: false }).run(function* sleeper() {
        yield* sleep(25)
      }),
      (error) =>
        error instanceof UsageError &&
        /stands still at 0 ms.*at 25 ms.*`yield\* advance\(25\)`\n {2}task sleeper #\d+: 25 ms to pass/.test(
          error.message,
        ),
    )
  })

  it('makes a timeout fire', async () => {
    await new TestHost({ autojump: false }).run(function* (host) {
      const limited = spawn.detached(() => timeout(100, new Future('never').wait()))
      yield* advance(100)
      assert.ok(limited.outcome?.status === 'failed' && limited.outcome.error instanceof TimeoutError)
      assert.equal(host.takeUnhandled().length, 1)
    })
  })
})

describe('outside of a TestHost', () => {
  it('both say where they belong', async () => {
    for (const operation of [waitAllBlocked(), advance(1)]) {
      await assert.rejects(
        async () => await run(() => operation),
        (error) => error instanceof UsageError && /works under a TestHost only/.test(error.message),
      )
    }
  })
})
