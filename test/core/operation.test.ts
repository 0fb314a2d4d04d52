import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BusyError,
  callOf,
  currentTask,
  Future,
  fn,
  NOT_YET,
  type Operation,
  race,
  run,
  sleep,
  spawn,
  suspend,
  type Task,
  timeoutOr,
  UsageError,
  Wait,
  type Waiter,
  type Wake,
  yieldNow,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'
import { ManualHost } from './manual-host.ts'

/** What `suspend` was asked, and what it did. */
function event<T>(reason = 'an event') {
  const wakes: Wake<T>[] = []
  const log: string[] = []
  const op = suspend<T>(reason, (wake) => {
    wakes.push(wake)
    log.push('begin')
    return () => log.push('undo')
  })
  return { op, wakes, log }
}

// -- suspend

it('suspend parks until it is woken; the undo is not called then', function* () {
  const { op, wakes, log } = event<string>('the mail')
  const task = spawn(op)
  yield* waitAllBlocked()
  assert.equal(task.reason, 'the mail')
  wakes[0]?.('value')
  assert.equal(yield* task, 'value')
  assert.deepEqual(log, ['begin'])
})

it('suspend may fail', function* () {
  const { op, wakes, log } = event<string>()
  const task = spawn.detached(op)
  yield* waitAllBlocked()
  wakes[0]?.fail(new Error('no mail'))
  assert.equal(yield* endingText(task), 'failed: no mail')
  assert.deepEqual(log, ['begin'])
})

it('only the first wake counts', function* () {
  const { op, wakes } = event<string>()
  const task = spawn(op)
  yield* waitAllBlocked()
  const wake = wakes[0] as Wake<string>
  wake('first')
  wake('second')
  wake.fail(new Error('third'))
  assert.equal(yield* task, 'first')
  wake('after the end')
  wake.fail(new Error('after the end'))
})

it('suspend may be woken at once, and then its undo is never called', function* () {
  const log: string[] = []
  const at = suspend<string>('an event', (wake) => {
    wake('at once')
    return () => log.push('undo')
  })
  assert.equal(yield* at, 'at once')
  const failing = suspend<string>('an event', (wake) => {
    wake.fail(new Error('at once'))
    return () => log.push('undo')
  })
  assert.equal(yield* endingText(spawn.detached(failing)), 'failed: at once')
  const both = suspend<string>('an event', (wake) => {
    wake('first')
    throw new Error('too late')
  })
  assert.equal(yield* both, 'first')
  assert.deepEqual(log, [])
})

it('a beginning that throws fails the wait, which may be used again', function* () {
  let fail = true
  const op = suspend<string>('an event', (wake) => {
    if (fail) throw new Error('cannot begin')
    wake('begun')
  })
  assert.equal(yield* endingText(spawn.detached(op)), 'failed: cannot begin')
  fail = false
  assert.equal(yield* op, 'begun')
})

it('a cancel calls the undo once, and a stale wake ends neither that wait nor a later one', function* () {
  const { op, wakes, log } = event<string>()
  const first = spawn(op)
  yield* waitAllBlocked()
  first.cancel()
  assert.deepEqual(log, ['begin', 'undo'])
  wakes[0]?.('stale')
  yield* ending(first)
  assert.equal(first.outcome?.status, 'cancelled')
  const second = spawn(op)
  yield* waitAllBlocked()
  wakes[0]?.('stale')
  wakes[0]?.fail(new Error('stale'))
  yield* waitAllBlocked()
  assert.equal(second.state, 'parked')
  wakes[1]?.('fresh')
  assert.equal(yield* second, 'fresh')
  assert.deepEqual(log, ['begin', 'undo', 'begin'])
})

it('a wake after the cancel, in the same turn, is too late', function* () {
  const { op, wakes } = event<string>()
  const task = spawn(function* () {
    yield* op
    assert.fail('went on')
  })
  yield* waitAllBlocked()
  task.cancel('why')
  wakes[0]?.('late')
  assert.equal(yield* endingText(task), 'cancelled: why')
})

it('suspend needs no undo', function* () {
  const task = spawn(suspend('nothing', () => {}))
  yield* waitAllBlocked()
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
})

test('a wake from outside of any turn', () => {
  const host = new ManualHost()
  const { op, wakes } = event<string>()
  const task = run(op, { loop: host.loop })
  host.settle()
  wakes[0]?.('from outside')
  assert.equal(host.asked, 1)
  host.settle()
  assert.deepEqual(task.outcome, { status: 'done', value: 'from outside' })
})

it('a wake from inside another wake’s beginning', function* () {
  const outer = event<string>()
  const task = spawn(outer.op)
  yield* waitAllBlocked()
  yield* suspend<void>('an event', (wake) => {
    outer.wakes[0]?.('woken')
    wake()
  })
  assert.equal(yield* task, 'woken')
})

