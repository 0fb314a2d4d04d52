import assert from 'node:assert/strict'
import { type Body, fn, sleep } from '../../../src/core/index.ts'
import { SimNetwork } from '../../../src/testing/index.ts'
import {
  connectProtocol,
  Factory,
  type Failure,
  HostnameEndpoint,
  LineReceiver,
  type Port,
  type Producer,
  Protocol,
  type PullProducer,
  Reactor,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'
import { LoggedErrors } from '../logged-errors.ts'

/** Notes what it is told: of texts, those that came one after the other as one; of zeros, only how many. */
class Noting extends Protocol {
  readonly heard: string[] = []
  received = 0
  private inText = false

  override dataReceived(data: Buffer): void {
    this.received += data.length
    if (data[0] === 0) return
    if (this.inText) this.heard.push(`${this.heard.pop()}${data}`)
    else this.heard.push(String(data))
    this.inText = true
  }

  override connectionLost(reason: Failure): void {
    this.note(`lost: ${(reason.value as Error).name}`)
  }

  protected note(what: string): void {
    this.inText = false
    this.heard.push(what)
  }
}

class HalfClosing extends Noting {
  readConnectionLost(): void {
    this.note('read lost')
  }
  writeConnectionLost(): void {
    this.note('write lost')
  }
}

class Only extends Factory {
  private readonly only: Protocol
  constructor(only: Protocol) {
    super()
    this.only = only
  }
  override buildProtocol(): Protocol {
    return this.only
  }
}

/** Connects two protocols over a simulated network, and runs `test` until it ends. */
const connected = fn(function* <C extends Protocol, S extends Protocol>(
  client: C,
  server: S,
  test: (client: C, server: S, port: Port) => Body<void>,
): Body<void> {
  const network = new SimNetwork()
  const at = new Reactor({ net: network.host('server') })
  const from = new Reactor({ net: network.host('client') })
  const port = yield* at.listenTCP(80, new Only(server), { interface: 'server' })
  yield* connectProtocol(new HostnameEndpoint(from, 'server', 80), client)
  while (!server.connected) yield* sleep(1)
  yield* test(client, server, port)
  yield* port.stopListening()
  yield* sleep(1)
  for (const protocol of [client, server]) if (protocol.connected) protocol.transport.abortConnection()
})

it.many('bytes arrive whole and in order, in both directions', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    client.transport.write('a')
    client.transport.writeSequence(['b', Buffer.from('c')])
    server.transport.write('answer')
    yield* sleep(100)
    assert.deepEqual([server.heard, client.heard], [['abc'], ['answer']])
  })
})

it('a transport knows both addresses', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    assert.deepEqual(client.transport.getPeer(), server.transport.getHost())
    assert.deepEqual(client.transport.getHost(), server.transport.getPeer())
    assert.equal(client.transport.getPeer().port, 80)
    yield* sleep(0)
  })
})

it.many(
  'loseConnection sends all that was written, however much, and then ends: ConnectionDone on both sides',
  function* () {
    yield* connected(new Noting(), new Noting(), function* (client, server) {
      for (let i = 0; i < 50; i++) client.transport.write(Buffer.alloc(10_000))
      client.transport.loseConnection()
      assert.equal(client.transport.disconnecting, true)
      yield* sleep(1000)
      assert.equal(server.received, 500_000)
      assert.deepEqual([client.heard, server.heard], [['lost: ConnectionDone'], ['lost: ConnectionDone']])
      client.transport.write('nobody hears')
      client.transport.loseConnection()
      client.transport.abortConnection()
    })
  },
)

it('nothing is delivered after loseConnection', function* () {
  class Once extends LineReceiver {
    readonly lines: string[] = []
    lineReceived(line: Buffer): void {
      this.lines.push(String(line))
      this.transport.loseConnection()
    }
  }
  yield* connected(new Noting(), new Once(), function* (client, server) {
    client.transport.write('one\r\ntwo\r\n')
    yield* sleep(10)
    client.transport.write('three\r\n')
    yield* sleep(2000)
    assert.deepEqual(server.lines, ['one'])
  })
})

it.many('abortConnection loses it at once: ConnectionAborted here, ConnectionLost there', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    client.transport.abortConnection()
    yield* sleep(1000)
    assert.deepEqual([client.heard, server.heard], [['lost: ConnectionAborted'], ['lost: ConnectionLost']])
  })
})

