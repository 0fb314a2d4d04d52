import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  currentTask,
  Future,
  fn,
  sleep,
  spawn,
  type Task,
  TaskLocal,
  timeoutOr,
  UsageError,
  yieldNow,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText, messages } from './ending.ts'

const forever = () => sleep(Infinity)

it.many('each task has a value of its own, made when it is first asked for', function* () {
  let made = 0
  const local = new TaskLocal({ create: () => ({ n: ++made }) })
  const use = fn(function* () {
    const first = local.get()
    yield* sleep(1)
    assert.equal(local.get(), first)
    const inner = fn(function* () {
      yield* yieldNow()
      return local.get()
    })
    assert.equal(yield* inner(), first, 'calls belong to their task')
    return first
  })
  assert.equal(made, 0)
  const values = [yield* spawn(use()), yield* spawn(use()), yield* use()]
  assert.equal(new Set(values).size, 3)
  assert.equal(made, 3)
})

it('children do not inherit', function* () {
  const local = new TaskLocal<string>()
  local.set('parent')
  const child = spawn(function* () {
    const had = local.has()
    local.set('child')
    yield* sleep(1)
    return [had, local.get()]
  })
  assert.deepEqual(yield* child, [false, 'child'])
  assert.equal(local.get(), 'parent')
})

it('set, has, delete', function* () {
  const disposed: string[] = []
  const local = new TaskLocal<string>({ dispose: (value) => void disposed.push(value) })
  yield* spawn(function* () {
    assert.equal(local.has(), false)
    assert.equal(local.delete(), undefined)
    assert.throws(() => local.get(), { name: 'UsageError', message: /no value in this task/ })
    local.set('a')
    assert.equal(local.has(), true)
    local.set('b')
    assert.equal(local.get(), 'b')
    assert.equal(local.delete(), 'b')
    assert.equal(local.has(), false)
    local.set('c')
  })
  assert.deepEqual(disposed, ['c'], 'neither what was replaced nor what was deleted')
  const falsy = new TaskLocal<unknown>({ create: () => assert.fail('made though it was set') })
  falsy.set(undefined)
  assert.equal(falsy.get(), undefined)
  assert.equal(falsy.has(), true)
})

test('outside of tasks there are no values', () => {
  const local = new TaskLocal({ create: () => 1 })
  assert.equal(local.has(), false)
  assert.throws(() => local.get(), UsageError)
  assert.throws(() => local.set(1), UsageError)
  assert.throws(() => local.delete(), UsageError)
})

it('values are disposed as the task ends, the last made first, each waited for', function* (host) {
  const log: string[] = []
  const make = (name: string, ms: number) =>
    new TaskLocal({
      create: () => name,
      dispose: fn(function* (value: string) {
        log.push(`${value} begins`)
        yield* sleep(ms)
        log.push(`${value} ends`)
      }),
    })
  const [a, b, c] = [make('a', 5), make('b', 3), make('c', 1)]
  const task = spawn(function* () {
    a.get()
    b.get()
    c.get()
    a.set('a again')
    return 'result'
  })
  assert.equal(yield* task, 'result')
  assert.deepEqual(log, ['a again begins', 'a again ends', 'c begins', 'c ends', 'b begins', 'b ends'])
  assert.equal(host.now(), 9)
})

it('disposal may be plain, a promise, an operation, or nothing', function* () {
  const log: string[] = []
  const locals = [
    new TaskLocal({ create: () => 1 }),
    new TaskLocal({ create: () => 2, dispose: () => void log.push('plain') }),
    new TaskLocal({
      create: () => 3,
      dispose: async () => {
        await undefined
        log.push('promise')
      },
    }),
    new TaskLocal({ create: () => 4, dispose: () => sleep(5) }),
  ]
  yield* spawn(function* () {
    for (const local of locals) local.get()
  })
  assert.deepEqual(log, ['promise', 'plain'])
})

it.many('values are disposed after a failure, a cancel and a cancel of the wait for children', function* () {
  const log: string[] = []
  const local = new TaskLocal({
    create: () => 'value',
    dispose: fn(function* (value: string) {
      yield* sleep(2)
      log.push(value)
    }),
  })
  const failed = spawn.detached(function* () {
    local.set('failed')
    yield* sleep(1)
    throw new Error('boom')
  })
  assert.equal(yield* endingText(failed), 'failed: boom')
  const cancelled = spawn(function* () {
    local.set('cancelled')
    yield* forever()
  })
  yield* waitAllBlocked()
  cancelled.cancel('why')
  assert.equal(yield* endingText(cancelled), 'cancelled: why')
  const parent = spawn(function* () {
    local.set('parent')
    spawn(function* () {
      local.set('child')
      yield* forever()
    })
  })
  yield* waitAllBlocked()
  parent.cancel('why')
  assert.equal(yield* endingText(parent), 'cancelled: why')
  assert.deepEqual(log, ['failed', 'cancelled', 'child', 'parent'])
})

