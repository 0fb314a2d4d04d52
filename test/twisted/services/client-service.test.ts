import assert from 'node:assert/strict'
import { type Body, sleep } from '../../../src/core/index.ts'
import { type SimHost, SimNetwork } from '../../../src/testing/index.ts'
import {
  backoffPolicy,
  ClientService,
  type ClientServiceOptions,
  Deferred,
  Factory,
  type Failure,
  HostnameEndpoint,
  type Port,
  Protocol,
  Reactor,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

/** A client and a server of a simulated network; the service is not started, and nobody listens. */
class World {
  readonly network = new SimNetwork()
  readonly serverHost: SimHost = this.network.host('server')
  readonly server = new Reactor({ net: this.serverHost })
  readonly client = new Reactor({ net: this.network.host('client') })
  readonly accepted: Protocol[] = []
  readonly factory: Factory
  readonly service: ClientService

  constructor(options: ClientServiceOptions = {}) {
    this.factory = Factory.forProtocol(Protocol)
    this.service = new ClientService(new HostnameEndpoint(this.client, 'server', 80), this.factory, {
      clock: this.client,
      retryPolicy: () => 1000,
      ...options,
    })
  }

  listen(): Deferred<Port> {
    const { accepted } = this
    class Accepting extends Protocol {
      override connectionMade(): void {
        accepted.push(this)
      }
    }
    return this.server.listenTCP(80, Factory.forProtocol(Accepting), { interface: 'server' })
  }

  /** The server's end of the connection that came last, once it is there. */
  *latest(): Body<Protocol> {
    yield* sleep(100)
    return this.accepted.at(-1) as Protocol
  }

  *close(port: Port): Body<void> {
    yield* this.service.stopService()
    yield* port.stopListening()
    // The other side hears of it a little later.
    yield* sleep(100)
  }
}

const kindOf = (failure: Failure): string => (failure.value as Error).name

it('backoffPolicy: initialDelay · factor^attempt up to maxDelay, and jitter of 0 to 1 second', () => {
  const policy = backoffPolicy({ jitter: () => 0 })
  assert.deepEqual([0, 1, 2, 3, 11, 1e6].map(policy), [1000, 1500, 2250, 3375, 60_000, 60_000])
  for (let i = 0; i < 100; i++) {
    const pause = backoffPolicy()(0)
    assert.ok(pause >= 1000 && pause < 2000)
  }
})

it('a service connects when it is started, and stopService closes the connection and waits for that', function* () {
  const world = new World()
  const port = yield* world.listen()
  world.service.startService()
  world.service.startService()
  assert.equal(world.service.running, true)
  const protocol = yield* world.service.whenConnected()
  assert.equal(protocol.connected, true)
  assert.equal(yield* world.service.whenConnected(), protocol)
  yield* world.service.stopService()
  assert.deepEqual([protocol.connected, world.service.running, world.factory.numPorts], [false, false, 0])
  yield* world.close(port)
})

it.many('it connects again when the connection is lost', function* () {
  const world = new World()
  const port = yield* world.listen()
  world.service.startService()
  const first = yield* world.service.whenConnected()
  ;(yield* world.latest()).transport.abortConnection()
  yield* sleep(500)
  assert.equal(first.connected, false)
  const second = yield* world.service.whenConnected()
  assert.notEqual(first, second)
  yield* world.close(port)
})

it('it tries again while connecting fails, with the pauses of its policy, which is given how many failed in a row', function* () {
  const asked: number[] = []
  const world = new World({
    retryPolicy: (attempt) => {
      asked.push(attempt)
      return 1000
    },
  })
  world.service.startService()
  yield* sleep(3500)
  assert.deepEqual(asked, [1, 2, 3, 4])
  const port = yield* world.listen()
  yield* world.service.whenConnected()
  ;(yield* world.latest()).transport.abortConnection()
  yield* sleep(500)
  assert.deepEqual(asked, [1, 2, 3, 4, 1])
  yield* world.close(port)
})

it('whenConnected(n) fails after n attempts that failed in a row, others wait on', function* () {
  const world = new World()
  const heard: string[] = []
  for (const n of [1, 2]) {
    world.service.whenConnected(n).addErrback((failure: Failure) => heard.push(`${n}: ${kindOf(failure)}`))
  }
  const always = world.service.whenConnected()
  world.service.startService()
  yield* sleep(500)
  assert.deepEqual(heard, ['1: ConnectionRefusedError'])
  yield* sleep(1000)
  assert.deepEqual(heard, ['1: ConnectionRefusedError', '2: ConnectionRefusedError'])
  assert.equal(always.called, false)
  const port = yield* world.listen()
  assert.equal((yield* always).connected, true)
  yield* world.close(port)
})

it.many(
  'stopService while it waits, or connects, takes that back; who waits gets a CancelledError, now and later',
  function* () {
    for (const connecting of [true, false]) {
      const world = new World()
      if (connecting) world.network.partition([world.serverHost])
      world.service.startService()
      const waiting = world.service.whenConnected()
      yield* sleep(500)
      yield* world.service.stopService()
      assert.equal(yield* waiting.addErrback(kindOf), 'CancelledError')
      assert.equal(yield* world.service.whenConnected().addErrback(kindOf), 'CancelledError')
      yield* sleep(100_000)
      assert.deepEqual([world.client.getSelectables(), world.client.getDelayedCalls()], [[], []])
      assert.equal(world.factory.numPorts, 0)
    }
  },
)

it.many('it may be started again, also while it is being stopped', function* () {
  const world = new World()
  const port = yield* world.listen()
  world.service.startService()
  const first = yield* world.service.whenConnected()
  const stopped = world.service.stopService()
  world.service.startService()
  yield* stopped
  const second = yield* world.service.whenConnected()
  assert.deepEqual([first.connected, second.connected], [false, true])
  yield* world.service.stopService()
  world.service.startService()
  assert.equal((yield* world.service.whenConnected()).connected, true)
  yield* world.close(port)
})

it('prepareConnection is waited for before anybody gets the protocol', function* () {
  const prepared = new Deferred<void>()
  const world = new World({ prepareConnection: () => prepared })
  const port = yield* world.listen()
  world.service.startService()
  const waiting = world.service.whenConnected()
  yield* sleep(1000)
  assert.equal(waiting.called, false)
  prepared.callback()
  assert.equal((yield* waiting).connected, true)
  yield* world.close(port)
})

it('a prepareConnection that fails is an attempt that failed: its connection is closed, and another one made', function* () {
  let prepares = 0
  const world = new World({
    prepareConnection: () => {
      if (++prepares === 1) throw new RangeError('not this one')
    },
  })
  const port = yield* world.listen()
  const first = world.service.whenConnected(1)
  world.service.startService()
  assert.equal(yield* first.addErrback(kindOf), 'RangeError')
  yield* world.service.whenConnected()
  yield* world.latest()
  assert.deepEqual(
    world.accepted.map(({ connected }) => connected),
    [false, true],
  )
  yield* world.close(port)
})

it('a whenConnected that is cancelled leaves the line', function* () {
  const world = new World()
  const cancelled = world.service.whenConnected(1)
  const waiting = world.service.whenConnected(1)
  cancelled.cancel()
  assert.equal(yield* cancelled.addErrback(kindOf), 'CancelledError')
  world.service.startService()
  assert.equal(yield* waiting.addErrback(kindOf), 'ConnectionRefusedError')
  yield* world.service.stopService()
})

it.many('stopService while a connection is being prepared closes it', function* () {
  const world = new World({ prepareConnection: () => new Promise(() => {}) })
  const port = yield* world.listen()
  world.service.startService()
  yield* sleep(500)
  yield* world.service.stopService()
  yield* sleep(500)
  assert.deepEqual(
    world.accepted.map(({ connected }) => connected),
    [false],
  )
  yield* port.stopListening()
})

it.many(
  'a connection that is lost while it is being prepared fails the attempt, also if that never ends',
  function* () {
    let prepares = 0
    const world = new World({ prepareConnection: () => (++prepares === 1 ? new Promise(() => {}) : undefined) })
    const port = yield* world.listen()
    const first = world.service.whenConnected(1)
    world.service.startService()
    yield* sleep(500)
    ;(yield* world.latest()).transport.abortConnection()
    assert.equal(yield* first.addErrback(kindOf), 'ConnectionLost')
    assert.equal((yield* world.service.whenConnected()).connected, true)
    yield* world.close(port)
  },
)

it.many('one whose preparation ends after the loss has failed all the same', function* () {
  const prepared: Deferred<void>[] = []
  const world = new World({
    prepareConnection: () => {
      const deferred = new Deferred<void>()
      prepared.push(deferred)
      return deferred
    },
  })
  const port = yield* world.listen()
  world.service.startService()
  yield* sleep(500)
  ;(yield* world.latest()).transport.abortConnection()
  yield* sleep(500)
  prepared[0]?.callback()
  yield* sleep(2000)
  prepared[1]?.callback()
  assert.equal((yield* world.service.whenConnected()).connected, true)
  yield* world.close(port)
})
