import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CancelledError,
  currentTask,
  Future,
  fn,
  run,
  scope,
  sleep,
  spawn,
  suspend,
  type Task,
  TaskLocal,
  UsageError,
  yieldNow,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText, messages } from './ending.ts'
import { ManualHost } from './manual-host.ts'

const forever = () => sleep(Infinity)

// -- spawning

it('spawning runs nothing; the child takes its first step when the parent parks', function* () {
  const log: string[] = []
  const child = spawn(function* () {
    log.push('child')
  })
  assert.equal(child.state, 'created')
  log.push('parent')
  yield* waitAllBlocked()
  assert.deepEqual(log, ['parent', 'child'])
})

it(
  'children take their first steps in the order in which they were spawned',
  function* () {
    const log: number[] = []
    for (let i = 0; i < 5; i++) {
      spawn(function* () {
        log.push(i)
      })
    }
    yield* waitAllBlocked()
    assert.deepEqual(log, [0, 1, 2, 3, 4])
  },
  { shuffle: false },
)

it.many('a parent ends after its children, and theirs', function* () {
  const log: string[] = []
  const parent = spawn(function* () {
    spawn(function* () {
      spawn(function* () {
        yield* sleep(20)
        log.push('grandchild')
      })
      yield* sleep(10)
      log.push('child')
    })
    log.push('body')
    return 'result'
  })
  yield* sleep(5)
  assert.equal(parent.state, 'parked')
  assert.equal(parent.reason, 'its children to end')
  assert.equal(parent.outcome, null)
  assert.equal(yield* parent, 'result')
  assert.deepEqual(log, ['body', 'child', 'grandchild'])
})

test('spawn outside any task is a UsageError that says what to use', () => {
  assert.throws(() => spawn(forever), { name: 'UsageError', message: /run\(\) or spawn\.detached\(\)/ })
})

it('a name is the one given, or that of the function, or of what is waited for', function* () {
  const named = fn(function* fetchUser() {
    yield* sleep(1)
  })
  const tasks = [
    spawn(forever, { name: 'given' }),
    spawn(named()),
    spawn(function* ownName() {
      yield* sleep(1)
    }),
    spawn(
      (
        () => () =>
          forever()
      )(),
    ),
    spawn(sleep(7)),
  ]
  assert.deepEqual(
    tasks.map((task) => task.name),
    ['given', 'fetchUser', 'ownName', 'anonymous', '7 ms to pass'],
  )
  assert.equal(String(tasks[0]), `task given #${(tasks[0] as Task<unknown>).id}`)
  for (const task of tasks) task.cancel()
})

it('ids count up', function* () {
  const ids = [spawn(() => 1).id, spawn(() => 1).id, spawn(() => 1).id]
  assert.deepEqual(ids, [ids[0], (ids[0] as number) + 1, (ids[0] as number) + 2])
})

// -- what a task tells

it('a task tells its state, what it waits for and since when, its parent, children and frames', function* () {
  const go = new Future<void>('go')
  const leaf = fn(function* leaf() {
    const self = currentTask() as Task<unknown>
    assert.deepEqual([self.state, self.reason, self.parkedMs], ['running', null, null])
    yield* go
  })
  const branch = fn(function* branch() {
    yield* leaf()
  })
  const child = spawn(function* root() {
    spawn(forever, { name: 'grandchild' })
    yield* branch()
    return 'end'
  })
  assert.equal(child.state, 'created')
  assert.equal(child.outcome, null)
  assert.deepEqual(child.frames, [])
  yield* sleep(30)
  assert.equal(child.state, 'parked')
  assert.equal(child.reason, 'the future "go"')
  assert.equal(child.parkedMs, 30)
  assert.deepEqual(child.frames, ['leaf', 'branch', 'root'])
  assert.equal(child.parent, currentTask())
  assert.deepEqual(
    child.children.map((task) => [task.name, task.parent]),
    [['grandchild', child]],
  )
  assert.ok(currentTask()?.children.includes(child))
  go.resolve()
  assert.equal(child.state, 'ready')
  assert.equal(child.reason, null)
  yield* waitAllBlocked()
  assert.equal(child.reason, 'its children to end')
  assert.deepEqual(child.frames, [])
  child.children[0]?.cancel()
  yield* ending(child)
  assert.equal(child.state, 'ended')
  assert.equal(child.reason, null)
  assert.deepEqual(child.outcome, { status: 'done', value: 'end' })
  assert.deepEqual(child.children, [])
  assert.ok(!currentTask()?.children.includes(child))
})

