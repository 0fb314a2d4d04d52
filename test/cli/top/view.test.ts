import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothingSeen } from '../../../src/cli/top/feed.ts'
import { type Choice, firstChoice, type Key, pressed, rowsOf, type Seen } from '../../../src/cli/top/view.ts'
import { record } from '../../inspect/record.ts'

const keys = (choice: Choice, ...pressedKeys: (string | Key)[]): Choice =>
  pressedKeys.reduce<Choice>(
    (choice, key) => pressed(choice, typeof key === 'string' ? { name: key, sequence: key } : key, 10),
    choice,
  )

const seen: Seen = {
  ...nothingSeen,
  at: 1000,
  tasks: [
    record({ id: 4, name: 'worker', parent: 2, depth: 1, reason: 'event "go"', parkedMs: 10 }),
    record({ id: 1, name: 'main', reason: 'its children to end', parkedMs: 900 }),
    record({ id: 2, name: 'group', parent: 1, depth: 1, reason: 'its children to end', parkedMs: 30 }),
    record({ id: 3, name: 'worker', parent: 2, depth: 2, reason: 'event "go"', parkedMs: 20 }),
    record({ id: 5, name: 'busy', state: 'ready', parent: 1, depth: 1, reason: null, parkedMs: null }),
  ],
}
const names = (choice: Choice) => rowsOf(seen, choice, 1500).map(({ name }) => name)

test('tasks that are alike are one row, with how many they are and the longest wait, up to now', () => {
  assert.deepEqual(rowsOf(seen, firstChoice, 1500)[0], {
    tasks: 2,
    name: 'worker',
    state: 'parked',
    reason: 'event "go"',
    longestMs: 520,
  })
  assert.equal(rowsOf(seen, firstChoice, 1500).length, 4)
})

test('s goes through the columns to sort by', () => {
  assert.deepEqual(names(firstChoice), ['worker', 'busy', 'group', 'main'])
  assert.deepEqual(names(keys(firstChoice, 's')), ['busy', 'group', 'main', 'worker'])
  assert.deepEqual(names({ ...firstChoice, sort: 'longest' }), ['main', 'group', 'worker', 'busy'])
  assert.equal(keys(firstChoice, 's', 's', 's', 's', 's').sort, 'tasks')
  assert.equal(keys(firstChoice, 'left').sort, 'longest')
})

test('t shows each task in its place in the tree, whatever the order in which they came', () => {
  assert.deepEqual(names(keys(firstChoice, 't')), [
    'main #1',
    '  group #2',
    '    worker #3',
    '  worker #4',
    '  busy #5',
  ])
})

test('/ takes a text, in name, state and reason; escape clears it, return keeps it', () => {
  const go = keys(firstChoice, '/', 'G', 'O', 'x', { name: 'backspace', sequence: '\u007f' })
  assert.deepEqual([go.filter, go.typing], ['GO', true])
  assert.deepEqual(names(go), ['worker'])
  assert.deepEqual(names(keys(go, 't')).length, 0, 't is a letter while it is typed')
  assert.deepEqual(keys(go, { name: 'return', sequence: '\r' }, 't').tree, true)
  const cleared = keys(go, { name: 'escape', sequence: '\u001b' })
  assert.deepEqual([cleared.filter, cleared.typing, cleared.quit], ['', false, false])
  assert.equal(keys(firstChoice, '/', { name: 'up', sequence: '\u001b[A' }).filter, '', 'no key that is no text')
})

test('arrows scroll, not above the first row; q, escape and Ctrl-C quit', () => {
  assert.equal(keys(firstChoice, 'down', 'down', 'up').top, 1)
  assert.equal(keys(firstChoice, 'up').top, 0)
  assert.equal(keys(firstChoice, 'pagedown', 'pagedown', 'pageup').top, 10)
  for (const key of ['q', 'escape', { name: 'c', ctrl: true }]) assert.ok(keys(firstChoice, key).quit)
  assert.ok(keys(firstChoice, '/', { name: 'c', ctrl: true }).quit)
  assert.ok(!keys(firstChoice, 'c').quit)
})
