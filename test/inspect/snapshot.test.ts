import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, Future, fn, race, run, scope, sleep, spawn, type Task, timeout, yieldNow } from '../../src/core/index.ts'
import * as gevent from '../../src/gevent/index.ts'
import {
  type ResourceRecord,
  readSnapshot,
  snapshot,
  snapshotLines,
  type TaskRecord,
  watchOpenings,
  watchSteps,
} from '../../src/inspect/index.ts'
import { Event, Lock, Queue, Semaphore } from '../../src/sync/index.ts'
import { coroutine } from '../../src/tornado/index.ts'
import { Deferred } from '../../src/twisted/index.ts'
import { ManualHost } from '../core/manual-host.ts'
import { it } from '../support/it.ts'

const byName = (tasks: readonly TaskRecord[], name: string): TaskRecord => {
  const found = tasks.find((task) => task.name === name)
  assert.ok(found, `no task ${name} in ${tasks.map((task) => task.name)}`)
  return found
}

it('tells the tree, each task before its children, and what each waits for since when', function* (host) {
  const go = new Event({ name: 'go' })
  const main = run(function* main() {
    spawn(function* first() {
      spawn(go.wait(), { name: 'below' })
      yield* sleep(1_000_000)
    })
    yield* scope(function* () {
      spawn(go.wait(), { name: 'second' })
    })
  })
  yield* sleep(100)
  const { tasks, loop, version } = snapshot()
  const own = tasks.filter(({ id }) => id >= main.id)
  assert.deepEqual(
    own.map(({ name, depth }) => [name, depth]),
    [
      ['main', 0],
      ['first', 1],
      ['below', 2],
      ['second', 1],
    ],
  )
  const first = byName(own, 'first')
  assert.equal(version, 1)
  assert.equal(loop.nowMs, host.now())
  assert.equal(first.parent, main.id)
  assert.equal(first.state, 'parked')
  assert.equal(first.reason, '1000000 ms to pass')
  assert.equal(first.parkedMs, 100)
  assert.equal(first.needs, 'none')
  const { reason, holders, needs } = byName(own, 'main')
  assert.deepEqual([reason, holders, needs], ['the 1 tasks of its scope to end', [byName(own, 'second').id], 'all'])
  main.cancel()
})

it('asks who holds what up, and how many of them it needs', function* () {
  const lock = new Lock({ name: 'a' })
  const started: Task<unknown>[] = []
  const main = run(function* () {
    const owner = spawn(function* owner() {
      using _ = yield* lock.acquire()
      yield* sleep(1000)
    })
    started.push(owner)
    while (!lock.locked) yield* yieldNow()
    spawn(() => lock.acquire(), { name: 'single' })
    spawn(() => race([lock.acquire(), owner]), { name: 'either' })
    spawn(() => race([lock.acquire(), sleep(500)]), { name: 'in time' })
    spawn(() => all([lock.acquire(), sleep(500)]), { name: 'both' })
  })
  yield* sleep(1)
  const { tasks } = snapshot()
  const id = started[0]?.id
  const edges = Object.fromEntries(tasks.map(({ name, holders, needs }) => [name, [needs, ...holders]]))
  assert.deepEqual(edges['single'], ['one', id])
  assert.deepEqual(edges['either'], ['one', id, id])
  assert.deepEqual(edges['in time'], ['none', id])
  assert.deepEqual(edges['both'], ['all', id])
  main.cancel()
})

it('names the frames, and the line where each stands', function* () {
  const inner = fn(function* inner() {
    yield* sleep(1000)
  })
  const task = run(function* outer() {
    yield* timeout(5000, inner())
  })
  yield* sleep(1)
  const { frames } = snapshot().tasks.find(({ id }) => id === task.id) as TaskRecord
  assert.equal(frames[0]?.name, 'inner')
  assert.equal(frames.at(-1)?.name, 'outer')
  if (!process.versions.bun) {
    const lines = [frames[0], frames.at(-1)].map(
      (frame) => /snapshot\.test\.[jt]s:(\d+):\d+$/.exec(frame?.at ?? '')?.[1],
    )
    assert.ok(Number(lines[0]) > 0 && Number(lines[1]) === Number(lines[0]) + 3, JSON.stringify(frames))
  }
  const [without] = snapshot({ locations: 0 }).tasks.filter(({ id }) => id === task.id)
  assert.deepEqual([without?.frames[0]?.at, without?.frames[0]?.name], [null, 'inner'])
  assert.ok(snapshot({ frames: false }).tasks.every((task) => task.frames.length === 0))
  task.cancel()
})

