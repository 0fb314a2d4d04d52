import assert from 'node:assert/strict'
import { ClosedError, run, spawn, type Task, yieldNow } from '../../src/index.ts'
import { Channel } from '../../src/sync/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'

it.many('send waits until somebody receives', function* () {
  const channel = new Channel<string>()
  const sender = spawn(channel.send('hello'))
  yield* waitAllBlocked()
  assert.equal(sender.state, 'parked')
  assert.equal(channel.size, 0, 'nothing is kept')
  assert.equal(yield* channel.receive(), 'hello')
  yield* sender
})

it.many('receive waits until somebody sends', function* () {
  const channel = new Channel<string>()
  const receiver = spawn(channel.receive())
  yield* waitAllBlocked()
  assert.equal(receiver.state, 'parked')
  yield* channel.send('hello')
  assert.equal(yield* receiver, 'hello')
})

it.many('both lines are first come, first served', function* () {
  const channel = new Channel<number>()
  for (const n of [1, 2, 3]) {
    spawn(channel.send(n))
    yield* waitAllBlocked()
  }
  assert.deepEqual([yield* channel.receive(), yield* channel.receive(), channel.tryReceive()], [1, 2, 3])
  const receivers: Task<number>[] = []
  for (let i = 0; i < 3; i++) {
    receivers.push(spawn(channel.receive()))
    yield* waitAllBlocked()
  }
  for (const n of [4, 5, 6]) assert.equal(channel.trySend(n), true)
  const got: number[] = []
  for (const receiver of receivers) got.push(yield* receiver)
  assert.deepEqual(got, [4, 5, 6])
})

it('trySend is false when nobody receives, tryReceive undefined when nobody sends', function* () {
  const channel = new Channel<number>()
  assert.equal(channel.trySend(1), false)
  assert.equal(channel.tryReceive(), undefined)
})

it.many('a cancelled send sent nothing, a cancelled receive received nothing', function* () {
  const channel = new Channel<number>()
  const gone = spawn(channel.send(1))
  yield* waitAllBlocked()
  gone.cancel()
  assert.equal(channel.tryReceive(), undefined)
  const leaver = spawn(channel.receive())
  yield* waitAllBlocked()
  leaver.cancel()
  assert.equal(channel.trySend(2), false)
})

it.many('a sender is told of a receiver that was cancelled after it was handed the item', function* () {
  const channel = new Channel<string>()
  const got: string[] = []
  const receiver = spawn(function* () {
    got.push(yield* channel.receive())
    yield* yieldNow()
  })
  yield* waitAllBlocked()
  const sent = channel.trySend('item')
  receiver.cancel()
  yield* waitAllBlocked()
  assert.deepEqual([sent, got], [true, ['item']])
})

it.many('closing ends both lines', function* () {
  const senders = new Channel<number>({ name: 'out' })
  const sender = spawn(() => caught(senders.send(1)))
  const receivers = new Channel<number>()
  const receiver = spawn(() => caught(receivers.receive()))
  yield* waitAllBlocked()
  senders.close('enough')
  receivers.close()
  const error = yield* sender
  assert.ok(error instanceof ClosedError)
  assert.equal(error.message, 'channel "out" was closed: enough')
  assert.ok((yield* receiver) instanceof ClosedError)
  assert.ok((yield* caught(senders.receive())) instanceof ClosedError, 'the item of the sender is gone with it')
  assert.equal(senders.trySend(2), false)
})

it.many('forEach ends when the channel is closed', function* () {
  const channel = new Channel<number>()
  const got: number[] = []
  const consumer = spawn(channel.forEach((n) => void got.push(n)))
  yield* channel.send(1)
  yield* channel.send(2)
  channel.close()
  yield* consumer
  assert.deepEqual(got, [1, 2])
})

it('for await ends when the channel is closed', async () => {
  const channel = new Channel<number>()
  const sender = run(function* () {
    for (const n of [1, 2, 3]) yield* channel.send(n)
    channel.close()
  })
  const got: number[] = []
  for await (const n of channel) got.push(n)
  assert.deepEqual(got, [1, 2, 3])
  await sender
})

it('every wait says what it waits for, and stats are frozen plain figures', function* () {
  const channel = new Channel<number>({ name: 'pipe' })
  const sender = spawn(channel.send(1))
  yield* waitAllBlocked()
  assert.equal(sender.reason, 'a receiver on channel "pipe"')
  assert.deepEqual(channel.stats(), { name: 'pipe', closed: false, senders: 1, receivers: 0, sent: 0 })
  channel.tryReceive()
  const receiver = spawn(channel.receive())
  yield* waitAllBlocked()
  assert.equal(receiver.reason, 'a sender on channel "pipe"')
  assert.deepEqual(channel.stats(), { name: 'pipe', closed: false, senders: 0, receivers: 1, sent: 1 })
  assert.ok(Object.isFrozen(channel.stats()))
  receiver.cancel()
})
