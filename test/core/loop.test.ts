import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  currentLoop,
  currentTask,
  DeadlockError,
  Future,
  InternalError,
  Loop,
  machine,
  run,
  sleep,
  spawn,
  suspend,
  type Task,
  timeoutOr,
  yieldNow,
} from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'
import { ManualHost } from './manual-host.ts'

/** Waits for `task` from outside, from now on; gives what it failed with. */
async function failureOf(task: Task<unknown>): Promise<unknown> {
  return await task.then(
    () => assert.fail('did not fail'),
    (error) => error,
  )
}

/** Goes on for ever, letting others run. */
function* restless() {
  for (;;) yield* yieldNow()
}

test('a turn is asked for once, however many tasks become ready', () => {
  const host = new ManualHost()
  for (let i = 0; i < 10; i++) run(() => i, { loop: host.loop })
  assert.equal(host.asked, 1)
  assert.deepEqual(host.loop.stats(), { ready: 10, timers: 0, externals: 0, batch: 64 })
  assert.ok(Object.isFrozen(host.loop.stats()))
  host.turn()
  assert.equal(host.asked, 0)
  assert.equal(host.loop.stats().ready, 0)
})

test('one turn runs what is ready, and what that makes ready', () => {
  const host = new ManualHost()
  const log: string[] = []
  const go = new Future<void>()
  run(
    function* () {
      yield* go
      log.push('woken')
      spawn(() => log.push('spawned'))
    },
    { loop: host.loop },
  )
  run(
    function* () {
      yield* yieldNow()
      go.resolve()
    },
    { loop: host.loop },
  )
  host.turn()
  assert.deepEqual(log, ['woken', 'spawned'])
  assert.equal(host.asked, 0)
})

test('a loop where nothing happens asks for nothing', () => {
  const host = new ManualHost()
  const task = run(() => sleep(Infinity), { loop: host.loop })
  host.settle()
  assert.deepEqual([host.asked, host.alarm, host.turns], [0, Infinity, 1])
  host.turn()
  assert.deepEqual([host.asked, host.alarm], [0, Infinity])
  task.cancel()
  host.settle()
})

test('a slice of time ends the turn, so that the platform gets its say beside tasks that never rest', () => {
  const host = new ManualHost({ slice: 4 })
  host.cost = 1
  for (let i = 0; i < 2; i++) run(restless, { loop: host.loop })
  for (let turn = 0; turn < 50; turn++) {
    const before = host.clock
    host.turn()
    assert.equal(host.asked, 1, 'it asks to come again')
    assert.ok(host.clock - before < 20, `${host.clock - before} ms in one turn`)
  }
})

test('a million ready tasks do not make one long turn', () => {
  const host = new ManualHost({ slice: 4 })
  host.cost = 1
  for (let i = 0; i < 100_000; i++) run(() => i, { loop: host.loop })
  let most = 0
  while (host.asked > 0) {
    const before = host.loop.stats().ready
    host.turn()
    most = Math.max(most, before - host.loop.stats().ready)
  }
  assert.ok(most > 0 && most < 1000, `${most} in one turn`)
})

test('timers come through beside tasks that never rest', () => {
  const host = new ManualHost({ slice: 4 })
  host.cost = 0.1
  for (let i = 0; i < 2; i++) run(restless, { loop: host.loop })
  const log: number[] = []
  run(
    function* () {
      for (let i = 0; i < 5; i++) {
        yield* sleep(10)
        log.push(host.clock)
      }
    },
    { loop: host.loop },
  )
  while (log.length < 5 && host.clock < 1000) host.turn()
  assert.equal(log.length, 5)
  for (const [i, at] of log.entries()) assert.ok(at >= 10 * (i + 1) && at < 10 * (i + 1) + 50, `${at}`)
})

test('what is due fires before what is ready runs', () => {
  const host = new ManualHost()
  const log: string[] = []
  run(
    function* () {
      yield* sleep(5)
      log.push('slept')
    },
    { loop: host.loop },
  )
  host.settle()
  host.clock = 5
  run(() => log.push('ready'), { loop: host.loop })
  host.turn()
  // Made ready before the turn, it stands first in the ring; the sleeper is in the same turn.
  assert.deepEqual(log, ['ready', 'slept'])
})

