import assert from 'node:assert/strict'
import { Factory, Protocol, ServerFactory } from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

const address = { host: '127.0.0.1', port: 1 }

class Counting extends Factory {
  readonly heard: string[] = []
  override startFactory(): void {
    this.heard.push('start')
  }
  override stopFactory(): void {
    this.heard.push('stop')
  }
}

it('startFactory is called by the first doStart, stopFactory by the last doStop, and one doStop too many is ignored', () => {
  const factory = new Counting()
  factory.doStart()
  factory.doStart()
  assert.equal(factory.numPorts, 2)
  factory.doStop()
  assert.deepEqual(factory.heard, ['start'])
  factory.doStop()
  factory.doStop()
  assert.deepEqual([factory.heard, factory.numPorts], [['start', 'stop'], 0])
  factory.doStart()
  assert.deepEqual(factory.heard, ['start', 'stop', 'start'])
})

it('buildProtocol makes the protocol and tells it its factory', () => {
  class Hello extends Protocol {}
  const factory = Factory.forProtocol(Hello)
  const protocol = factory.buildProtocol(address)
  assert.ok(protocol instanceof Hello)
  assert.equal(protocol.factory, factory)
  assert.equal(String(factory), 'Factory(Hello)')
})

it('forProtocol of a subclass makes that subclass, with the arguments of its constructor', () => {
  class Named extends ServerFactory {
    readonly name: string
    constructor(name: string) {
      super()
      this.name = name
    }
  }
  const factory = Named.forProtocol(Protocol, 'Ada')
  assert.deepEqual([factory instanceof Named, factory.name], [true, 'Ada'])
})

it('a factory without a protocol builds none', () => {
  assert.equal(new Factory().buildProtocol(address), null)
})