it('the running task is the one that runs', function* () {
  const self = currentTask()
  const child = spawn(function* () {
    const own = currentTask()
    yield* yieldNow()
    return own === currentTask() && own !== self
  })
  yield* sleep(1)
  assert.equal(currentTask(), self)
  assert.equal(yield* child, true)
})

test('outside of tasks there is no running task', async () => {
  assert.equal(currentTask(), null)
  const host = new ManualHost()
  const task = run(forever, { loop: host.loop })
  host.settle()
  assert.equal(currentTask(), null)
  task.cancel()
  host.settle()
  assert.equal(currentTask(), null)
})

it('the children of open scopes count as children, oldest scope first', function* () {
  spawn(() => sleep(5), { name: 'outer' })
  yield* scope(function* (s) {
    s.spawn(() => sleep(5), { name: 'inner 1' })
    spawn(() => sleep(5), { name: 'inner 2' })
    assert.deepEqual(
      currentTask()?.children.map((task) => task.name),
      ['outer', 'inner 1', 'inner 2'],
    )
  })
})

test('a task can have very many children, and list them', () => {
  new ManualHost().run(function* () {
    const many = 130_000
    const go = new Future<void>()
    for (let i = 0; i < many; i++) spawn(go.wait())
    assert.equal(currentTask()?.children.length, many)
    go.resolve()
  })
})

// -- joining

it('joining gives the result, whether the task has ended or not, as often as asked', function* () {
  const task = spawn(function* () {
    yield* sleep(5)
    return { big: true }
  })
  const first = yield* task
  assert.equal(yield* task, first)
  assert.equal(yield* task.join(), first)
  const op = task.join()
  assert.equal(yield* op, first)
  assert.equal(yield* op, first)
})

it('joining a failed task throws its very failure, each time', function* () {
  const boom = new Error('boom')
  const task = spawn.detached(function* () {
    yield* sleep(1)
    throw boom
  })
  for (let i = 0; i < 3; i++) {
    try {
      yield* task
      assert.fail('not thrown')
    } catch (error) {
      assert.equal(error, boom)
    }
  }
  assert.deepEqual(task.outcome, { status: 'failed', error: boom })
})

it('joining a cancelled task throws a CancelledError that tells why and who asked', function* () {
  const task = spawn(forever, { name: 'victim' })
  yield* sleep(1)
  const reason = new Error('no longer needed')
  task.cancel(reason)
  const outcome = yield* ending(task)
  assert.ok(outcome.status === 'cancelled')
  const { error } = outcome
  assert.ok(error instanceof CancelledError)
  assert.equal(error.code, 'FIBRIL_CANCELLED')
  assert.equal(error.reason, reason)
  assert.equal(error.cause, reason)
  assert.equal(error.by, currentTask())
  assert.equal(error.task, task)
  assert.equal(error.message, `${task} was cancelled by ${currentTask()}: no longer needed`)
  try {
    yield* task
    assert.fail('not thrown')
  } catch (again) {
    assert.ok(again instanceof CancelledError)
    assert.equal(again.reason, reason)
  }
})

