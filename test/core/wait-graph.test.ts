import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DeadlockError,
  Future,
  ListedWait,
  race,
  run,
  scope,
  sleep,
  spawn,
  type Task,
  type TaskBody,
  WaitList,
  yieldNow,
} from '../../src/core/index.ts'
import { ManualHost } from './manual-host.ts'

/** Runs `body` until it is stuck; what it is told then. */
async function deadlock(body: TaskBody<unknown>, options: { after?: number } = {}): Promise<DeadlockError> {
  const host = new ManualHost({ strict: true })
  const task = run(body, { loop: host.loop, name: 'main' })
  const failure = task.then(
    () => assert.fail('not stuck'),
    (error: unknown) => error,
  )
  host.advance()
  host.clock += options.after ?? 0
  assert.equal(host.loop.deadlock(), true)
  host.advance()
  for (const child of [...host.loop.root] as Task<unknown>[]) child.cancel()
  host.advance()
  const error = await failure
  assert.ok(error instanceof DeadlockError, String(error))
  return error
}

/** A lock that tells who holds it. */
class Lock {
  readonly line = new WaitList<Acquire>()
  owner: Task<unknown> | null = null
}
class Acquire extends ListedWait<void> {
  private readonly lock: Lock
  constructor(lock: Lock) {
    super()
    this.lock = lock
  }
  override get reason(): string {
    return 'a lock'
  }
  override get line(): WaitList<Acquire> {
    return this.lock.line
  }
  override holders(): Iterable<object> {
    return this.lock.owner === null ? [] : [this.lock.owner]
  }
}

test('the graph tells who waits for what, held by whom, spawned where', async () => {
  const error = await deadlock(function* () {
    const child = spawn(new Future<void>('never').wait(), { name: 'child' })
    yield* child
  })
  assert.equal(error.graph.length, 2)
  const [main, child] = error.graph
  assert.match(main?.task ?? '', /^task main #\d+$/)
  assert.match(main?.reason ?? '', /^the end of task child #\d+$/)
  assert.match(main?.holders.join() ?? '', /^task child #\d+$/)
  assert.match(main?.spawnedAt ?? '', /wait-graph\.test/)
  assert.equal(child?.reason, 'the future "never"')
  assert.deepEqual(child?.holders, [])
  assert.match(
    error.message,
    /^every task waits and nothing outside can wake one \(2 parked\):\n {2}task main #\d+ has waited \d+ ms for the end of task child #\d+ \(held by task child #\d+\), spawned /,
  )
  assert.doesNotMatch(error.message, /in a circle/)
})

test('it tells since when each waits', async () => {
  const error = await deadlock(
    function* () {
      spawn(new Future<void>('first').wait())
      yield* sleep(100)
      yield* new Future<void>('second')
    },
    { after: 1000 },
  )
  const since = Object.fromEntries(error.graph.map(({ reason, sinceMs }) => [reason, sinceMs]))
  assert.deepEqual(since, { 'the future "first"': 1100, 'the future "second"': 1000 })
})

test('a parent that waits for its children is held by them', async () => {
  const error = await deadlock(function* () {
    spawn(new Future<void>('a').wait(), { name: 'child a' })
    yield* scope(function* () {
      spawn(new Future<void>('b').wait(), { name: 'child b' })
    })
  })
  const main = error.graph.find(({ task }) => task.startsWith('task main'))
  assert.match(main?.reason ?? '', /1 tasks of its scope/)
  assert.match(main?.holders.join() ?? '', /child b/)
  const whole = await deadlock(function* () {
    spawn(new Future<void>('a').wait(), { name: 'child a' })
  })
  assert.match(whole.graph[0]?.reason ?? '', /its children to end/)
  assert.match(whole.graph[0]?.holders.join() ?? '', /child a/)
})

test('a circle is told, the first repeated at the end', async () => {
  const error = await deadlock(function* () {
    const [a, b] = [new Lock(), new Lock()]
    const takes = (name: string, own: Lock, other: Lock) =>
      spawn(
        function* () {
          own.owner = self[name] as Task<unknown>
          yield* yieldNow()
          yield* new Acquire(other)
        },
        { name },
      )
    const self: Record<string, Task<unknown>> = {}
    self['left'] = takes('left', a, b)
    self['right'] = takes('right', b, a)
  })
  const [circle] = /in a circle: (.*)$/m.exec(error.message)?.slice(1) ?? []
  const names = circle?.split(' → ').map((name) => name.replace(/task | #\d+/g, ''))
  assert.deepEqual(names?.toSorted().slice(0, 1), ['left'])
  assert.equal(names?.length, 3)
  assert.equal(names?.[0], names?.[2])
})

test('a task that waits for itself is a circle of one', async () => {
  const tasks: Task<unknown>[] = []
  const error = await deadlock(function* () {
    tasks.push(spawn(() => (tasks[0] as Task<unknown>).join(), { name: 'own' }))
  })
  assert.match(error.message, /in a circle: task own #\d+ → task own #\d+/)
})

test('what leads into a circle is no part of it', async () => {
  const tasks: Task<unknown>[] = []
  const error = await deadlock(function* () {
    for (const [i, next] of [1, 2, 3, 1].entries()) {
      tasks.push(spawn(() => (tasks[next] as Task<unknown>).join(), { name: `t${i}` }))
    }
  })
  const circle = /in a circle: (.*)$/m.exec(error.message)?.[1] ?? ''
  assert.ok(!circle.includes('t0'), circle)
  assert.equal(circle.split('→').length, 4)
})

test('a wait with several holders names them; one that may end otherwise makes no circle by itself', async () => {
  const error = await deadlock(function* () {
    const others = ['x', 'y', 'z', 'w'].map((name) => spawn(new Future<void>(name).wait(), { name }))
    yield* race(others)
  })
  const main = error.graph.find(({ task }) => task.startsWith('task main'))
  assert.equal(main?.holders.length, 4)
  assert.match(error.message, /held by task x #\d+, task y #\d+, task z #\d+\)/)
})

test('a long list is cut in the message, and whole in the graph', async () => {
  const error = await deadlock(function* () {
    for (let i = 0; i < 100; i++) spawn(new Future<void>(`${i}`).wait())
  })
  assert.equal(error.graph.length, 101)
  assert.match(error.message, /… and 81 more \(see error\.graph\)/)
  assert.ok(error.message.split('\n').length < 30)
})

test('a chain of twenty thousand joins is told in constant stack', async () => {
  const error = await deadlock(function* () {
    let last: Task<unknown> = spawn(new Future<void>('end').wait())
    for (let i = 0; i < 20_000; i++) {
      const before = last
      last = spawn(() => before.join())
    }
  })
  assert.equal(error.graph.length, 20_002)
})