it('tells that a task was cancelled and cleans up, and who runs', function* () {
  const task = run(function* tidy() {
    try {
      yield* sleep(1000)
    } finally {
      yield* sleep(50)
    }
  })
  yield* sleep(1)
  task.cancel()
  yield* sleep(1)
  const { tasks } = snapshot()
  const tidy = byName(tasks, 'tidy')
  assert.deepEqual([tidy.cancelled, tidy.reason], [true, '50 ms to pass'])
  assert.ok(tasks.some(({ state, reason, parkedMs }) => state === 'running' && reason === null && parkedMs === null))
  assert.equal(
    tasks.find(({ state }) => state === 'running')?.frames.find(({ at }) => at !== null),
    undefined,
  )
  yield* sleep(100)
})

it('lists Deferreds that have not fired while somebody watches, and does not forget them by that', function* () {
  using watching = watchOpenings()
  void watching
  const deferred = new Deferred<void>()
  yield* yieldNow()
  for (let i = 0; i < 2; i++) {
    const { openings } = snapshot()
    assert.equal(openings.length, 1)
    assert.equal(openings[0]?.kind, 'Deferred')
    assert.match(openings[0]?.madeAt.join() ?? '', /snapshot\.test/)
    const [again] = readSnapshot(snapshotLines()).openings
    assert.deepEqual(again, openings[0])
  }
  deferred.callback()
  assert.deepEqual(snapshot().openings, [])
})

it('lines say the same as data', function* () {
  const task = run(function* main() {
    for (let i = 0; i < 3; i++) spawn(sleep(1000))
  })
  yield* sleep(1)
  const data = snapshot()
  const lines = [...snapshotLines()]
  assert.equal(lines.length, data.tasks.length + 2)
  assert.deepEqual(readSnapshot(lines).tasks, data.tasks)
  assert.deepEqual(readSnapshot(lines.join('\n')).tasks, data.tasks)
  assert.equal(readSnapshot(lines).process.pid, process.pid)
  task.cancel()
})

it('refuses what is no snapshot, of another version, or cut off', function* () {
  const lines = [...snapshotLines()]
  const [first = ''] = lines
  assert.throws(() => readSnapshot(''), /no snapshot: there are none/)
  assert.throws(() => readSnapshot('hello'), /"hello" is no JSON object/)
  assert.throws(() => readSnapshot('null'), /is no JSON object/)
  assert.throws(() => readSnapshot('{"kind":"task"}'), /the first is a task/)
  assert.throws(() => readSnapshot(first.replace('"version":1', '"version":2')), /version 2: this Fibril reads 1/)
  assert.throws(() => readSnapshot(lines.slice(0, -1)), /cut off after \d+ tasks/)
  assert.throws(() => readSnapshot([first, ...lines.slice(2)]), /cut off/)
})

test('a chain of a hundred thousand tasks, each the child of the last, is told in constant stack', () => {
  const host = new ManualHost()
  const never = new Event()
  const root = run(
    function* () {
      spawn(never.wait())
      let depth = 0
      const deeper = fn(function* () {
        if (++depth < 100_000) spawn(deeper())
        yield* never.wait()
      })
      spawn(deeper())
    },
    { loop: host.loop },
  )
  host.settle()
  let count = 0
  let deepest = 0
  for (const line of snapshotLines({ loop: host.loop, frames: false })) {
    count++
    if (count % 10_000 === 0) deepest = Math.max(deepest, (JSON.parse(line) as TaskRecord).depth)
  }
  assert.equal(count, 100_004)
  assert.ok(deepest > 80_000)
  root.cancel()
  host.settle()
})

it('tells of which dialect a task is', function* () {
  const plain = run(function* plain() {
    yield* sleep(1000)
  })
  const greenlet = gevent.spawn(function* greenlet() {
    yield* sleep(1000)
  })
  const future = coroutine(function* tornado() {
    yield sleep(1000)
  })()
  yield* sleep(1)
  const { tasks } = snapshot()
  const dialects = tasks.filter(({ id }) => id >= plain.id).map(({ name, dialect }) => [name, dialect])
  assert.deepEqual(dialects, [
    ['plain', 'fibril'],
    ['greenlet', 'gevent'],
    ['tornado', 'tornado'],
  ])
  plain.cancel()
  greenlet.kill()
  yield* future
})