it(
  'joiners resume in the order in which they came',
  function* () {
    const log: number[] = []
    const task = spawn(() => sleep(5))
    for (let i = 0; i < 10; i++) {
      spawn(function* () {
        yield* task
        log.push(i)
      })
    }
    yield* sleep(10)
    assert.deepEqual(log, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  },
  { shuffle: false },
)

test('a hundred thousand joiners of one task all get its result', () => {
  new ManualHost().run(function* () {
    const task = spawn(function* () {
      yield* sleep(1)
      return 1
    })
    let sum = 0
    for (let i = 0; i < 100_000; i++) {
      spawn(function* () {
        const one = yield* task
        sum += one
      })
    }
    yield* sleep(2)
    assert.equal(sum, 100_000)
  })
})

it('cancelling one joiner harms neither the task nor the other joiners', function* () {
  const task = spawn(function* () {
    yield* sleep(10)
    return 'result'
  })
  const joiners = [1, 2, 3].map(() => spawn(task.join()))
  yield* sleep(1)
  joiners[1]?.cancel('changed my mind')
  assert.deepEqual(
    [yield* endingText(joiners[0] as Task<string>), yield* endingText(joiners[1] as Task<string>)],
    ['done: result', 'cancelled: changed my mind'],
  )
  assert.equal(yield* joiners[2] as Task<string>, 'result')
})

it('a task that joins itself waits until it is cancelled', function* () {
  const task = spawn(() => (currentTask() as Task<unknown>).join())
  yield* waitAllBlocked()
  assert.equal(task.reason, `the end of ${task}`)
  task.cancel('enough')
  assert.equal(yield* endingText(task), 'cancelled: enough')
})

test('await gives the result, throws the failure, throws the cancel', async () => {
  const host = new ManualHost()
  const { loop } = host
  const done = run(() => sleep(1), { loop })
  const failed = run(
    function* () {
      yield* sleep(1)
      throw new Error('boom')
    },
    { loop },
  )
  const cancelled = run(forever, { loop })
  const both = Promise.allSettled([done, failed, cancelled])
  host.settle()
  cancelled.cancel('why')
  host.advance()
  const [a, b, c] = await both
  assert.equal(a.status, 'fulfilled')
  assert.equal(b.status === 'rejected' && b.reason.message, 'boom')
  assert.ok(c.status === 'rejected' && c.reason instanceof CancelledError)
  assert.equal(c.reason.by, null)
  assert.match(c.reason.message, /was cancelled by code outside any task: why/)
  // And after the end as well.
  await assert.rejects(async () => await failed, /boom/)
  await assert.rejects(async () => await cancelled, CancelledError)
  assert.equal(await done, undefined)
  assert.equal(host.unclaimed.size, 0)
})

it('a result that could be waited for is a value like any other to who joins', function* () {
  const op = sleep(1)
  const task = spawn(function* () {
    return op
  })
  assert.equal(yield* task.join(), op)
})

it('leaving an `await using` block cancels the task and waits for its cleanup', async () => {
  const log: string[] = []
  {
    await using task = run(function* () {
      try {
        yield* forever()
      } finally {
        yield* sleep(5)
        log.push('cleaned')
      }
    })
    await sleep(1)
    log.push(task.state)
  }
  assert.deepEqual(log, ['parked', 'cleaned'])
})

// -- failing

it.many('a failing child cancels its siblings, and fails the parent when their cleanup is over', function* () {
  const log: string[] = []
  const boom = new Error('boom')
  const parent = spawn.detached(function* () {
    spawn(function* () {
      try {
        yield* forever()
      } finally {
        yield* sleep(20)
        log.push('sibling cleaned')
      }
    })
    spawn(function* () {
      yield* sleep(5)
      throw boom
    })
    try {
      yield* forever()
    } catch {
      log.push('caught')
    } finally {
      yield* sleep(10)
      log.push('body cleaned')
    }
  })
  const outcome = yield* ending(parent)
  assert.deepEqual(outcome, { status: 'failed', error: boom })
  assert.deepEqual(log, ['body cleaned', 'sibling cleaned'])
})

it('a body that fails cancels its children, and the failure comes when their cleanup is over', function* () {
  const log: string[] = []
  const parent = spawn.detached(function* () {
    spawn(function* () {
      try {
        yield* forever()
      } finally {
        yield* sleep(20)
        log.push('child cleaned')
      }
    })
    yield* sleep(5)
    throw new Error('boom')
  })
  assert.equal(yield* endingText(parent), 'failed: boom')
  assert.deepEqual(log, ['child cleaned'])
})

it.many('several failures are one AggregateError, flat and without duplicates, the body first', function* () {
  const shared = new Error('shared')
  const failsLate = function* (error: Error) {
    try {
      yield* forever()
    } finally {
      yield* sleep(1)
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      throw error
    }
  }
  const parent = spawn.detached(function* () {
    spawn(() => failsLate(new Error('a')))
    spawn(() => failsLate(shared))
    spawn(() => failsLate(shared))
    spawn(function* () {
      spawn(() => failsLate(new Error('b')))
      spawn(() => failsLate(new Error('c')))
      yield* forever()
    })
    yield* sleep(5)
    throw new Error('body')
  })
  const outcome = yield* ending(parent)
  assert.ok(outcome.status === 'failed' && outcome.error instanceof AggregateError)
  const { errors, message } = outcome.error
  assert.ok(errors.every((error: unknown) => !(error instanceof AggregateError)))
  assert.equal(errors[0].message, 'body')
  assert.deepEqual(messages(outcome.error).slice(1).sort(), ['a', 'b', 'c', 'shared'])
  assert.match(message, /^5 failures: Error: body; /)
})

it("a user's own AggregateError is kept whole", function* () {
  const own = new AggregateError([new Error('x'), new Error('y')], 'own')
  const parent = spawn.detached(function* () {
    spawn(function* () {
      try {
        yield* forever()
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        throw own
      }
    })
    yield* sleep(1)
    throw new Error('body')
  })
  const outcome = yield* ending(parent)
  assert.ok(outcome.status === 'failed' && outcome.error instanceof AggregateError)
  assert.equal(outcome.error.errors.length, 2)
  assert.equal(outcome.error.errors[1], own)
})

it('a child that was joined, and its failure caught, fails the parent all the same', function* () {
  const log: string[] = []
  const parent = spawn.detached(function* () {
    const child = spawn(function* () {
      yield* sleep(1)
      throw new Error('boom')
    })
    try {
      yield* child
    } catch (error) {
      log.push(`caught ${(error as Error).message}`)
    }
    yield* sleep(5)
    log.push('went on')
  })
  assert.equal(yield* endingText(parent), 'failed: boom')
  assert.deepEqual(log, ['caught boom'])
})

it.many('a child spawned between the failure of another and its effect is cancelled too', function* () {
  const parent = spawn.detached(function* () {
    const quick = spawn(() => sleep(1))
    spawn(function* () {
      yield* sleep(1)
      throw new Error('boom')
    })
    yield* quick
    spawn(forever)
    yield* sleep(1)
    assert.fail('went on')
  })
  assert.equal(yield* endingText(parent), 'failed: boom')
})

it('a child that fails while its parent waits for its children cancels the others', function* () {
  const parent = spawn.detached(function* () {
    spawn(forever)
    spawn(function* () {
      yield* sleep(5)
      throw new Error('boom')
    })
    return 'body was done'
  })
  assert.equal(yield* endingText(parent), 'failed: boom')
})

it('anything may be thrown', function* () {
  for (const thrown of [undefined, null, 0, 'text', Symbol('s'), Object.freeze(new Error('frozen'))]) {
    const task = spawn.detached(function* () {
      yield* sleep(1)
      throw thrown
    })
    assert.deepEqual(yield* ending(task), { status: 'failed', error: thrown })
    const parent = spawn.detached(function* () {
      spawn(function* () {
        yield* sleep(1)
        throw thrown
      })
      yield* forever()
    })
    assert.deepEqual(yield* ending(parent), { status: 'failed', error: thrown })
  }
})

it('what has no text may be thrown, alone, together, and with nobody waiting', function* (host) {
  const odd = fn(function* () {
    yield* sleep(1)
    throw Object.create(null)
  })
  assert.equal((yield* ending(spawn.detached(odd()))).status, 'failed')
  const parent = spawn.detached(function* () {
    spawn(odd())
    spawn(odd())
  })
  const outcome = yield* ending(parent)
  assert.ok(outcome.status === 'failed' && outcome.error instanceof AggregateError)
  spawn.detached(odd())
  yield* sleep(5)
  assert.equal(host.takeUnhandled().length, 1)
})

// -- failures that nobody waits for

it('a failure that nobody waits for is reported once, with its cause and where the task was spawned', function* (host) {
  const boom = new Error('boom')
  const task = spawn.detached(
    function* () {
      yield* sleep(1)
      throw boom
    },
    { name: 'lonely' },
  )
  yield* sleep(10)
  const reports = host.takeUnhandled()
  assert.equal(reports.length, 1)
  const [report] = reports
  assert.equal(report?.cause, boom)
  assert.equal(report?.task, task)
  assert.equal(report?.code, 'FIBRIL_UNHANDLED')
  assert.match(
    report?.message ?? '',
    /^task lonely #\d+ failed and nobody was waiting for it: Error: boom\nIt was spawned/,
  )
  assert.match(report?.message ?? '', /task\.test/)
  assert.match(task.spawnedAt ?? '', /task\.test/)
})

test('a failure is reported at the end of the turn, and taken back when somebody comes', () => {
  const host = new ManualHost()
  const fails = function* () {
    throw new Error('boom')
  }
  const lonely = run(fails, { loop: host.loop })
  const joined = run(fails, { loop: host.loop })
  const read = run(fails, { loop: host.loop })
  const joiner = run(() => ending(joined), { loop: host.loop })
  host.turn()
  assert.equal(joiner.state, 'ended')
  assert.deepEqual(
    [...host.unclaimed].map((report) => report.task),
    [lonely, read],
  )
  // Looking is not waiting.
  assert.equal(read.outcome?.status, 'failed')
  assert.equal(host.unclaimed.size, 2)
  lonely.then(null, () => {})
  assert.deepEqual(
    [...host.unclaimed].map((report) => report.task),
    [read],
  )
  read.then(null, () => {})
  assert.equal(host.unclaimed.size, 0)
})

test('a failure that is joined later in the same turn is not reported', () => {
  const host = new ManualHost()
  const failing = run(
    function* () {
      throw new Error('boom')
    },
    { loop: host.loop },
  )
  run(
    function* () {
      yield* yieldNow()
      yield* yieldNow()
      yield* ending(failing)
    },
    { loop: host.loop },
  )
  host.turn()
  assert.equal(host.unclaimed.size, 0)
})

it('a child whose failure goes to its parent is not reported itself', function* () {
  const parent = spawn.detached(function* () {
    spawn(function* () {
      yield* sleep(1)
      throw new Error('boom')
    })
  })
  assert.equal(yield* endingText(parent), 'failed: boom')
})

it('a cancelled task that nobody waits for is not reported', function* () {
  const task = spawn.detached(forever)
  yield* sleep(1)
  task.cancel()
  yield* sleep(1)
  assert.equal(task.outcome?.status, 'cancelled')
})

// -- options

it('a signal cancels the task with its reason', function* () {
  const controller = new AbortController()
  const task = spawn(forever, { signal: controller.signal })
  yield* sleep(1)
  controller.abort('from outside')
  assert.equal(yield* endingText(task), 'cancelled: from outside')
})

it('a signal that was aborted before lets nothing run', function* () {
  const task = spawn(
    function* () {
      assert.fail('ran')
    },
    { signal: AbortSignal.abort('too late') },
  )
  assert.equal(task.state, 'ended')
  assert.equal(yield* endingText(task), 'cancelled: too late')
})

it('a task that has ended lets go of its signal', function* () {
  const listeners = new Set<unknown>()
  const signal = {
    aborted: false,
    reason: undefined,
    addEventListener: (_: 'abort', listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: 'abort', listener: () => void) => void listeners.delete(listener),
  } as unknown as AbortSignal
  const tasks = [
    spawn(() => sleep(5), { signal }),
    spawn(forever, { signal }),
    spawn.detached(
      function* () {
        yield* sleep(1)
        throw new Error('boom')
      },
      { signal },
    ),
  ]
  yield* yieldNow()
  assert.equal(listeners.size, 3)
  yield* sleep(2)
  tasks[1]?.cancel()
  for (const task of tasks) yield* ending(task)
  assert.equal(listeners.size, 0)
  const unstarted = spawn(forever, { signal })
  unstarted.cancel()
  assert.equal(listeners.size, 0)
})

it('the signal of a task is aborted by its cancel, before its cleanup runs, and never by its end', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    const { signal } = currentTask() as Task<unknown>
    signal.addEventListener('abort', () => log.push(`aborted: ${(signal.reason as CancelledError).reason}`))
    try {
      yield* forever()
    } finally {
      log.push('cleanup')
    }
  })
  yield* sleep(1)
  task.cancel('why')
  yield* ending(task)
  assert.deepEqual(log, ['aborted: why', 'cleanup'])
  assert.equal(task.signal.aborted, true)

  const other = spawn(() => sleep(1))
  const { signal } = other
  yield* other
  assert.equal(signal.aborted, false)

  const late = spawn(forever)
  late.cancel()
  assert.equal(late.signal.aborted, true)
  assert.equal((late.signal.reason as CancelledError).code, 'FIBRIL_CANCELLED')
})

