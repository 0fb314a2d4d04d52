import assert from 'node:assert/strict'
import { sleep, spawn } from '../../src/core/index.ts'
import { it } from '../support/it.ts'

// Tests that fail, for it.test.ts: not part of the suite.

it('leaks a task', function* () {
  spawn.detached(() => sleep(1000), { name: 'forgotten' })
  yield* sleep(1)
})

it('warns', (host) => {
  host.warn('mended')
})

it('loses a failure', function* () {
  spawn.detached(() => {
    throw new Error('lost')
  })
  yield* sleep(1)
})

it('depends on the order', function* (host) {
  let order = ''
  for (const name of 'abcdefgh') {
    spawn(() => {
      order += name
    })
  }
  yield* sleep(1)
  assert.fail(`the order was ${order} under ${host.seed}`)
})

it.many('fails under some seed', function* () {
  let order = ''
  for (const name of 'ab') {
    spawn(() => {
      order += name
    })
  }
  yield* sleep(1)
  assert.equal(order, 'ab')
})

it('comes after them and is none the worse', function* () {
  yield* sleep(1)
})

it('is skipped', () => assert.fail(), { skip: true })