test('tasks take turns in the order in which they became ready', () => {
  const host = new ManualHost()
  const log: number[] = []
  const goes = Array.from({ length: 5 }, () => new Future<void>())
  for (const [i, go] of goes.entries()) {
    run(
      function* () {
        yield* go
        log.push(i)
      },
      { loop: host.loop },
    )
  }
  host.settle()
  for (const i of [3, 1, 4, 0, 2]) goes[i]?.resolve()
  host.settle()
  assert.deepEqual(log, [3, 1, 4, 0, 2])
})

test('a host may pick which task is next', () => {
  const host = new ManualHost()
  Object.assign(host, { pick: (ready: number) => ready - 1 })
  const log: number[] = []
  for (let i = 0; i < 4; i++) run(() => log.push(i), { loop: host.loop })
  host.settle()
  assert.equal(log[0], 3)
  assert.deepEqual([...log].sort(), [0, 1, 2, 3])
})

test('in a turn the loop is the current one, and there is no task between steps', () => {
  const host = new ManualHost()
  const other = new ManualHost()
  const seen: unknown[] = []
  run(
    function* () {
      seen.push(currentLoop() === host.loop)
      // A turn of another loop within a step: what belongs to this one is as before after it.
      const self = currentTask()
      run(
        function* () {
          seen.push(currentLoop() === other.loop, currentTask() !== self)
          yield* sleep(1)
        },
        { loop: other.loop },
      )
      seen.push(currentLoop() === host.loop)
      yield* sleep(1)
      seen.push(currentLoop() === host.loop, currentTask() === self)
    },
    { loop: host.loop },
  )
  host.settle()
  other.advance()
  host.advance()
  assert.deepEqual(
    seen.filter((each) => each !== true),
    [],
  )
  assert.equal(seen.length, 6)
  assert.equal(machine.task, null)
  assert.equal(machine.loop, null)
})

test('two loops do not mix, and wake each other', () => {
  const [a, b] = [new ManualHost(), new ManualHost()]
  const there = new Future<string>()
  const back = new Future<string>()
  const one = run(
    function* () {
      there.resolve('there')
      return yield* back
    },
    { loop: a.loop },
  )
  const two = run(
    function* () {
      const value = yield* there
      back.resolve(`${value} and back`)
      return yield* one
    },
    { loop: b.loop },
  )
  for (let i = 0; i < 5; i++) {
    a.settle()
    b.settle()
  }
  assert.deepEqual(one.outcome, { status: 'done', value: 'there and back' })
  assert.deepEqual(two.outcome, { status: 'done', value: 'there and back' })
})

test('a loop knows its tasks at the root', () => {
  const host = new ManualHost()
  const task = run(() => sleep(5), { loop: host.loop, name: 'root' })
  assert.deepEqual([...host.loop.root], [task])
  host.advance()
  assert.deepEqual([...host.loop.root], [])
})

test('spawn sites are recorded for the first few of a burst, for all under a strict host', () => {
  for (const [strict, expected] of [
    [false, 4],
    [true, 100],
  ] as const) {
    const host = new ManualHost({ strict })
    const tasks = run(
      function* () {
        return Array.from({ length: 100 }, () => spawn(() => 1))
      },
      { loop: host.loop },
    )
    host.settle()
    host.settle()
    assert.ok(tasks.outcome?.status === 'done')
    const sites = tasks.outcome.value.filter((task) => task.spawnedAt !== null)
    assert.ok(Math.abs(sites.length - expected) <= 1, `${sites.length}`)
    assert.match(sites[0]?.spawnedAt ?? '', /loop\.test/)
  }
})

// -- what holds the loop up

test('what something outside will wake counts as external', () => {
  const host = new ManualHost()
  host.loop.holdExternal()
  host.loop.holdExternal()
  assert.equal(host.loop.stats().externals, 2)
  host.loop.releaseExternal()
  host.loop.releaseExternal()
  assert.equal(host.loop.stats().externals, 0)
})

// -- deadlock