it('a suspend that something outside will end holds the loop up for as long as it waits', function* (host) {
  const externals = () => host.loop.stats().externals
  const wakes: Wake<void>[] = []
  const op = suspend<void>('a socket', (wake) => void wakes.push(wake), { external: true })
  for (const end of ['value', 'failure', 'cancel'] as const) {
    const task = spawn.detached(op)
    while (task.state !== 'parked') yield* yieldNow()
    assert.equal(externals(), 1)
    const wake = wakes.at(-1) as Wake<void>
    if (end === 'value') wake()
    else if (end === 'failure') wake.fail(new Error('reset'))
    else task.cancel()
    assert.equal(externals(), 0)
    wake()
    yield* ending(task)
    assert.equal(externals(), 0)
  }
  for (const begin of [
    (wake: Wake<void>) => wake(),
    () => {
      throw new Error('cannot begin')
    },
  ]) {
    yield* ending(spawn.detached(suspend<void>('a socket', begin, { external: true })))
    assert.equal(externals(), 0)
  }
})

// -- one operation, several waiters

it.many('one wait in two tasks is a BusyError for the second, and the first is unharmed', function* () {
  const future = new Future<string>()
  const mail = event<string>()
  const cases: [Operation<unknown>, () => void][] = [
    [future.wait(), () => future.resolve('value')],
    [mail.op, () => mail.wakes[0]?.('value')],
    [sleep(5), () => {}],
    [race([sleep(5), sleep(9)]), () => {}],
  ]
  for (const [op, end] of cases) {
    const first = spawn(function* () {
      return [yield* op]
    })
    yield* waitAllBlocked()
    for (const body of [
      op,
      callOf(op),
      () => op,
      function* () {
        return yield* op
      },
    ]) {
      const outcome = yield* ending(spawn.detached(body))
      assert.ok(outcome.status === 'failed' && outcome.error instanceof BusyError, JSON.stringify(outcome))
    }
    assert.equal(first.state, 'parked')
    end()
    assert.equal((yield* ending(first)).status, 'done')
  }
})

it('one wait in one task after the other, also after it was cancelled and after it failed', function* () {
  const wakes: Wake<string>[] = []
  const op = suspend<string>('an event', (wake) => void wakes.push(wake))
  const log: string[] = []
  for (const end of ['value', 'cancel', 'failure', 'limit', 'value']) {
    const task = spawn.detached(function* () {
      return end === 'limit' ? yield* timeoutOr(5, 'limit', op) : yield* op
    })
    yield* waitAllBlocked()
    if (end === 'value') wakes.at(-1)?.('value')
    if (end === 'failure') wakes.at(-1)?.fail(new Error('failure'))
    if (end === 'cancel') task.cancel('cancel')
    log.push(yield* endingText(task))
  }
  assert.deepEqual(log, ['done: value', 'cancelled: cancel', 'failed: failure', 'done: limit', 'done: value'])
})

it('one wait many times in one task', function* () {
  const op = sleep(1)
  for (let i = 0; i < 10; i++) yield* op
  const turn = yieldNow()
  for (let i = 0; i < 10; i++) yield* turn
})

it('yieldNow is one operation for all tasks at once', function* () {
  const log: number[] = []
  const tasks = Array.from({ length: 10 }, (_, i) =>
    spawn(function* () {
      for (let round = 0; round < 5; round++) yield* yieldNow()
      yield* race([yieldNow(), sleep(1)])
      log.push(i)
    }),
  )
  for (const task of tasks) yield* task
  assert.equal(log.length, 10)
})

it('what yieldNow gives is nothing', function* () {
  assert.equal(yield* yieldNow(), undefined)
  assert.equal(yield* race([yieldNow()]), undefined)
  assert.equal(yield* spawn(yieldNow()), undefined)
  assert.equal(yield* spawn(() => yieldNow()), undefined)
})

// -- authoring a Wait

/** A wait that tells what is called on it. */
class Told extends Wait<string> {
  readonly log: string[] = []
  ready: string | null = null
  broken = false
  waiter: Waiter<string> | null = null

  override get reason(): string {
    return 'to be told'
  }

  override attempt(): string | typeof NOT_YET {
    this.log.push('attempt')
    if (this.broken) throw new Error('broken')
    return this.ready ?? NOT_YET
  }

  override install(waiter: Waiter<string>): void {
    this.log.push('install')
    this.waiter = waiter
  }

  override uninstall(): void {
    this.log.push('uninstall')
    this.waiter = null
  }
}

it('a wait is attempted, then installed, then woken or uninstalled', function* () {
  const told = new Told()
  told.ready = 'ready'
  assert.equal(yield* told, 'ready')
  assert.deepEqual(told.log.splice(0), ['attempt'])
  told.ready = null
  const woken = spawn(told)
  yield* waitAllBlocked()
  assert.equal(told.waiter?.waitingTask, woken)
  told.waiter?.resume('woken')
  assert.equal(yield* woken, 'woken')
  assert.deepEqual(told.log.splice(0), ['attempt', 'install'])
  const cancelled = spawn(told)
  yield* waitAllBlocked()
  cancelled.cancel()
  yield* ending(cancelled)
  assert.deepEqual(told.log.splice(0), ['attempt', 'install', 'uninstall'])
  told.broken = true
  assert.equal(yield* endingText(spawn.detached(told)), 'failed: broken')
  assert.deepEqual(told.log, ['attempt'])
})

