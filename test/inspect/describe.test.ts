import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeTasks, type TaskRecord } from '../../src/inspect/index.ts'
import { record, snapshotOf } from './record.ts'

const bodyOf = (tasks: readonly TaskRecord[], limit?: number): string =>
  describeTasks(snapshotOf(tasks), limit === undefined ? {} : { limit })
    .split('\n')
    .slice(2)
    .join('\n')

test('the first line has the figures', () => {
  assert.equal(
    describeTasks(snapshotOf([])),
    '0 tasks, 0 parked (0 ready, 1 timer, 2 waits for something outside) in process 7, up 61.0 s, at 2026-01-01T00:00:00.000Z\n',
  )
})

test('the tree, stacks and spawn sites', () => {
  const at = join(process.cwd(), 'src/app.ts:3:4')
  const tasks = [
    record({ id: 1, name: 'main', holders: [2, 4], needs: 'all', reason: 'its children to end', parkedMs: 130_000 }),
    record({ id: 2, name: 'a', parent: 1, depth: 1, frames: [{ name: 'read', at, definedAt: null, locals: null }] }),
    record({ id: 3, name: 'b', parent: 2, depth: 2, state: 'ready', reason: null, parkedMs: null }),
    record({ id: 4, name: 'c', parent: 1, depth: 1, cancelled: true, spawnedAt: [`main (${at})`, 'other'] }),
    record({ id: 5, name: 'd', frames: [{ name: 'x', at: null, definedAt: '/else/where.ts:1:1', locals: null }] }),
  ]
  assert.equal(
    bodyOf(tasks),
    `main #1 waits for its children to end, 2 min 10 s
├─ a #2 waits for a thing, 5 ms
│  │  at read (src/app.ts:3:4)
│  └─ b #3 is ready
└─ c #4 waits for a thing, 5 ms (cancelled)
      spawned at main (src/app.ts:3:4)
d #5 waits for a thing, 5 ms
   in x (defined at /else/where.ts:1:1)
`,
  )
})

test('leaves that are alike are told once and counted', () => {
  const leaf = (id: number, name = 'worker') => record({ id, name, parent: 1, depth: 1 })
  const tasks = [record({ id: 1, name: 'main' }), leaf(2), leaf(3), leaf(4), leaf(5, 'other')]
  assert.equal(
    bodyOf(tasks),
    `main #1 waits for a thing, 5 ms
├─ worker #2 and 2 alike wait for a thing, 5 ms
└─ other #5 waits for a thing, 5 ms
`,
  )
})

test('a circle is told with both sides, and who is behind', () => {
  const tasks = [
    record({ id: 1, name: 'main', holders: [2, 3], needs: 'all', reason: 'its children to end' }),
    record({ id: 2, name: 'a', parent: 1, depth: 1, holders: [3], needs: 'one', reason: 'lock "y"' }),
    record({ id: 3, name: 'b', parent: 1, depth: 1, holders: [2], needs: 'one', reason: 'the end of task a #2' }),
  ]
  assert.match(bodyOf(tasks), /^├─ a #2 waits for lock "y", held by b #3, 5 ms$/m)
  assert.match(
    bodyOf(tasks),
    /\n\ndeadlock: in a circle, .*\n {2}a #2 waits for lock "y", held by b #3\n {2}b #3 waits for the end of task a #2\n {2}and behind them: main #1\n$/,
  )
})

test('many circles, and a long one, are cut', () => {
  const ring = (size: number, from: number) =>
    Array.from({ length: size }, (_, i) => record({ id: from + i, holders: [from + ((i + 1) % size)], needs: 'one' }))
  assert.match(bodyOf([1, 2, 3, 4, 5, 6, 7].flatMap((n) => ring(2, 10 * n))), /\n… and 2 more circles/)
  const long = bodyOf(ring(1000, 1), 10)
  assert.match(long, /\n {2}… and so on, over 980 more\n$/)
  assert.ok(long.split('\n').length < 50)
})

test('a long list ends with how many were left out', () => {
  const tasks = Array.from({ length: 50 }, (_, i) => record({ id: i, name: `t${i}` }))
  assert.match(bodyOf(tasks, 10), /t9 #9 .*\n… and 40 more tasks\n$/)
})

test('a deep branch keeps its lines short', () => {
  const tasks = Array.from({ length: 500 }, (_, depth) => record({ id: depth + 1, parent: depth || null, depth }))
  for (const line of bodyOf(tasks).split('\n')) assert.ok(line.length < 120, line)
})

test('names and reasons cannot move the cursor or turn the text around', () => {
  const text = bodyOf([record({ name: 'evil\x1b[2J\n', reason: 'a\u202eb\x9b1m' })])
  assert.equal(text, 'evil\\u{1b}[2J\\u{a} #1 waits for a\\u{202e}b\\u{9b}1m, 5 ms\n')
})

test('what was left open is listed', () => {
  const opening = { kind: 'Deferred', name: 'a Deferred', reason: 'has not fired', madeAt: ['main (/x/y.ts:1:2)'] }
  assert.match(
    describeTasks(snapshotOf([], [opening])),
    /left open:\n {2}a Deferred: has not fired, made at main \(\/x\/y\.ts:1:2\)\n$/,
  )
})

test('what lives besides tasks is counted, and what is in use is told', () => {
  const resources = [
    {
      kind: 'lock',
      type: 'Lock',
      name: 'lock "idle"',
      stats: { name: 'idle', locked: false, owner: null, waiting: 0 },
    },
    { kind: 'queue', type: 'Queue', name: 'queue "a"', stats: { name: 'a', size: 3, capacity: 10, closed: false } },
    { kind: 'queue', type: 'Queue', name: 'a queue', stats: { name: '', size: 0, capacity: null, closed: false } },
  ]
  assert.match(
    describeTasks({ ...snapshotOf([]), resources }),
    /\n\nbesides: 1 lock, 2 queues\n {2}queue "a": size 3, capacity 10\n$/,
  )
})
