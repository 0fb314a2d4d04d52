import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCircles, type TaskRecord } from '../../src/inspect/index.ts'
import { record } from './record.ts'

const waits = (id: number, holders: number[], needs: TaskRecord['needs'] = 'one'): TaskRecord =>
  record({ id, holders, needs: holders.length === 0 ? 'none' : needs })

const circlesOf = (tasks: TaskRecord[]) =>
  findCircles(tasks).map(({ tasks, behind }) => [tasks.map(({ id }) => id), behind.map(({ id }) => id)])

test('two that wait for each other are a circle; who waits for them is behind it', () => {
  assert.deepEqual(circlesOf([waits(1, [2, 3], 'all'), waits(2, [3]), waits(3, [2]), waits(4, [1]), waits(5, [])]), [
    [
      [2, 3],
      [1, 4],
    ],
  ])
})

test('a task that waits for itself is a circle of one', () => {
  assert.deepEqual(circlesOf([waits(7, [7])]), [[[7], []]])
})

test('a chain that ends is none, nor is a wait that may end otherwise', () => {
  assert.deepEqual(circlesOf([waits(1, [2]), waits(2, [3]), waits(3, [])]), [])
  assert.deepEqual(circlesOf([waits(1, [2], 'none'), waits(2, [1])]), [])
})

test('one of several holders is enough, unless all are needed', () => {
  const others = [waits(2, [1]), waits(3, [])]
  assert.deepEqual(circlesOf([waits(1, [2, 3]), ...others]), [])
  assert.deepEqual(circlesOf([waits(1, [3, 2], 'all'), ...others]), [[[1, 2], []]])
})

test('a holder that has ended is in nobody’s way', () => {
  assert.deepEqual(circlesOf([waits(1, [99])]), [])
  assert.deepEqual(circlesOf([waits(1, [99], 'all')]), [])
})

test('a parent whose child joins it is found', () => {
  assert.deepEqual(circlesOf([waits(1, [2, 3], 'all'), waits(2, []), waits(3, [1])]), [[[1, 3], []]])
})

test('each of several circles is told once', () => {
  const tasks = [1, 3, 5].flatMap((id) => [waits(id, [id + 1]), waits(id + 1, [id])])
  assert.deepEqual(
    circlesOf(tasks).map(([circle]) => circle),
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  )
})

test('a circle of a hundred thousand, and a crowd behind it, in constant stack', () => {
  const n = 100_000
  const tasks = Array.from({ length: n }, (_, i) => waits(i, [(i + 1) % n]))
  for (let i = 0; i < n; i++) tasks.push(waits(n + i, [i]))
  const [circle, ...more] = findCircles(tasks)
  assert.equal(more.length, 0)
  assert.equal(circle?.tasks.length, n)
  assert.equal(circle?.behind.length, n)
})
