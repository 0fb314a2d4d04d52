import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TaskRecord } from '../../../../src/inspect/index.ts'
import { questionOf, type RowsOptions, rowsOf } from '../../../../src/inspect/page/model/rows.ts'
import { TaskStore } from '../../../../src/inspect/page/model/task-store.ts'
import { task } from './records.ts'

const event = (changed: readonly TaskRecord[], more: object = {}) => ({
  ...{ at: 1000, full: false, changed, ended: [], total: 0, behind: 0 },
  ...more,
})
const all = (...changed: TaskRecord[]) => event(changed, { full: true, first: true, complete: true })

/** The tree as text. */
function tree(store: TaskStore, options: RowsOptions = {}): string[] {
  const { tasks, stands } = rowsOf(store, options)
  return tasks.map(
    ({ depth, record }, i) => `${' '.repeat(depth)}${record.id}${stands[i] === 1 ? '' : ` x${stands[i]}`}`,
  )
}

describe('TaskStore', () => {
  it('follows what changes and what ends', () => {
    const store = new TaskStore()
    store.apply(all(task(1), task(2, { parent: 1 }), task(3, { parent: 1 })))
    assert.deepEqual(tree(store), ['1', ' 2', ' 3'])
    store.apply(event([task(4, { parent: 3, reason: 'lock "a"' })], { ended: [2], at: 2000 }))
    assert.deepEqual(tree(store), ['1', ' 3', '  4'])
    assert.equal(store.get(4)?.since, 1900)
    assert.equal(store.get(2)?.endedAt, 2000)
  })

  it('hangs a task under its parent, in whatever order the two come', () => {
    const store = new TaskStore()
    store.apply(event([task(2, { parent: 1 }), task(3, { parent: 2 })], { full: true, first: true }))
    assert.deepEqual(tree(store), ['2', ' 3'])
    store.apply(event([task(1)], { full: true, complete: true }))
    assert.deepEqual(tree(store), ['1', ' 2', '  3'])
  })

  it('forgets what is not in the next full telling: the connection was lost meanwhile', () => {
    const store = new TaskStore()
    store.apply(all(task(1), task(2)))
    store.apply(event([task(2)], { full: true, first: true }))
    assert.equal(store.tasks.size, 2)
    store.apply(event([task(3)], { full: true, complete: true }))
    assert.deepEqual([...store.tasks.keys()], [2, 3])
  })

  it('keeps children whose parent ended', () => {
    const store = new TaskStore()
    store.apply(all(task(1), task(2, { parent: 1 })))
    store.apply(event([], { ended: [1] }))
    assert.deepEqual(tree(store), ['2'])
  })

  it('notes what was seen of a task', () => {
    const store = new TaskStore()
    store.apply(all(task(1)))
    store.apply(event([task(1, { reason: 'lock "a"', parkedMs: 50 })], { at: 2000 }))
    store.apply(event([task(1, { reason: 'lock "a"', parkedMs: 550 })], { at: 2500 }))
    store.apply(event([], { ended: [1], at: 3000 }))
    assert.deepEqual(store.get(1)?.seen, [
      { at: 1000, state: 'ready', reason: null },
      { at: 1950, state: 'parked', reason: 'lock "a"' },
      { at: 3000, state: 'ended', reason: null },
    ])
  })

  it('takes in and gives up a hundred thousand children of one task', () => {
    const store = new TaskStore()
    const many = Array.from({ length: 100_000 }, (_, i) => task(i + 2, { parent: 1 }))
    store.apply(all(task(1), ...many))
    assert.equal(rowsOf(store).tasks.length, 100_001)
    store.apply(event([], { ended: many.slice(1).map(({ id }) => id) }))
    assert.deepEqual(tree(store), ['1', ' 2'])
  })
})

describe('rowsOf', () => {
  const store = new TaskStore()
  const worker = (id: number, reason: string) => task(id, { parent: 1, name: 'worker', reason })
  store.apply(
    all(
      task(1, { name: 'main' }),
      ...[2, 3, 4].map((id) => worker(id, `${id} ms to pass`)),
      task(5, { parent: 1, name: 'Server' }),
      task(6, { parent: 5, name: 'handler', reason: 'lock "db"' }),
      worker(7, '9 ms to pass'),
      worker(8, 'lock "db"'),
    ),
  )

  it('puts leaves together that are alike, but for how long they sleep', () => {
    assert.deepEqual(tree(store, { together: true }), ['1', ' 2 x4', ' 5', '  6', ' 8'])
    assert.deepEqual(tree(store, { together: true, apart: new Set([2]) }), [
      '1',
      ' 2',
      ' 3',
      ' 4',
      ' 7',
      ' 5',
      '  6',
      ' 8',
    ])
  })

  it('leaves out what is below a closed task', () => {
    assert.deepEqual(tree(store, { closed: new Set([5]), together: true }), ['1', ' 2 x4', ' 5', ' 8'])
  })

  for (const [search, expected] of [
    ['handler', ['1', ' 5', '  6']],
    ['DB worker', ['1', ' 8']],
    ['#7', ['1', ' 7']],
    ['waits:lock', ['1', ' 5', '  6', ' 8']],
    ['is:ready name:serv', ['1', ' 5']],
    ['nothing', []],
  ] as const)
    it(`finds ${JSON.stringify(search)}, and shows what is above it`, () => {
      assert.deepEqual(tree(store, { question: questionOf(search), closed: new Set([5]) }), expected)
    })
})