it('a wait whose install throws fails, and the task goes on', function* () {
  class Full extends Wait<void> {
    override get reason(): string {
      return 'a place'
    }
    override install(): void {
      throw new Error('full')
    }
    override uninstall(): void {
      assert.fail('uninstalled')
    }
  }
  const op = new Full()
  const task = spawn(function* () {
    for (let i = 0; i < 3; i++) {
      try {
        yield* op
        assert.fail('not thrown')
      } catch (error) {
        assert.equal((error as Error).message, 'full')
      }
      yield* sleep(1)
    }
    return 'went on'
  })
  assert.equal(yield* task, 'went on')
})

it('an install that wakes its waiter at once does not nest', function* () {
  class AtOnce extends Wait<number> {
    private n = 0
    override get reason(): string {
      return 'nothing'
    }
    override install(waiter: Waiter<number>): void {
      waiter.resume(++this.n)
    }
    override uninstall(): void {}
  }
  const op = new AtOnce()
  let last = 0
  for (let i = 0; i < 20_000; i++) last = yield* op
  assert.equal(last, 20_000)
})

test('an install that throws after it woke its waiter is a bug that is named, and the loop lives', () => {
  class Late extends Wait<number> {
    override get reason(): string {
      return 'nothing'
    }
    override install(waiter: Waiter<number>): void {
      waiter.resume(1)
      throw new Error('late')
    }
    override uninstall(): void {}
  }
  const host = new ManualHost()
  const bad = run(new Late(), { loop: host.loop })
  const told = assert.rejects(async () => await bad, /install\(\) failed after it woke its waiter.*late/)
  const beside = run(() => sleep(1), { loop: host.loop })
  try {
    host.advance()
  } catch (error) {
    assert.match((error as Error).message, /install\(\) failed/)
  }
  host.advance()
  assert.equal(beside.state, 'ended')
  assert.equal(bad.state, 'ended')
  return bad.outcome?.status === 'failed' ? told : undefined
})

// -- fairness of ready operations

test('a task whose operations are always ready lets others run now and then', () => {
  const host = new ManualHost()
  const ready = new Future<number>()
  ready.resolve(1)
  let rounds = 0
  let seen = 0
  const greedy = run(
    function* () {
      while (seen < 5) {
        yield* ready
        rounds++
        if (rounds > 1e6) throw new Error('nobody else ran')
      }
    },
    { loop: host.loop },
  )
  run(
    function* () {
      for (; seen < 5; seen++) yield* yieldNow()
    },
    { loop: host.loop },
  )
  host.settle()
  assert.equal(greedy.outcome?.status, 'done')
  assert.ok(rounds < 10_000, `${rounds}`)
})

test('a task that goes on catching what a ready operation throws lets others run too', () => {
  const host = new ManualHost()
  const broken = new Future<number>()
  broken.reject(new Error('no'))
  let rounds = 0
  let seen = false
  run(
    function* () {
      while (!seen && rounds < 100_000) {
        try {
          yield* broken
        } catch {
          rounds++
        }
      }
    },
    { loop: host.loop },
  )
  run(
    function* () {
      seen = true
    },
    { loop: host.loop },
  )
  host.settle()
  assert.equal(seen, true)
  assert.ok(rounds < 10_000, `${rounds}`)
})

it('what was ready when the budget ran out is still taken', function* () {
  let left = 2000
  class Counter extends Wait<number> {
    override get reason(): string {
      return 'a number'
    }
    override attempt(): number | typeof NOT_YET {
      return left > 0 ? left-- : NOT_YET
    }
    override install(waiter: Waiter<number>): void {
      const value = this.attempt()
      if (value !== NOT_YET) waiter.resume(value)
    }
    override uninstall(): void {}
  }
  let sum = 0
  for (let i = 0; i < 2000; i++) sum += (yield* new Counter()) && 1
  assert.equal(sum, 2000)
  assert.equal(left, 0)
})

test('what waits outside any task says what to do', () => {
  assert.throws(() => [...(sleep(1) as never as Iterable<unknown>)], {
    name: 'UsageError',
    message: /`yield\*` in a function that `run`, `spawn` or `fn` was given, or `await` elsewhere/,
  })
  assert.ok(new UsageError('x') instanceof Error)
})

it('an operation whose task is gone is free for others', function* () {
  const { op, wakes } = event<string>()
  const call = fn(function* () {
    return yield* op
  })()
  const task: Task<string> = spawn(call)
  yield* waitAllBlocked()
  task.cancel()
  yield* ending(task)
  const again = spawn(call)
  yield* waitAllBlocked()
  wakes[1]?.('again')
  assert.equal(yield* again, 'again')
  assert.equal(currentTask()?.children.length, 0)
})
