import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allSettled, BrokenError, scope, sleep, spawn, type Task, timeoutOr } from '../../src/index.ts'
import { Barrier } from '../../src/sync/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'

it.many('all go on when the last has come, and each is told its place', function* () {
  const barrier = new Barrier(3)
  const first = spawn(barrier.wait())
  yield* waitAllBlocked()
  const second = spawn(barrier.wait())
  yield* waitAllBlocked()
  assert.deepEqual([first.state, second.state], ['parked', 'parked'])
  assert.equal(yield* barrier.wait(), 2)
  assert.deepEqual([yield* first, yield* second], [0, 1])
})

it.many('nobody begins a round before all have ended the last', function* () {
  const parties = 4
  const barrier = new Barrier(parties)
  const log: number[] = []
  const tasks: Task<void>[] = []
  for (let p = 0; p < parties; p++) {
    tasks.push(
      spawn(function* () {
        for (let round = 0; round < 5; round++) {
          log.push(round)
          yield* barrier.wait()
        }
      }),
    )
  }
  for (const task of tasks) yield* task
  assert.deepEqual(
    log,
    [...log].sort((a, b) => a - b),
  )
  assert.deepEqual(barrier.stats(), { name: '', parties, waiting: 0, rounds: 5, broken: false })
})

it.many('one that leaves breaks it: the others and who comes later get an error that names it', function* () {
  const barrier = new Barrier(3, { name: 'start' })
  const stays = spawn(() => caught(barrier.wait()))
  yield* waitAllBlocked()
  const leaves = spawn(barrier.wait(), { name: 'deserter' })
  yield* waitAllBlocked()
  leaves.cancel()
  const error = yield* stays
  assert.ok(error instanceof BrokenError)
  assert.equal(error.code, 'FIBRIL_BROKEN')
  assert.match(error.message, /^barrier "start" is broken: task deserter #\d+ left before all 3 were there; reset\(\)/)
  assert.equal(barrier.broken, true)
  assert.ok((yield* caught(barrier.wait())) instanceof BrokenError)
  assert.equal(barrier.stats().waiting, 0)
})

it.many('one that is cancelled on its way breaks it as it arrives', function* () {
  const barrier = new Barrier(3)
  const late: Task<void> = spawn(function* () {
    late.cancel()
    yield* barrier.wait()
  })
  assert.ok((yield* caught(barrier.wait())) instanceof BrokenError)
  assert.equal(late.outcome?.status, 'cancelled')
})

it.many('one that times out breaks it', function* () {
  const barrier = new Barrier(2)
  assert.equal(yield* timeoutOr(5, 'late', barrier.wait()), 'late')
  assert.ok((yield* caught(barrier.wait())) instanceof BrokenError)
})

it.many('reset makes a broken barrier new, and ends the wait of those who are there', function* () {
  const barrier = new Barrier(2)
  const early = spawn(() => caught(barrier.wait()))
  yield* waitAllBlocked()
  barrier.reset()
  assert.match(((yield* early) as Error).message, /reset/)
  assert.equal(barrier.broken, false)
  const next = spawn(barrier.wait())
  yield* waitAllBlocked()
  assert.equal(yield* barrier.wait(), 1)
  assert.equal(yield* next, 0)
})

it.many(
  'a scope that is cancelled as a whole ends with its own failure, not with those of a broken barrier',
  function* () {
    const barrier = new Barrier(5)
    const boom = new Error('boom')
    const tasks: Task<unknown>[] = []
    const error = yield* caught(
      scope(function* () {
        for (let i = 0; i < 4; i++) tasks.push(spawn(barrier.wait()))
        spawn(function* () {
          yield* sleep(1)
          throw boom
        })
      }),
    )
    assert.equal(error, boom)
    assert.deepEqual(
      tasks.map((task) => task.outcome?.status),
      ['cancelled', 'cancelled', 'cancelled', 'cancelled'],
    )
  },
)

it('a barrier for one never waits', function* () {
  const barrier = new Barrier(1)
  assert.equal(yield* barrier.wait(), 0)
  assert.equal(yield* barrier.wait(), 0)
  assert.equal(barrier.stats().rounds, 2)
})

it('it can be awaited outside tasks, beside tasks', async () => {
  const barrier = new Barrier(3)
  const places = await allSettled([barrier.wait(), barrier.wait(), barrier.wait()])
  assert.deepEqual(places.map((place) => (place.status === 'done' ? place.value : place.status)).sort(), [0, 1, 2])
})

it('a wait says how many are there', function* () {
  const barrier = new Barrier(3, { name: 'start' })
  const waiters = [spawn(barrier.wait()), spawn(barrier.wait())]
  yield* waitAllBlocked()
  assert.equal(waiters[0]?.reason, 'barrier "start" (2 of 3 are there)')
  assert.ok(Object.isFrozen(barrier.stats()))
  yield* barrier.wait()
})

test('a number of parties that makes no sense is a UsageError', () => {
  for (const parties of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new Barrier(parties), { code: 'FIBRIL_USAGE' })
  }
})
