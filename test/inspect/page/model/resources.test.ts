import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { snapshotLines } from '../../../../src/inspect/index.ts'
import { readLists } from '../../../../src/inspect/page/model/resources.ts'

describe('readLists', () => {
  const [head = ''] = snapshotLines({ frames: false })
  const queue = (name: string, size: number) =>
    `{"kind":"queue","type":"Queue","name":"${name}","stats":{"name":"${name}","size":${size}}}`

  it('makes a table of each kind, the busiest first', () => {
    const lines = [
      head,
      queue('idle', 0),
      queue('full', 9),
      '{"kind":"pool","type":"ThreadPool","name":"pool","stats":{"workers":2}}',
      '{"kind":"novelty","type":"Novelty","name":"new","stats":{}}',
      '{"kind":"end","tasks":0,"openings":0,"resources":4}',
    ]
    const { tables, told } = readLists(lines.join('\n'))
    assert.equal(told, true)
    assert.deepEqual(
      tables.map(({ kind, columns, rows }) => [kind, columns.join(), rows.map(({ name }) => name).join()]),
      [
        ['pool', 'workers', 'pool'],
        ['queue', 'size', 'full,idle'],
        ['novelty', '', 'new'],
      ],
    )
  })

  it('says so where the platform cannot tell', () => {
    const { tables, told } = readLists([head, '{"kind":"end","tasks":0,"openings":0,"resources":null}'].join('\n'))
    assert.deepEqual([tables, told], [[], false])
  })
})
