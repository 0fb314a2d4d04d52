import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Snapshot, TaskRecord } from '../../../../src/inspect/index.ts'
import { compareSnapshots } from '../../../../src/inspect/page/model/compare.ts'
import { task } from './records.ts'

const snapshot = (second: number, tasks: readonly TaskRecord[], pid = 7): Snapshot => ({
  ...{ version: 1, at: `2026-01-01T00:00:0${second}.000Z`, tasks, openings: [], resources: null },
  process: {
    ...{ pid, thread: 0, command: [], version: 'v20', uptimeMs: 0, cpuMs: { user: 0, system: 0 } },
    ...{ memoryBytes: { rss: 100 * second, heapUsed: 0, external: 0 }, resources: second > 1 ? { Timeout: 2 } : {} },
  },
  loop: { nowMs: 0, ready: 0, timers: tasks.length, externals: 0, lagMs: null, batch: 1000, deadlines: [] },
})
const notifier = (id: number, at: string | null) =>
  task(id, {
    name: 'notify',
    reason: 'event "news"',
    parkedMs: id,
    frames: [{ name: 'notify', at, definedAt: null, locals: null }],
  })

describe('compareSnapshots', () => {
  it('says what grew, by how much, who stayed and where they wait', () => {
    const before = snapshot(1, [notifier(1, 'a.ts:1:1'), task(2, { name: 'GET /1' }), task(3, { name: 'GET /2' })])
    const after = snapshot(5, [
      notifier(1, 'a.ts:1:1'),
      notifier(8, null),
      notifier(9, null),
      task(10, { name: 'GET /77' }),
    ])
    const { seconds, groups, figures, strangers } = compareSnapshots(before, after)
    assert.equal(seconds, 4)
    assert.equal(strangers, false)
    assert.deepEqual(
      groups.map(({ name, before, after, stayed, longestMs }) => [name, before, after, stayed, longestMs]),
      // Some of the lines were not looked up: that makes no other group.
      [
        ['notify', 1, 3, 1, 9],
        ['GET', 2, 1, 0, 0],
      ],
    )
    assert.equal(groups[0]?.at, 'a.ts:1:1')
    assert.deepEqual(
      figures.filter(({ before, after }) => before !== after).map(({ name, before, after }) => [name, before, after]),
      [
        ['tasks', 3, 4],
        ['timers', 3, 4],
        ['memory, resident', 100, 500],
        ['Timeout', 0, 2],
      ],
    )
  })

  it('takes nobody of another process for one who stayed', () => {
    const { groups, strangers } = compareSnapshots(snapshot(1, [task(1)], 1), snapshot(2, [task(1)], 2))
    assert.equal(strangers, true)
    assert.equal(groups[0]?.stayed, 0)
  })
})
