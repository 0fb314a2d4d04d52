import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { run, spawn, UsageError } from '../../src/index.ts'
import { ThreadPool, type Transferable, transfer } from '../../src/offload/index.ts'
import { collect, isMarked } from '../../src/offload/transfer.ts'
import { it } from '../support/it.ts'

type Work = typeof import('./modules/transfers.ts')

const module = new URL('./modules/transfers.js', import.meta.url)

/** What a value was marked to take along. */
function taken(value: object): Transferable[] {
  const list: Transferable[] = []
  collect(value, list)
  return list
}

test('a mark is for one journey', () => {
  const buffer = new ArrayBuffer(8)
  assert.equal(transfer(buffer), buffer)
  assert.equal(isMarked([1, buffer]), true)
  assert.deepEqual(taken(buffer), [buffer])
  assert.equal(isMarked([1, buffer]), false)
  assert.deepEqual(taken(buffer), [])
})

test('without a list a value takes what it can itself give', () => {
  const bytes = new Uint8Array(8)
  assert.deepEqual(taken(transfer(bytes)), [bytes.buffer])
  const { port1, port2 } = new MessageChannel()
  assert.deepEqual(taken(transfer(port1)), [port1])
  port1.close()
  port2.close()
  const shared = new SharedArrayBuffer(8)
  assert.deepEqual(taken(transfer(shared)), [])
  assert.deepEqual(taken(transfer(new Uint8Array(shared))), [])
})

it('a transferred argument arrives whole, and is gone here; so is a result there', function* () {
  const pool = new ThreadPool<Work>(module, { size: 1 })
  const bytes = new Uint8Array(1 << 20)
  const filled = yield* pool.submit('fill', transfer(bytes), 7)
  assert.equal(bytes.length, 0)
  assert.equal(filled.length, 1 << 20)
  assert.ok(filled.every((byte) => byte === 7))
  yield* pool.close()
})

it('a message may take several things along', function* () {
  const pool = new ThreadPool<Work>(module, { size: 1 })
  const message = { a: new ArrayBuffer(3), b: new ArrayBuffer(4) }
  assert.equal(yield* pool.submit('both', transfer(message, [message.a, message.b])), 7)
  assert.deepEqual([message.a.byteLength, message.b.byteLength], [0, 0])
  yield* pool.close()
})

it('calls that transfer are sent with others of their turn, and do not fail them', function* () {
  const pool = new ThreadPool<Work>(module, { size: 1, inline: false })
  for (let n = 0; n < 5; n++) yield* pool.submit('size', new ArrayBuffer(8))
  const twice = new ArrayBuffer(8)
  const tasks = [
    spawn(pool.submit('size', new ArrayBuffer(9))),
    spawn(pool.submit('size', transfer(twice))),
    spawn(pool.submit('size', new ArrayBuffer(10))),
  ]
  const sizes: number[] = []
  for (const task of tasks) sizes.push(yield* task)
  assert.deepEqual(sizes, [9, 8, 10])
  // It is gone now.
  yield* run(function* () {
    try {
      yield* pool.submit('size', twice)
      assert.fail('it was sent twice')
    } catch (error) {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, /an argument of size\(…\) cannot be sent/)
    }
  })
  yield* pool.close()
})