it('a task that never ran has nothing to dispose, and a task without values neither', function* () {
  const local = new TaskLocal({ create: () => 1, dispose: () => assert.fail('disposed') })
  spawn(function* () {
    local.get()
  }).cancel()
  yield* spawn(function* () {
    local.has()
    local.delete()
  })
})

it('a failure to dispose fails the task, together with what else failed, and the others are disposed', function* () {
  const log: string[] = []
  const failing = (message: string) =>
    new TaskLocal({
      create: () => message,
      dispose: fn(function* () {
        yield* sleep(1)
        throw new Error(message)
      }),
    })
  const [a, b] = [failing('a'), failing('b')]
  const between = new TaskLocal({ create: () => 1, dispose: () => void log.push('between') })
  const throws = new TaskLocal({
    create: () => 1,
    dispose: () => {
      throw new Error('at once')
    },
  })
  const one = spawn.detached(function* () {
    a.get()
    return 'result'
  })
  assert.equal(yield* endingText(one), 'failed: a')
  const several = spawn.detached(function* () {
    a.get()
    between.get()
    b.get()
    throws.get()
    throw new Error('body')
  })
  const outcome = yield* ending(several)
  assert.ok(outcome.status === 'failed' && outcome.error instanceof AggregateError)
  assert.deepEqual(messages(outcome.error), ['body', 'at once', 'b', 'a'])
  assert.deepEqual(log, ['between'])
  const cancelled = spawn.detached(function* () {
    a.get()
    yield* forever()
  })
  yield* waitAllBlocked()
  cancelled.cancel()
  assert.equal(yield* endingText(cancelled), 'failed: a')
})

it.many('a cancel during disposal does not cut it short', function* () {
  const log: string[] = []
  const local = new TaskLocal({
    create: () => 1,
    dispose: fn(function* () {
      try {
        yield* sleep(10)
        log.push('disposed')
      } finally {
        log.push('finally')
      }
    }),
  })
  const task = spawn(function* () {
    local.get()
    return 'result'
  })
  yield* sleep(5)
  assert.equal(task.state, 'parked')
  task.cancel()
  task.cancel()
  const outcome = yield* ending(task)
  assert.notEqual(outcome.status, 'failed')
  assert.deepEqual(log, ['disposed', 'finally'])
})

it('disposal runs in its own task: it may set and get values, spawn, and use limits', function* () {
  const log: string[] = []
  const self: { task?: Task<unknown> } = {}
  const other = new TaskLocal({ create: () => 'other', dispose: (value) => void log.push(`disposed ${value}`) })
  const local = new TaskLocal({
    create: () => 1,
    dispose: fn(function* () {
      assert.equal(currentTask(), self.task)
      log.push(other.get())
      spawn(function* () {
        yield* sleep(20)
        log.push('child')
      })
      log.push(String(yield* timeoutOr(5, 'limited', forever())))
    }),
  })
  const task = spawn(function* () {
    self.task = currentTask() as Task<unknown>
    local.get()
  })
  yield* task
  assert.deepEqual(log.sort(), ['child', 'disposed other', 'limited', 'other'])
})

it('two instances are two values, and many tasks do not mix', function* () {
  const a = new TaskLocal<number>()
  const b = new TaskLocal<number>()
  const go = new Future<void>()
  const tasks = Array.from({ length: 100 }, (_, i) =>
    spawn(function* () {
      a.set(i)
      b.set(-i)
      yield* go
      return a.get() + b.get() === 0 && a.get() === i
    }),
  )
  yield* waitAllBlocked()
  go.resolve()
  for (const task of tasks) assert.equal(yield* task, true)
})

it.many('a disposer is told how its task ends', function* () {
  const told: string[] = []
  const local = new TaskLocal<string>({ dispose: (value, ending) => void told.push(`${value} ${ending}`) })
  const using = (name: string, body: () => Generator<never, void> | ReturnType<typeof forever>) =>
    spawn.detached(function* () {
      local.set(name)
      yield* body()
    })
  const tasks = [
    using('returns', function* () {}),
    using('throws', function* () {
      throw new Error('boom')
    }),
    using('is cancelled', forever),
    using('has a child that fails', function* () {
      spawn(function* () {
        throw new Error('boom')
      })
    }),
  ]
  yield* waitAllBlocked()
  tasks[2]?.cancel()
  for (const task of tasks) yield* ending(task)
  assert.deepEqual(told.sort(), [
    'has a child that fails failed',
    'is cancelled cancelled',
    'returns done',
    'throws failed',
  ])
})