it('a detached task is nobody’s child, and outlives who spawned it', function* () {
  const made: Task<unknown>[] = []
  const parent = spawn(function* () {
    made.push(spawn.detached(() => sleep(50)))
  })
  yield* parent
  yield* waitAllBlocked()
  assert.equal(made[0]?.parent, null)
  assert.equal(made[0]?.state, 'parked')
  parent.cancel()
  yield* made[0] as Task<unknown>
})

// -- many

test('twenty thousand tasks, each with a child, end', () => {
  new ManualHost().run(function* () {
    let ended = 0
    for (let i = 0; i < 20_000; i++) {
      spawn(function* () {
        spawn(function* () {
          yield* sleep(i % 7)
          ended++
        })
        yield* yieldNow()
        ended++
      })
    }
    yield* sleep(10)
    assert.equal(ended, 40_000)
  })
})

test('a chain of tasks a hundred thousand deep ends in constant stack', () => {
  new ManualHost().run(function* () {
    const depth = 100_000
    const down = function* (left: number): Generator<never, void, never> {
      if (left > 0) spawn(() => down(left - 1))
    }
    yield* spawn(() => down(depth))
    const fails = function* (left: number): Generator<never, void, never> {
      if (left === 0) throw new Error('from the bottom')
      spawn(() => fails(left - 1))
    }
    assert.equal(yield* endingText(spawn.detached(() => fails(depth))), 'failed: from the bottom')
  })
})

