import assert from 'node:assert/strict'
import { StringTransport } from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} }

it('keeps what is written until it is cleared', () => {
  const transport = new StringTransport()
  transport.write('grü')
  transport.writeSequence([Buffer.from('ß'), 'e'])
  assert.equal(String(transport.value()), 'grüße')
  transport.clear()
  assert.equal(String(transport.value()), '')
})

it('knows a loss from an abort, and takes nothing after loseWriteConnection', () => {
  const transport = new StringTransport()
  transport.loseWriteConnection()
  transport.write('not')
  assert.equal(transport.value().length, 0)
  transport.loseConnection()
  assert.deepEqual([transport.disconnecting, transport.disconnected], [true, false])
  transport.abortConnection()
  assert.equal(transport.disconnected, true)
})

it('has one producer at a time', () => {
  const transport = new StringTransport()
  transport.registerProducer(producer, true)
  assert.deepEqual([transport.producer, transport.streaming], [producer, true])
  assert.throws(() => transport.registerProducer(producer, true), /is one already/)
  transport.unregisterProducer()
  assert.deepEqual([transport.producer, transport.streaming], [null, null])
  assert.throws(() => transport.unregisterProducer(), /none is registered/)
})

it('follows what it is asked as a producer, and cannot go on after stopProducing', () => {
  const transport = new StringTransport()
  transport.pauseProducing()
  assert.equal(transport.producerState, 'paused')
  transport.resumeProducing()
  assert.equal(transport.producerState, 'producing')
  transport.stopProducing()
  assert.equal(transport.producerState, 'stopped')
  assert.throws(() => transport.resumeProducing(), /cannot go on/)
})

it('has the addresses that it is given', () => {
  const transport = new StringTransport({ host: 'a', port: 1 }, { host: 'b', port: 2 })
  assert.deepEqual(
    [transport.getPeer(), transport.getHost()],
    [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
  )
})
