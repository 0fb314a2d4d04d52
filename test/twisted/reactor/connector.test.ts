import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Body, sleep } from '../../../src/core/index.ts'
import { SimNetwork } from '../../../src/testing/index.ts'
import {
  ClientFactory,
  type Connector,
  Deferred,
  Factory,
  type Failure,
  type Port,
  Protocol,
  Reactor,
  reactor,
} from '../../../src/twisted/index.ts'
import { ca, identity } from '../../net/tls/certificates.ts'
import { it } from '../../support/it.ts'
import { LoggedErrors } from '../logged-errors.ts'

const nameOf = (reason: Failure): string => (reason.value as Error).name

/** Notes what its connector does, and fires `over` when it stops. */
class Noting extends ClientFactory {
  readonly heard: string[] = []
  readonly over = new Deferred<void>()
  build: () => Protocol | null = () => new Hello()

  override startFactory(): void {
    this.heard.push('start')
  }
  override startedConnecting(connector: Connector): void {
    this.heard.push(`connecting: ${connector.state}`)
  }
  override buildProtocol(): Protocol | null {
    return this.build()
  }
  override clientConnectionFailed(connector: Connector, reason: Failure): void {
    this.heard.push(`failed: ${connector.state} ${nameOf(reason)}`)
  }
  override clientConnectionLost(connector: Connector, reason: Failure): void {
    this.heard.push(`lost: ${connector.state} ${nameOf(reason)}`)
  }
  override stopFactory(): void {
    this.heard.push('stop')
    this.over.callback()
  }
}

/** Loses the connection as soon as it has said something. */
class Hello extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello')
    this.transport.loseConnection()
  }
}

const course = ['start', 'connecting: connecting', 'lost: disconnected ConnectionDone', 'stop']

/** Has `connect` connect to what `listening` listens on, and looks at what the factory was told. */
function* runs(listening: Deferred<Port>, connect: (factory: Noting, port: number) => Connector): Body<void> {
  const port = yield* listening
  const factory = new Noting()
  const connector = connect(factory, port.getHost().port ?? 0)
  yield* factory.over
  assert.deepEqual([factory.heard, connector.state], [course, 'disconnected'])
  yield* port.stopListening()
}

it('connectTCP, connectSSL and connectUNIX tell their factory how the connection fares', function* () {
  const serve = (): Factory => Factory.forProtocol(Protocol)
  const local = { interface: '127.0.0.1' }
  yield* runs(reactor.listenTCP(0, serve(), local), (factory, port) => reactor.connectTCP('localhost', port, factory))
  yield* runs(reactor.listenSSL(0, serve(), { certificates: identity('server') }, local), (factory, port) =>
    reactor.connectSSL('localhost', port, factory, { ca }),
  )
  const directory = mkdtempSync(join(tmpdir(), 'fibril-'))
  try {
    const path = join(directory, 'socket')
    yield* runs(reactor.listenUNIX(path, serve()), (factory) => reactor.connectUNIX(path, factory))
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it('a factory that connects again in clientConnectionFailed or clientConnectionLost is not stopped in between', function* () {
  const network = new SimNetwork()
  const client = new Reactor({ net: network.host('client') })
  const server = new Reactor({ net: network.host('server') })
  class Again extends Noting {
    tries = 0
    override clientConnectionFailed(connector: Connector, reason: Failure): void {
      super.clientConnectionFailed(connector, reason)
      if (++this.tries < 3) connector.connect()
    }
  }
  network.host('server')
  const factory = new Again()
  client.connectTCP('server', 80, factory)
  yield* factory.over
  assert.deepEqual(factory.heard, [
    'start',
    ...Array(3).fill(['connecting: connecting', 'failed: disconnected ConnectionRefusedError']).flat(),
    'stop',
  ])
  assert.deepEqual(server.getSelectables(), [])
})

it('a factory that builds no protocol, or throws, loses the connection', function* () {
  const network = new SimNetwork()
  const client = new Reactor({ net: network.host('client') })
  const server = new Reactor({ net: network.host('server') })
  const port = yield* server.listenTCP(80, Factory.forProtocol(Protocol), { interface: 'server' })
  using errors = new LoggedErrors()
  for (const build of [
    () => null,
    () => {
      throw new RangeError('no')
    },
  ]) {
    const factory = new Noting()
    factory.build = build
    client.connectTCP('server', 80, factory)
    yield* factory.over
    assert.deepEqual(factory.heard, course)
  }
  assert.deepEqual(errors.take(), ['Unhandled Error no'])
  yield* port.stopListening()
  yield* sleep(100)
})

it('disconnect gives up an attempt, and loses a connection', function* () {
  const network = new SimNetwork()
  const client = new Reactor({ net: network.host('client') })
  const server = new Reactor({ net: network.host('server') })
  const port = yield* server.listenTCP(80, Factory.forProtocol(Protocol), { interface: 'server' })
  const early = new Noting()
  client.connectTCP('server', 80, early).disconnect()
  assert.equal(early.heard.at(-2), 'failed: disconnected ConnectError')
  const factory = new Noting()
  factory.build = () => new Protocol()
  const connector = client.connectTCP('server', 80, factory)
  yield* sleep(100)
  assert.equal(connector.state, 'connected')
  connector.disconnect()
  yield* factory.over
  assert.deepEqual(factory.heard, course)
  yield* port.stopListening()
  yield* sleep(100)
})