test('a chain of joins a hundred thousand long resolves in constant stack', () => {
  new ManualHost().run(function* () {
    let last: Task<unknown> = spawn(() => sleep(1))
    for (let i = 0; i < 100_000; i++) {
      const before = last
      last = spawn(() => before.join())
    }
    yield* last
  })
})

// -- waking

it('a waiter that is woken twice is a bug that is named', function* () {
  let twice: unknown
  const task = spawn(function* () {
    const me = currentTask() as Task<unknown>
    yield* suspend<void>('a wake', (wake) => {
      wake()
      try {
        me.resume(1)
      } catch (error) {
        twice = error
      }
    })
  })
  yield* task
  assert.equal((twice as Error).name, 'InternalError')
  assert.throws(() => task.reject(new Error('late')), { name: 'InternalError', message: /woken while ended/ })
  assert.match((twice as Error).message, /woken while ready/)
})

it('a task local, a scope and a child in one task end in this order: body, children, locals', function* () {
  const log: string[] = []
  const local = new TaskLocal({ create: () => 1, dispose: () => void log.push('local') })
  yield* spawn(function* () {
    local.get()
    spawn(function* () {
      yield* sleep(10)
      log.push('child')
    })
    log.push('body')
  })
  assert.deepEqual(log, ['body', 'child', 'local'])
})

test('spawning into a task that has ended is refused', () => {
  const host = new ManualHost()
  let spawnInside: (() => unknown) | undefined
  run(
    () =>
      scope(function* (s) {
        spawnInside = () => s.spawn(forever)
      }),
    { loop: host.loop },
  )
  host.settle()
  assert.throws(() => spawnInside?.(), UsageError)
})
