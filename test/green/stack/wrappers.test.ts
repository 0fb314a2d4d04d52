import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutWrappers } from '../../../src/green/stack/wrappers.ts'

const frame = (name: string, line: number, url = 'file:///app.ts') => ({ name, url, line, column: 1 })
const shown = (...frames: ReturnType<typeof frame>[]) =>
  withoutWrappers(frames).map(({ name, line }) => `${name}:${line}`)

test('a body and its wrapper are one frame, with the place of the body and the name of the function', () => {
  assert.deepEqual(shown(frame('parse$3', 12), frame('parse', 10), frame('main$1', 5), frame('main', 3)), [
    'parse:12',
    'main:5',
  ])
  assert.deepEqual(shown(frame('$g$4', 12), frame('onLine', 10), frame('plain', 2)), ['onLine:12', 'plain:2'])
  assert.deepEqual(shown(frame('$$g$$4', 12), frame('onLine', 12)), ['onLine:12'])
})

test('a body that was resumed stands alone', () => {
  assert.deepEqual(shown(frame('parse$3', 12), frame('main', 10)), ['parse:12', 'main:10'])
  assert.deepEqual(shown(frame('parse$3', 12), frame('parse', 10, 'file:///other.ts')), ['parse:12', 'parse:10'])
  assert.deepEqual(shown(frame('$g$1', 12)), ['(anonymous):12'])
})

test('what was not compiled stays as it is', () => {
  assert.deepEqual(shown(frame('loop', 12), frame('loop', 12), frame('$', 1)), ['loop:12', 'loop:12', '$:1'])
})
