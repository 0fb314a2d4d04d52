import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spawn, type Task } from '../../src/index.ts'
import { Event } from '../../src/sync/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { countSteps } from './count-steps.ts'

it.many('set wakes all who wait, and who comes later does not wait', function* () {
  const event = new Event()
  const waiters = [spawn(event.wait()), spawn(event.wait())]
  yield* waitAllBlocked()
  assert.deepEqual(
    waiters.map((task) => task.state),
    ['parked', 'parked'],
  )
  event.set()
  for (const waiter of waiters) yield* waiter
  yield* event.wait()
  assert.equal(event.isSet, true)
})

it.many('set followed at once by clear wakes all who waited before, and no one else', function* () {
  const event = new Event()
  const waiter = spawn(event.wait())
  yield* waitAllBlocked()
  event.set()
  event.clear()
  const late = spawn(event.wait())
  yield* waitAllBlocked()
  assert.deepEqual([waiter.state, late.state], ['ended', 'parked'])
  assert.equal(event.isSet, false)
  event.set()
})

it(
  'those who wait are woken in the order in which they came',
  function* () {
    const event = new Event()
    const woken: number[] = []
    for (const n of [1, 2, 3]) {
      spawn(function* () {
        yield* event.wait()
        woken.push(n)
      })
    }
    yield* waitAllBlocked()
    event.set()
    yield* waitAllBlocked()
    assert.deepEqual(woken, [1, 2, 3])
  },
  { shuffle: false },
)

it.many('a cancelled waiter leaves the line', function* () {
  const event = new Event()
  const tasks: Task<void>[] = [spawn(event.wait()), spawn(event.wait()), spawn(event.wait())]
  yield* waitAllBlocked()
  tasks[1]?.cancel()
  assert.equal(event.stats().waiting, 2)
  event.set()
  yield* waitAllBlocked()
  assert.deepEqual(
    tasks.map((task) => task.outcome?.status),
    ['done', 'cancelled', 'done'],
  )
})

it('a wait can be awaited outside tasks, and says what it waits for', async () => {
  const event = new Event({ name: 'ready' })
  const woken = event.wait().then(() => 'woken')
  event.set()
  assert.equal(await woken, 'woken')
  assert.equal(event.wait().reason, 'event "ready"')
  assert.equal(String(new Event()), 'an event')
  assert.deepEqual(event.stats(), { name: 'ready', isSet: true, waiting: 0 })
  assert.ok(Object.isFrozen(event.stats()))
})

it('an awaited wait stands in line at once', async () => {
  const event = new Event()
  await null // what comes before the first await of an async function is still in its task
  const woken = event.wait().then(() => 'woken')
  assert.equal(event.stats().waiting, 1)
  event.set()
  event.clear()
  assert.equal(await woken, 'woken')
})

test('a hundred thousand waiters are woken by one step each', () => {
  const n = 100_000
  const steps = countSteps(() => {
    new TestHost({ shuffle: false }).runSync(function* () {
      const event = new Event()
      for (let i = 0; i < n; i++) spawn(event.wait())
      yield* waitAllBlocked()
      assert.equal(event.stats().waiting, n)
      event.set()
    })
  })
  assert.ok(steps <= 2 * n + 10, `${steps} steps`)
})
