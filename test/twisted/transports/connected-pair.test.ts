import assert from 'node:assert/strict'
import { connectedPair, type Failure, LineReceiver, Protocol, type PullProducer } from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'
import { LoggedErrors } from '../logged-errors.ts'

/** Notes what it is told. */
class Noting extends Protocol {
  readonly heard: string[] = []
  override connectionMade(): void {
    this.heard.push('made')
  }
  override dataReceived(data: Buffer): void {
    this.heard.push(String(data))
  }
  override connectionLost(reason: Failure): void {
    this.heard.push(`lost: ${(reason.value as Error).name}`)
  }
}

class HalfClosing extends Noting {
  readConnectionLost(): void {
    this.heard.push('read lost')
  }
  writeConnectionLost(): void {
    this.heard.push('write lost')
  }
}

it('what one end writes arrives at the other when the pump runs, in pieces of any size', () => {
  const text = 'one\r\ntwo\r\n'
  for (let chunkSize = 1; chunkSize <= text.length; chunkSize++) {
    class Lines extends LineReceiver {
      readonly lines: string[] = []
      lineReceived(line: Buffer): void {
        this.lines.push(String(line))
      }
    }
    const lines = new Lines()
    const writer = new Noting()
    const pair = connectedPair(writer, lines, { chunkSize })
    writer.transport.write('one\r\n')
    writer.transport.writeSequence(['two', Buffer.from('\r\n')])
    assert.deepEqual(lines.lines, [])
    assert.equal(pair.pump(), true)
    assert.deepEqual(lines.lines, ['one', 'two'])
    assert.equal(pair.pump(), false)
  }
})

it('loseConnection closes when all has left; both ends are told once', () => {
  const a = new Noting()
  const b = new Noting()
  const pair = connectedPair(a, b)
  a.transport.write('last words')
  a.transport.loseConnection()
  pair.flush()
  assert.deepEqual(a.heard, ['made', 'lost: ConnectionDone'])
  assert.deepEqual(b.heard, ['made', 'last words', 'lost: ConnectionDone'])
  assert.deepEqual([a.connected, b.connected], [false, false])
  b.transport.write('nobody')
  assert.equal(pair.pump(), false)
})

it('abortConnection drops what has not left', () => {
  const a = new Noting()
  const b = new Noting()
  const pair = connectedPair(a, b)
  a.transport.write('dropped')
  a.transport.abortConnection()
  pair.flush()
  assert.deepEqual(
    [a.heard, b.heard],
    [
      ['made', 'lost: ConnectionAborted'],
      ['made', 'lost: ConnectionLost'],
    ],
  )
})

it('loseWriteConnection ends one direction for those who want to know, and the connection for others', () => {
  const a = new HalfClosing()
  const b = new HalfClosing()
  const pair = connectedPair(a, b)
  a.transport.write('question')
  a.transport.loseWriteConnection()
  pair.flush()
  b.transport.write('answer')
  b.transport.loseConnection()
  pair.flush()
  assert.deepEqual(a.heard, ['made', 'write lost', 'answer', 'lost: ConnectionDone'])
  assert.deepEqual(b.heard, ['made', 'question', 'read lost', 'lost: ConnectionDone'])
  const c = new Noting()
  const d = new Noting()
  const other = connectedPair(c, d)
  c.transport.loseWriteConnection()
  other.flush()
  assert.deepEqual(d.heard, ['made', 'lost: ConnectionDone'])
})

it('when both directions have ended, so has the connection', () => {
  const a = new HalfClosing()
  const b = new HalfClosing()
  const pair = connectedPair(a, b)
  a.transport.loseWriteConnection()
  b.transport.loseWriteConnection()
  pair.flush()
  assert.deepEqual(a.heard, ['made', 'write lost', 'read lost', 'lost: ConnectionDone'])
  assert.equal(b.heard.at(-1), 'lost: ConnectionDone')
})

it('a paused end is given nothing until it resumes', () => {
  const a = new Noting()
  const b = new Noting()
  const pair = connectedPair(a, b)
  b.transport.pauseProducing()
  a.transport.write('later')
  pair.flush()
  assert.deepEqual(b.heard, ['made'])
  b.transport.resumeProducing()
  pair.flush()
  assert.deepEqual(b.heard, ['made', 'later'])
})

it('a pull producer is asked whenever all has left, and waited for before a close', () => {
  const a = new Noting()
  const b = new Noting()
  const pair = connectedPair(a, b)
  let left = 3
  const producer: PullProducer = {
    resumeProducing() {
      if (left-- > 0) a.transport.write(`piece ${left} `)
      else a.transport.unregisterProducer()
    },
    stopProducing() {},
  }
  a.transport.registerProducer(producer, false)
  a.transport.loseConnection()
  pair.flush()
  assert.deepEqual(b.heard, ['made', 'piece 2 ', 'piece 1 ', 'piece 0 ', 'lost: ConnectionDone'])
})

it('a push producer is paused while too much waits, and resumed when it has left', () => {
  const a = new Noting()
  const b = new Noting()
  const pair = connectedPair(a, b)
  const heard: string[] = []
  a.transport.registerProducer(
    {
      pauseProducing: () => heard.push('pause'),
      resumeProducing: () => heard.push('resume'),
      stopProducing: () => heard.push('stop'),
    },
    true,
  )
  a.transport.write(Buffer.alloc(70_000))
  assert.deepEqual(heard, ['pause'])
  pair.flush()
  assert.deepEqual(heard, ['pause', 'resume'])
  b.transport.loseConnection()
  pair.flush()
  assert.deepEqual(heard, ['pause', 'resume', 'stop'])
  a.transport.registerProducer({ resumeProducing() {}, stopProducing: () => heard.push('at once') }, false)
  assert.equal(heard.at(-1), 'at once', 'nobody takes anything any more')
})

it('what dataReceived throws is logged, and is the reason of the loss', () => {
  class Bad extends Noting {
    override dataReceived(): void {
      throw new RangeError('no')
    }
  }
  using errors = new LoggedErrors()
  const a = new Noting()
  const bad = new Bad()
  const pair = connectedPair(a, bad)
  a.transport.write('x')
  pair.flush()
  assert.deepEqual(errors.messages, ['Unhandled Error no'])
  assert.deepEqual(
    [a.heard, bad.heard],
    [
      ['made', 'lost: ConnectionLost'],
      ['made', 'lost: RangeError'],
    ],
  )
})
