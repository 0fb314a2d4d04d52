import assert from 'node:assert/strict'
import { sleep } from '../../../src/core/index.ts'
import { SimNetwork } from '../../../src/testing/index.ts'
import {
  Clock,
  type Connector,
  Factory,
  Failure,
  Protocol,
  Reactor,
  ReconnectingClientFactory,
  reactor,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

const lost = new Failure(new Error('lost'))

/** A connector that only counts. */
class Counting {
  state: 'connecting' | 'disconnected' = 'disconnected'
  connects = 0
  stops = 0
  connect(): void {
    this.connects++
  }
  stopConnecting(): void {
    this.stops++
  }
}

function factoryOn(clock: Clock): { factory: ReconnectingClientFactory; counting: Counting; connector: Connector } {
  const factory = new ReconnectingClientFactory()
  factory.clock = clock
  const counting = new Counting()
  return { factory, counting, connector: counting as unknown as Connector }
}

it('pauses grow by e from one failure to the next, the first one too, up to maxDelay', () => {
  const clock = new Clock()
  const { factory, connector } = factoryOn(clock)
  factory.jitter = 0
  factory.maxDelay = 60_000
  const pauses: number[] = []
  for (let i = 0; i < 6; i++) {
    factory.clientConnectionFailed(connector, lost)
    pauses.push(Math.round(factory.delay / 10) / 100)
    clock.advance(factory.delay)
  }
  assert.deepEqual(pauses, [2.72, 7.39, 20.09, 54.6, 60, 60])
})

it('jitter spreads them around that', () => {
  const clock = new Clock()
  const { factory, connector } = factoryOn(clock)
  const pauses = Array.from({ length: 500 }, () => {
    factory.resetDelay()
    factory.clientConnectionLost(connector, lost)
    return factory.delay
  })
  const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length
  assert.ok(Math.abs(mean - 1000 * Math.E) < 100, `${mean}`)
  assert.ok(new Set(pauses).size > 400)
  assert.ok(pauses.every((pause) => pause >= 0))
})

it('it connects again when the pause is over, maxRetries times at most', () => {
  const clock = new Clock()
  const { factory, counting, connector } = factoryOn(clock)
  factory.maxRetries = 2
  for (let i = 0; i < 5; i++) {
    factory.clientConnectionFailed(connector, lost)
    clock.advance(100_000)
  }
  assert.equal(counting.connects, 2)
})

it('stopTrying takes the next attempt back, and gives up one that is under way', () => {
  const clock = new Clock()
  const { factory, counting, connector } = factoryOn(clock)
  factory.clientConnectionLost(connector, lost)
  factory.stopTrying()
  clock.advance(100_000)
  assert.deepEqual([counting.connects, counting.stops, clock.getDelayedCalls().length], [0, 0, 0])
  factory.clientConnectionLost(connector, lost)
  assert.equal(clock.getDelayedCalls().length, 0)
  counting.state = 'connecting'
  factory.stopTrying()
  assert.equal(counting.stops, 1)
})

it('resetDelay begins with the first pause again', () => {
  const clock = new Clock()
  const { factory, connector } = factoryOn(clock)
  factory.jitter = 0
  factory.clientConnectionLost(connector, lost)
  clock.advance(100_000)
  factory.clientConnectionLost(connector, lost)
  clock.advance(100_000)
  factory.resetDelay()
  assert.deepEqual([factory.delay, factory.retries], [1000, 0])
})

it('retry without a connector says so', () => {
  assert.throws(() => new ReconnectingClientFactory().retry(), /no connector to retry/)
})

it('over a network: it comes back when the server does, and its connections end with stopTrying', function* () {
  const network = new SimNetwork()
  const server = new Reactor({ net: network.host('server') })
  const client = new Reactor({ net: network.host('client') })
  const heard: string[] = []
  class Greet extends Protocol {
    override connectionMade(): void {
      heard.push(`made ${client.now() > 60_000 ? 'again' : 'at first'}`)
      ;(this.factory as ReconnectingClientFactory).resetDelay()
    }
    override connectionLost(): void {
      heard.push('lost')
    }
  }
  const serving: Protocol[] = []
  class Serving extends Protocol {
    override connectionMade(): void {
      serving.push(this)
    }
  }
  const port = yield* server.listenTCP(80, Factory.forProtocol(Serving), { interface: 'server' })
  const factory = ReconnectingClientFactory.forProtocol(Greet)
  factory.maxDelay = 10_000
  const connector = client.connectTCP('server', 80, factory)
  assert.deepEqual([connector.state, factory.numPorts], ['connecting', 1])
  yield* sleep(1000)
  assert.equal(connector.state, 'connected')
  yield* port.stopListening()
  serving[0]?.transport.abortConnection()
  yield* sleep(60_000)
  assert.deepEqual(heard, ['made at first', 'lost'])
  const again = yield* server.listenTCP(80, Factory.forProtocol(Serving), { interface: 'server' })
  yield* sleep(60_000)
  assert.deepEqual(heard, ['made at first', 'lost', 'made again'])
  factory.stopTrying()
  connector.disconnect()
  yield* again.stopListening()
  yield* sleep(10_000)
  assert.deepEqual([heard.at(-1), connector.state, factory.numPorts], ['lost', 'disconnected', 0])
  assert.deepEqual(client.getDelayedCalls(), [])
})

it('a connector tells its factory of stopConnecting as of a failure, and refuses what does not fit its state', function* () {
  const network = new SimNetwork()
  const host = network.host('client')
  network.partition([host], [network.host('server')])
  const client = new Reactor({ net: host })
  const factory = ReconnectingClientFactory.forProtocol(Protocol)
  const connector = client.connectTCP('server', 80, factory)
  assert.throws(() => connector.connect(), /is connecting already/)
  assert.deepEqual(connector.getDestination(), { host: 'server', port: 80 })
  factory.continueTrying = false
  connector.stopConnecting()
  assert.deepEqual([connector.state, factory.numPorts], ['disconnected', 0])
  assert.throws(() => connector.stopConnecting(), /there is no attempt to stop/)
  yield* sleep(1)
  assert.deepEqual(client.getSelectables(), [])
  assert.deepEqual(reactor.getSelectables(), [])
})
