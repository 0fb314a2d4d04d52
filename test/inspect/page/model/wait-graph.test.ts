import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findCircles, type TaskRecord } from '../../../../src/inspect/index.ts'
import { reasonKind, timeless } from '../../../../src/inspect/page/model/reason-kind.ts'
import { waitGraph, waitGroups } from '../../../../src/inspect/page/model/wait-graph.ts'
import { task } from './records.ts'

const held = (id: number, holders: number[], more: Partial<TaskRecord> = {}) =>
  task(id, { reason: `lock "${holders[0]}"`, holders, needs: 'one', ...more })
const graphOf = (tasks: readonly TaskRecord[], room?: number) => waitGraph(tasks, findCircles(tasks), room)

describe('waitGraph', () => {
  const bank = [
    task(1, { reason: 'its children to end', holders: [2, 3, 4, 5], needs: 'all' }),
    held(2, [3], { parent: 1 }),
    held(3, [2], { parent: 1 }),
    held(4, [2], { parent: 1, name: 'audit' }),
    held(5, [2], { parent: 1, name: 'audit' }),
  ]

  it('marks a circle, and who waits behind it', () => {
    const { nodes, edges, left } = graphOf(bank)
    assert.deepEqual(nodes.map(({ name, ids, place }) => [name, ids.length, place]).sort(), [
      ['audit', 2, 'behind'],
      ['task 1', 1, 'behind'],
      ['task 2', 1, 'circle'],
      ['task 3', 1, 'circle'],
    ])
    assert.deepEqual(
      edges
        .filter(({ circle }) => circle)
        .map(({ from, to }) => `${from}→${to}`)
        .sort(),
      ['2→3', '3→2'],
    )
    assert.equal(edges.length, 6)
    assert.equal(left, 0)
  })

  it('leaves out who waits for children only, and for nobody', () => {
    const tasks = [
      task(1, { reason: 'its children to end', holders: [2], needs: 'all' }),
      task(2, { parent: 1, reason: '5 ms to pass' }),
    ]
    assert.deepEqual(graphOf(tasks), { nodes: [], edges: [], left: 0 })
  })

  it('keeps the circle when there is no room for all', () => {
    const crowd = Array.from({ length: 50 }, (_, i) => held(100 + i, [200 + i])).concat(
      Array.from({ length: 50 }, (_, i) => task(200 + i)),
    )
    const { nodes, left } = graphOf([...crowd, ...bank], 10)
    assert.equal(nodes.length, 10)
    assert.equal(nodes.filter(({ place }) => place === 'circle').length, 2)
    assert.equal(left, 100 + 4 - 10)
  })
})

describe('waitGroups', () => {
  it('counts who waits for the same, the most crowded first', () => {
    const at = 1000
    const wait = (id: number, name: string, reason: string, since: number) => ({
      record: task(id, { name, reason }),
      since,
    })
    const groups = waitGroups(
      [
        wait(1, 'a', '5 ms to pass', 990),
        wait(2, 'b', '700 ms to pass', 400),
        wait(3, 'a', '9 ms to pass', 995),
        wait(4, 'c', 'lock "x"', 0),
        wait(5, 'c', 'lock "y"', 500),
        { record: task(6), since: 0 },
      ],
      at,
    )
    assert.deepEqual(
      groups.map(({ reason, tasks, longestMs, first }) => [reason, tasks, longestMs, first]),
      [
        ['some time to pass', 3, 600, 2],
        ['lock "x"', 1, 1000, 4],
        ['lock "y"', 1, 500, 5],
      ],
    )
    assert.deepEqual(groups[0]?.names, [
      ['a', 2],
      ['b', 1],
    ])
  })
})

describe('reasonKind', () => {
  for (const [reason, kind] of [
    ['1000 ms to pass', 'some time to pass'],
    ['0.5 ms to pass', 'some time to pass'],
    ['lock "ann 7"', 'lock'],
    ['an item of queue "a \\" 1"', 'an item of queue'],
    ['task worker #12', 'task worker'],
    ['data from 127.0.0.1:8080', 'data from'],
    ['', 'other'],
  ] as const)
    it(`takes what is particular out of ${JSON.stringify(reason)}`, () => assert.equal(reasonKind(reason), kind))

  it('leaves names in, where only times are taken out', () =>
    assert.equal(timeless('lock "a" within 20 ms'), 'lock "a" within some time'))
})