it.many('a paused transport reads nothing: its peer has to wait, and nothing is lost', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    server.transport.pauseProducing()
    client.transport.write('first')
    yield* sleep(100)
    assert.deepEqual(server.heard, [])
    for (let i = 0; i < 100; i++) client.transport.write(Buffer.alloc(10_000))
    yield* sleep(1000)
    assert.equal(server.received, 0)
    server.transport.resumeProducing()
    yield* sleep(1000)
    assert.equal(server.received, 1_000_005)
    server.transport.pauseProducing()
    server.transport.loseConnection()
    yield* sleep(2000)
    assert.deepEqual(server.heard.at(-1), 'lost: ConnectionDone', 'a paused one can be closed')
  })
})

it('a peer that does not take the last bytes within 10 seconds loses them: ConnectionLost', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    server.transport.pauseProducing()
    for (let i = 0; i < 100; i++) client.transport.write(Buffer.alloc(10_000))
    client.transport.loseConnection()
    yield* sleep(9000)
    assert.deepEqual(client.heard, [])
    yield* sleep(2000)
    assert.deepEqual(client.heard, ['lost: ConnectionLost'])
  })
})

it.many('a push producer is paused while its peer is slow, and resumed when all has left', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    const heard: string[] = []
    let left = 100
    let paused = false
    const producer: Producer = {
      pauseProducing() {
        paused = true
        heard.push(`pause ${left}`)
      },
      resumeProducing() {
        paused = false
        heard.push('resume')
        while (!paused && left > 0) {
          left--
          client.transport.write(Buffer.alloc(10_000))
        }
        if (left === 0) client.transport.unregisterProducer()
      },
      stopProducing() {
        heard.push('stop')
      },
    }
    server.transport.pauseProducing()
    client.transport.registerProducer(producer, true)
    producer.resumeProducing()
    yield* sleep(1000)
    assert.equal(heard[1]?.startsWith('pause'), true)
    assert.ok(left > 50, 'most of it was not even made')
    server.transport.resumeProducing()
    client.transport.loseConnection()
    yield* sleep(5000)
    assert.equal(server.received, 1_000_000, 'a paused producer is resumed before the close')
    assert.equal(client.heard.at(-1), 'lost: ConnectionDone')
  })
})

it.many(
  'a pull producer is asked for a piece whenever all has left, and the close waits for it to unregister',
  function* () {
    yield* connected(new Noting(), new Noting(), function* (client, server) {
      let left = 50
      const producer: PullProducer = {
        resumeProducing() {
          if (left-- > 0) client.transport.write(Buffer.alloc(10_000))
          else client.transport.unregisterProducer()
        },
        stopProducing() {},
      }
      client.transport.registerProducer(producer, false)
      client.transport.loseConnection()
      yield* sleep(5000)
      assert.equal(server.received, 500_000)
      assert.deepEqual(client.heard, ['lost: ConnectionDone'])
    })
  },
)

it('a pull producer that has nothing for now is asked again when it has written', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    let asked = 0
    client.transport.registerProducer({ resumeProducing: () => asked++, stopProducing() {} }, false)
    yield* sleep(100)
    assert.equal(asked, 1, 'it is not asked on and on')
    client.transport.write('some')
    yield* sleep(100)
    assert.equal(asked, 2)
    client.transport.loseConnection()
    yield* sleep(100_000)
    assert.deepEqual(client.heard, [], 'the close waits as long as it takes')
    client.transport.unregisterProducer()
    yield* sleep(100)
    assert.deepEqual([client.heard, server.heard], [['lost: ConnectionDone'], ['some', 'lost: ConnectionDone']])
  })
})

it.many(
  'a producer is stopped when the connection is lost, one at a time may be registered, and none afterwards',
  function* () {
    yield* connected(new Noting(), new Noting(), function* (client, server) {
      const heard: string[] = []
      const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing: () => heard.push('stop') }
      client.transport.registerProducer(producer, true)
      assert.throws(() => client.transport.registerProducer(producer, true), /is one already/)
      server.transport.abortConnection()
      yield* sleep(100)
      assert.deepEqual(heard, ['stop'])
      client.transport.registerProducer(producer, true)
      assert.deepEqual(heard, ['stop', 'stop'])
    })
  },
)