it('tells the names of the variables of each function, and never what they hold', function* () {
  const inner = fn(function* inner(parameter: string) {
    const secret = 'hush'
    for (const item of [1]) {
      yield* sleep(1000)
      assert.ok(secret + parameter + item)
    }
  })
  const task = run(function* outer() {
    let count = 0
    yield* inner('also secret')
    count++
    assert.equal(count, 1)
  })
  yield* sleep(1)
  const { frames } = byName(snapshot().tasks, 'outer')
  assert.deepEqual(
    frames.map(({ name, locals }) => [name, locals]),
    [
      ['inner', ['item', 'parameter', 'secret']],
      ['outer', ['count']],
    ],
  )
  assert.doesNotMatch(JSON.stringify(snapshot()), /hush|also secret/)
  task.cancel()
})

it('tells steps, their time and the lag while somebody watches, and not before or after', function* () {
  const go = new Event()
  const task = run(function* worker() {
    yield* yieldNow()
    yield* go.wait()
  })
  const of = () => byName(snapshot().tasks, 'worker')
  assert.deepEqual([of().steps, of().cpuMs, snapshot().loop.lagMs], [null, null, null])
  {
    using _ = watchSteps()
    using _second = watchSteps()
    yield* sleep(1)
    assert.equal(of().steps, 2)
    assert.ok(Number(of().cpuMs) > 0)
    assert.equal(typeof snapshot().loop.lagMs, 'number')
  }
  assert.equal(of().steps, null)
  task.cancel()
})

it('the time of a task that is begun within the step of another is its own', function* () {
  using _ = watchSteps()
  const busy = (ms: number): void => {
    for (const end = performance.now() + ms; performance.now() < end; );
  }
  const inner: Task<void>[] = []
  const outer = run(function* outer() {
    inner.push(
      spawn.eager(function* inner() {
        busy(30)
        yield* sleep(1000)
      }),
    )
    yield* sleep(1000)
  })
  yield* sleep(1)
  const { tasks } = snapshot()
  assert.ok(Number(byName(tasks, 'inner').cpuMs) > Number(byName(tasks, 'outer').cpuMs))
  outer.cancel()
  for (const task of inner) task.cancel()
})

it('tells the next deadlines', function* () {
  const task = run(function* () {
    yield* all([sleep(30), sleep(10), sleep(30), sleep(20)])
  })
  yield* sleep(1)
  const [first, second, third] = snapshot().loop.deadlines
  assert.deepEqual(
    [first, second, third],
    [
      { inMs: 9, timers: 1 },
      { inMs: 19, timers: 1 },
      { inMs: 29, timers: 2 },
    ],
  )
  task.cancel()
})

it('lists what lives besides the tasks, if it is asked for', function* () {
  const jobs = new Queue<number>({ name: 'jobs', capacity: 3 })
  const lock = new Lock({ name: 'the lock' })
  const seats = new Semaphore(2, { name: 'seats' })
  const answer = new Future<number>('the answer')
  const settled = new Future<number>('settled before')
  settled.resolve(1)
  jobs.tryPut(1)
  const task = run(function* owner() {
    using _ = yield* lock.acquire()
    yield* sleep(1000)
  })
  yield* sleep(1)

  assert.equal(snapshot().resources, null)
  assert.equal(readSnapshot(snapshotLines()).resources, null)
  const { resources } = snapshot({ resources: true })
  const find = (name: string): ResourceRecord | undefined => resources?.find((one) => one.name.includes(name))
  const { kind, type, stats } = find('"jobs"') as ResourceRecord
  assert.deepEqual([kind, type, stats['size'], stats['capacity']], ['queue', 'Queue', 1, 3])
  assert.deepEqual(find('"the lock"')?.stats['owner'], String(task))
  assert.deepEqual([find('"seats"')?.kind, find('"the answer"')?.kind], ['semaphore', 'future'])
  assert.equal(find('settled before'), undefined)

  const read = readSnapshot(snapshotLines({ resources: true }))
  assert.deepEqual(
    read.resources?.find(({ name }) => name === find('"jobs"')?.name),
    find('"jobs"'),
  )
  assert.ok(seats && answer)
  task.cancel()
})
