/** Each of many jobs accounted for. Slow: it starts a server and processes, and waits for leases. `bench/cluster/faults.mjs` is more of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noNats } from '../../support/nats-server.ts'
import { type Fault, keepAccount } from './account.ts'

const through: readonly Fault[] = ['kill the submitter', 'kill all workers', 'kill the server', 'reset all connections']

test('of a thousand jobs, through kills of submitter, workers and server, none is lost, and those run twice were interrupted', {
  skip: noNats,
}, async () => {
  const order = { jobs: 1000, poison: 1, large: 2, failing: 2 }
  const { lost, left, again, interruptedAtMost, results, deadLetters, told } = await keepAccount(order, through)
  assert.deepEqual({ lost, left, results, deadLetters }, { lost: 0, left: 0, results: 1000, deadLetters: 1 })
  assert.deepEqual(told, { returned: 997, threw: 2, dead: 1, wrong: [] })
  assert.ok(again <= interruptedAtMost, `${again} ran again, and ${interruptedAtMost} were interrupted at most`)
})