it.many('loseWriteConnection ends one direction; protocols that can are told, and the other goes on', function* () {
  yield* connected(new HalfClosing(), new HalfClosing(), function* (client, server) {
    client.transport.write('question')
    client.transport.loseWriteConnection()
    client.transport.write('too late')
    yield* sleep(100)
    server.transport.write('answer')
    yield* sleep(100)
    assert.deepEqual(server.heard, ['question', 'read lost'])
    assert.deepEqual(client.heard, ['write lost', 'answer'])
    server.transport.loseConnection()
    yield* sleep(100)
    assert.deepEqual(client.heard.at(-1), 'lost: ConnectionDone')
    assert.deepEqual(server.heard.at(-1), 'lost: ConnectionDone')
  })
})

it.many('when both directions have ended, so has the connection', function* () {
  yield* connected(new HalfClosing(), new HalfClosing(), function* (client, server) {
    client.transport.loseWriteConnection()
    yield* sleep(100)
    assert.equal(server.connected, true)
    server.transport.write('answer')
    server.transport.loseWriteConnection()
    yield* sleep(100)
    assert.deepEqual(client.heard, ['write lost', 'answer', 'lost: ConnectionDone'])
    assert.deepEqual(server.heard, ['read lost', 'write lost', 'lost: ConnectionDone'])
  })
})

it('the end of the peer’s bytes is the end of the connection for other protocols; what was written still leaves', function* () {
  class Late extends Noting {
    override connectionLost(reason: Failure): void {
      super.connectionLost(reason)
      this.transport.write('too late')
    }
  }
  yield* connected(new HalfClosing(), new Late(), function* (client, server) {
    server.transport.write('just in time')
    client.transport.loseWriteConnection()
    yield* sleep(100)
    assert.deepEqual(server.heard, ['lost: ConnectionDone'])
    assert.ok(client.heard.includes('just in time'))
  })
})

it.many(
  'what was written before the peer ended its bytes still leaves, however much, and so does what a producer has',
  function* () {
    yield* connected(new HalfClosing(), new Noting(), function* (client, server) {
      let left = 50
      server.transport.registerProducer(
        {
          resumeProducing() {
            if (left-- > 0) server.transport.write(Buffer.alloc(10_000))
            else server.transport.unregisterProducer()
          },
          stopProducing() {},
        },
        false,
      )
      client.transport.loseWriteConnection()
      yield* sleep(5000)
      assert.equal(client.received, 500_000)
      assert.deepEqual([client.heard.at(-1), server.heard], ['lost: ConnectionDone', ['lost: ConnectionDone']])
    })
  },
)

it('what is neither text nor bytes cannot be written', function* () {
  yield* connected(new Noting(), new Noting(), function* (client) {
    assert.throws(() => client.transport.write(5 as never), /5 was written: give text or bytes/)
    yield* sleep(0)
  })
})

it('what a protocol throws in dataReceived is logged, costs its own connection, and is its reason', function* () {
  class Bad extends Noting {
    override dataReceived(): void {
      throw new RangeError('no')
    }
  }
  using errors = new LoggedErrors()
  yield* connected(new Noting(), new Bad(), function* (client, server) {
    client.transport.write('x')
    yield* sleep(100)
    assert.deepEqual(errors.take(), ['Unhandled Error no'])
    assert.deepEqual([server.heard, client.heard], [['lost: RangeError'], ['lost: ConnectionLost']])
  })
})

it('what a protocol throws in connectionLost is logged', function* () {
  class Bad extends Protocol {
    override connectionLost(): void {
      throw new RangeError('no')
    }
  }
  using errors = new LoggedErrors()
  yield* connected(new Noting(), new Bad(), function* (client) {
    client.transport.loseConnection()
    yield* sleep(100)
    assert.deepEqual(errors.take(), ['Unhandled Error no'])
  })
})

it('a network that breaks is ConnectionLost for both', function* () {
  yield* connected(new Noting(), new Noting(), function* (client, server) {
    server.transport.abortConnection()
    client.transport.write('into the void')
    yield* sleep(100)
    assert.deepEqual([client.heard, server.heard], [['lost: ConnectionLost'], ['lost: ConnectionAborted']])
  })
})
