import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentLoop } from '../../../src/core/index.ts'
import { Event, run, sleep, spawn } from '../../../src/index.ts'
import type { TaskRecord } from '../../../src/inspect/index.ts'
import { Sampler } from '../../../src/inspect/server/sampler.ts'

const recordsIn = ({ lines }: { lines: string }): TaskRecord[] =>
  lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line))

test('tells all tasks, then those that changed, then those that ended', async () => {
  const sampler = new Sampler()
  const go = new Event({ name: 'go' })
  const done = new Event({ name: 'done' })
  const task = run(function* main() {
    spawn(function* idle() {
      yield* done.wait()
    })
    yield* go.wait()
    yield* done.wait()
  })
  await sleep(1)
  const first = sampler.sample(currentLoop())
  assert.deepEqual(
    recordsIn(first).map(({ name, reason, frames }) => [name, reason, frames]),
    [
      ['main', 'event "go"', []],
      ['idle', 'event "done"', []],
    ],
  )
  assert.deepEqual([first.behind, first.ended, sampler.catchingUp], [0, [], false])
  assert.deepEqual(sampler.sample(currentLoop()).changed, [])
  go.set()
  await sleep(1)
  assert.deepEqual(
    recordsIn(sampler.sample(currentLoop())).map(({ name, reason }) => [name, reason]),
    [['main', 'event "done"']],
  )
  done.set()
  await task
  const last = sampler.sample(currentLoop())
  assert.deepEqual([last.changed, last.ended.length], [[], 2])
  assert.deepEqual(sampler.sample(currentLoop()).ended, [])
})

test('what is too much for one sample comes with the next ones, and nobody is left out although all change all the time', async () => {
  const sampler = new Sampler()
  const all = 9000
  let rounds = new Event()
  const task = run(function* main() {
    for (let i = 0; i < all; i++)
      spawn(function* changing() {
        for (;;) yield* rounds.wait()
      })
  })
  const told = new Set<number>()
  for (let i = 0; i < 3; i++) {
    const former = rounds
    rounds = new Event()
    former.set()
    await sleep(1)
    const { changed, behind } = sampler.sample(currentLoop())
    for (const id of changed) told.add(id)
    assert.ok(changed.length <= 4000)
    assert.equal(changed.length + behind, all + (i === 0 ? 1 : 0))
  }
  assert.equal(told.size, all + 1)
  task.cancel()
  await task.then(null, () => {})
})
