import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { draw } from '../../../src/cli/top/draw.ts'
import { nothingSeen } from '../../../src/cli/top/feed.ts'
import { firstChoice, type Seen } from '../../../src/cli/top/view.ts'
import { record, snapshotOf } from '../../inspect/record.ts'

const figures = {
  ...{ at: 0, tasks: 3, ready: 0, timers: 1, externals: 2, lagMs: 1.2, lagMaxMs: 30, turnsPerS: 4.5, stepsPerS: 1200 },
  ...{ spawnedPerS: 0, endedPerS: 0, cpu: 0.25, rss: 50 * 1_048_576, heapUsed: 1_048_576, held: false },
}
const seen: Seen = {
  ...nothingSeen,
  process: snapshotOf([]).process,
  figures,
  tasks: [1, 2, 3].map((id) => record({ id, name: 'worker', reason: `lock "${id}"`, parkedMs: id * 1000 })),
}
const paper = { width: 100, height: 20, colour: false }
const picture = (given: Partial<Seen> = {}, on: Partial<typeof paper> = {}, choice = firstChoice) =>
  draw({ ...seen, ...given }, choice, { ...paper, ...on }, 0).lines

test('figures, a table and the keys fill the screen exactly, on any screen', () => {
  const lines = picture()
  assert.equal(lines.length, 20)
  assert.match(lines[0] ?? '', /^fibril top {2}\d\d:\d\d:\d\d {2}process 7, up 61\.0 s: app\.ts$/)
  assert.match(lines[1] ?? '', /^3 tasks {2}0 ready {2}1 timers .* lag 1 ms, at most 30 ms$/)
  assert.match(lines[2] ?? '', /^turns 4\.5\/s {2}steps 1200\/s .* cpu 25 % {2}memory 50 MiB, heap 1 MiB$/)
  assert.match(lines[4] ?? '', /^tasks v +name +state +waits for +longest$/)
  assert.match(lines[5] ?? '', /^1 +worker +parked +lock "1" +1\.0 s$/)
  assert.match(lines[19] ?? '', /^s sort .* q quit$/)
  for (const height of [1, 3, 6, 8]) assert.ok(picture({}, { height }).length <= height, `${height}`)
  for (const width of [1, 10, 40])
    for (const line of picture({}, { width })) assert.ok(line.length <= width, `${width}: ${line}`)
})

test('a held loop is said loudest, with what holds it', () => {
  const held = {
    sinceMs: 1000,
    text: 'spin (app.ts:3:4) has held the loop for 1000 ms so far\n    at spin (app.ts:3:4)',
  }
  const lines = picture({ held })
  assert.equal(lines[3], 'THE LOOP IS HELD: spin (app.ts:3:4) has held the loop for 1000 ms so far')
  assert.equal(lines[4], '    at spin (app.ts:3:4)')
  assert.equal(lines.length, 20)
})

test('without colour there is no escape; with it, what is written is the same', () => {
  const plain = picture()
  const coloured = picture({}, { colour: true })
  assert.ok(!plain.join('').includes('\u001b'))
  assert.ok(coloured.join('').includes('\u001b[7m'))
  const bare = coloured.map((line) => stripVTControlCharacters(line).trimEnd())
  assert.deepEqual(bare, plain)
})

test('names cannot move the cursor, and wide ones do not push the columns aside', () => {
  const lines = picture({
    tasks: [record({ id: 1, name: 'a\u001b[2J', reason: 'x' }), record({ id: 2, name: '日本語', reason: 'y' })],
  })
  assert.match(lines[5] ?? '', /a\\u\{1b\}\[2J {2}parked/)
  assert.equal(lines[6], `1        日本語${' '.repeat(10 - 6)}  parked  y          5 ms`)
})

test('what has no room is cut, and scrolling stops at the last row', () => {
  const many = Array.from({ length: 50 }, (_, i) => record({ id: i + 1, name: `task ${String(i).padStart(2, '0')}` }))
  const lines = picture({ tasks: many }, {}, { ...firstChoice, top: 1000 })
  assert.match(lines[18] ?? '', /task 49/)
  assert.match(picture({ tasks: [record({ name: 'x'.repeat(500) })] })[5] ?? '', /x… {2}parked/)
})

test('all rows are given where there is no screen', () => {
  const many = Array.from({ length: 50 }, (_, i) => record({ id: i + 1, name: `task ${i}` }))
  assert.equal(picture({ tasks: many }, { height: Infinity }).length, 5 + 50)
})

test('before the first answer it says so, and lag is left out where it is not known', () => {
  assert.match(draw(nothingSeen, firstChoice, paper, 0).lines[0] ?? '', /waiting for the first answer$/)
  assert.doesNotMatch(picture({ figures: { ...figures, lagMs: null } })[1] ?? '', /lag/)
})