test('a deadlock is thrown at whoever waits at the root, with the wait graph; cleanup runs', async () => {
  const host = new ManualHost()
  const log: string[] = []
  const task = run(
    function* main() {
      try {
        yield* new Future<void>('the answer')
      } finally {
        yield* sleep(5)
        log.push('cleaned')
      }
    },
    { loop: host.loop },
  )
  const unwatched = run(() => sleep(Infinity), { loop: host.loop })
  const failure = failureOf(task)
  host.settle()
  assert.equal(host.loop.deadlock(), true)
  host.advance()
  assert.deepEqual(log, ['cleaned'])
  assert.equal(unwatched.state, 'parked', 'nobody waits for it')
  assert.equal(host.loop.deadlock(), false)
  unwatched.cancel()
  host.settle()
  const error = await failure
  assert.ok(error instanceof DeadlockError)
  assert.equal(error.code, 'FIBRIL_DEADLOCK')
  assert.match(error.message, /every task waits and nothing outside can wake one \(2 parked\)/)
  assert.match(error.message, /task main #\d+ has waited \d+ ms for the future "the answer", spawned .*loop\.test/)
})

test('a task whose cleanup is stuck as well ends by force, with one DeadlockError', async () => {
  const host = new ManualHost()
  const stuck = new Future<void>('stuck')
  const task = run(
    function* () {
      try {
        yield* sleep(Infinity)
      } finally {
        yield* stuck
      }
    },
    { loop: host.loop },
  )
  // Its cleanup is not stuck, so there is more to run after the first deadlock.
  const other = run(
    function* () {
      try {
        yield* sleep(Infinity)
      } finally {
        yield* sleep(5)
      }
    },
    { loop: host.loop },
  )
  const errors = Promise.all([failureOf(task), failureOf(other)])
  host.settle()
  task.cancel()
  host.settle()
  for (let i = 0; i < 3; i++) {
    host.loop.deadlock()
    host.advance()
  }
  for (const error of await errors) assert.ok(error instanceof DeadlockError, String(error))
  // What it waited for may be settled all the same.
  stuck.resolve()
  host.settle()
})

test('a deadlock of very many is found in one go', async () => {
  const host = new ManualHost()
  const tasks = Array.from({ length: 5_000 }, () => run(() => new Future<void>().wait(), { loop: host.loop }))
  const failures = Promise.all(tasks.map(failureOf))
  host.settle()
  assert.equal(host.loop.deadlock(), true)
  host.settle()
  for (const error of await failures) assert.ok(error instanceof DeadlockError)
})

test('a deadlock ends the children too', async () => {
  const host = new ManualHost()
  const log: string[] = []
  const task = run(
    function* () {
      spawn(function* () {
        try {
          yield* sleep(Infinity)
        } finally {
          log.push('child')
        }
      })
      return 'the body was done'
    },
    { loop: host.loop },
  )
  const failure = failureOf(task)
  host.settle()
  host.loop.deadlock()
  host.settle()
  assert.ok((await failure) instanceof DeadlockError)
  assert.deepEqual(log, ['child'])
  assert.deepEqual([...host.loop.root], [])
})

it('a program that is stuck tells who waits for whom, in a circle', function* () {
  const tasks: Task<unknown>[] = []
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    tasks.push(
      spawn(
        function* () {
          yield* yieldNow()
          yield* tasks[(i + 1) % 3] as Task<unknown>
        },
        { name },
      ),
    )
  }
  assert.equal(yield* timeoutOr(10, 'stuck', (tasks[0] as Task<unknown>).join()), 'stuck')
  for (const task of tasks) task.cancel()
})

// -- robustness

test('an exception out of the engine does not end the loop', () => {
  const host = new ManualHost()
  const beside = run(() => sleep(1), { loop: host.loop })
  const bad = run(
    suspend<number>('an event', (wake) => {
      const self = currentTask() as Task<unknown>
      // Breaks the rules: wakes the task behind the back of the wait.
      self.resume(1)
      try {
        wake(2)
      } catch (error) {
        assert.ok(error instanceof InternalError)
      }
    }),
    { loop: host.loop },
  )
  host.advance()
  assert.equal(beside.state, 'ended')
  assert.equal(bad.state, 'ended')
  assert.equal(machine.task, null)
})

test('a host whose pick throws does not end the loop', () => {
  const host = new ManualHost()
  let broken = true
  Object.assign(host, {
    pick: () => {
      if (broken) throw new Error('pick')
      return 0
    },
  })
  const tasks = [1, 2].map((n) => run(() => n, { loop: host.loop }))
  assert.throws(() => host.turn(), /pick/)
  broken = false
  assert.equal(host.asked, 1)
  assert.equal(machine.loop, null)
  host.settle()
  assert.ok(tasks.every((task) => task.state === 'ended'))
})

it('a loop may be given to run, from inside another', function* () {
  const host = new ManualHost()
  const task = run(() => 'there', { loop: host.loop })
  const joiner = spawn(() => ending(task))
  yield* yieldNow()
  host.settle()
  assert.deepEqual(yield* joiner, { status: 'done', value: 'there' })
  assert.equal(yield* endingText(task), 'done: there')
  assert.ok(host.loop instanceof Loop)
})
