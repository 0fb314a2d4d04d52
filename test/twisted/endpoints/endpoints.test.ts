import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Body, sleep } from '../../../src/core/index.ts'
import { net } from '../../../src/net/index.ts'
import { SimNetwork } from '../../../src/testing/index.ts'
import {
  CannotListenError,
  ConnectError,
  type ConnectingCancelledError,
  ConnectionRefusedError,
  ConnectTimeoutError,
  connectProtocol,
  Deferred,
  DNSLookupError,
  Factory,
  type Failure,
  HostnameEndpoint,
  NoProtocol,
  type Port,
  Protocol,
  Reactor,
  reactor,
  SSL4ClientEndpoint,
  SSL4ServerEndpoint,
  SSLError,
  type StreamClientEndpoint,
  type StreamServerEndpoint,
  TCP4ClientEndpoint,
  TCP4ServerEndpoint,
  TCP6ClientEndpoint,
  TCP6ServerEndpoint,
  UNIXClientEndpoint,
  UNIXServerEndpoint,
  wrapClientTLS,
} from '../../../src/twisted/index.ts'
import { ca, identity } from '../../net/tls/certificates.ts'
import { it } from '../../support/it.ts'
import { LoggedErrors } from '../logged-errors.ts'

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data)
  }
}

/** Asks, and fires `answer` with what comes, `lost` when the connection is gone. */
class Ask extends Protocol {
  readonly answer = new Deferred<string>()
  readonly lost = new Deferred<string>()
  override connectionMade(): void {
    this.transport.write('hello')
  }
  override dataReceived(data: Buffer): void {
    if (!this.answer.called) this.answer.callback(String(data))
  }
  override connectionLost(reason: Failure): void {
    if (!this.answer.called) this.answer.callback('')
    this.lost.callback((reason.value as Error).name)
  }
}

class Counting extends Factory {
  override protocol = Echo
  readonly heard: string[] = []
  override startFactory(): void {
    this.heard.push('start')
  }
  override stopFactory(): void {
    this.heard.push('stop')
  }
}

const loopback = { interface: '127.0.0.1' }
const portOf = (port: Port): number => port.getHost().port as number
const kindOf = (failure: Failure): string => (failure.value as Error).name

/** Asks a server at `server` by the endpoint that `client` makes of its port, and closes all. */
function* asks(server: StreamServerEndpoint, client: (port: Port) => StreamClientEndpoint): Body<void> {
  const factory = new Counting()
  const port = yield* server.listen(factory)
  const ask = yield* connectProtocol(client(port), new Ask())
  assert.equal(yield* ask.answer, 'hello')
  ask.transport.loseConnection()
  assert.equal(yield* ask.lost, 'ConnectionDone')
  yield* port.stopListening()
  assert.deepEqual(factory.heard, ['start', 'stop'])
}

it('TCP by IPv4', function* () {
  yield* asks(
    new TCP4ServerEndpoint(reactor, 0, loopback),
    (port) => new TCP4ClientEndpoint(reactor, 'localhost', portOf(port)),
  )
})

it('TCP by IPv6', function* () {
  yield* asks(
    new TCP6ServerEndpoint(reactor, 0, { interface: '::1' }),
    (port) => new TCP6ClientEndpoint(reactor, '::1', portOf(port)),
  )
})

it('a server without an interface listens on all of them', function* () {
  yield* asks(new TCP4ServerEndpoint(reactor, 0), (port) => {
    assert.equal(port.getHost().host, '0.0.0.0')
    return new HostnameEndpoint(reactor, 'localhost', portOf(port))
  })
})

it('a Unix socket, with its mode', function* () {
  const directory = mkdtempSync(join(tmpdir(), 'fibril-'))
  try {
    const path = join(directory, 'socket')
    yield* asks(new UNIXServerEndpoint(reactor, path, { mode: 0o600 }), () => {
      assert.equal(statSync(path).mode & 0o777, 0o600)
      return new UNIXClientEndpoint(reactor, path)
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it('TLS, on its own and wrapped around another endpoint', function* () {
  const server = new SSL4ServerEndpoint(reactor, 0, { certificates: identity('server') }, loopback)
  yield* asks(server, (port) => new SSL4ClientEndpoint(reactor, 'localhost', portOf(port), { ca }))
  yield* asks(server, (port) =>
    wrapClientTLS(reactor, { ca, servername: 'localhost' }, new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(port))),
  )
})

it('a certificate that is not trusted is an SSLError, and harms nobody else on the server', function* () {
  const port = yield* new SSL4ServerEndpoint(reactor, 0, { certificates: identity('server') }, loopback).listen(
    Factory.forProtocol(Echo),
  )
  const untrusted = new SSL4ClientEndpoint(reactor, 'localhost', portOf(port)).connect(Factory.forProtocol(Ask))
  assert.equal(yield* untrusted.addErrback(kindOf), SSLError.prototype.name)
  const ask = yield* connectProtocol(new SSL4ClientEndpoint(reactor, 'localhost', portOf(port), { ca }), new Ask())
  assert.equal(yield* ask.answer, 'hello')
  ask.transport.loseConnection()
  yield* ask.lost
  yield* port.stopListening()
})

it('nobody listens: ConnectionRefusedError, and the factory has stopped', function* () {
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  yield* port.stopListening()
  const factory = new Counting()
  const connecting = new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(port)).connect(factory)
  yield* connecting.addErrback((failure: Failure) => {
    assert.ok(failure.value instanceof ConnectionRefusedError)
    assert.ok(failure.value instanceof ConnectError)
    assert.equal(failure.value.systemCode, 'ECONNREFUSED')
  })
  assert.deepEqual(factory.heard, ['start', 'stop'])
})

it('an address that is taken: CannotListenError', function* () {
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  yield* new TCP4ServerEndpoint(reactor, portOf(port), loopback)
    .listen(new Counting())
    .addErrback((failure: Failure) => {
      assert.ok(failure.value instanceof CannotListenError)
      assert.equal(failure.value.systemCode, 'EADDRINUSE')
    })
  yield* port.stopListening()
  yield* port.stopListening()
})

it('a factory that builds no protocol: NoProtocol for the client; the connection is closed on either side', function* () {
  const refuse = new (class extends Factory {})()
  const echo = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  const failed = new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(echo)).connect(refuse).addErrback(kindOf)
  assert.equal(yield* failed, NoProtocol.prototype.name)
  assert.equal(refuse.numPorts, 0)
  const refusing = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(refuse)
  const ask = yield* connectProtocol(new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(refusing)), new Ask())
  assert.match(yield* ask.lost, /^Connection(Done|Lost)$/)
  yield* echo.stopListening()
  yield* refusing.stopListening()
})

it('what buildProtocol throws is the failure of a client, and logged for a server', function* () {
  class Broken extends Factory {
    override buildProtocol(): Protocol {
      throw new RangeError('no')
    }
  }
  using errors = new LoggedErrors()
  const echo = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  const failed = new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(echo)).connect(new Broken()).addErrback(kindOf)
  assert.equal(yield* failed, 'RangeError')
  const broken = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Broken())
  const ask = yield* connectProtocol(new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(broken)), new Ask())
  yield* ask.lost
  assert.deepEqual(errors.take(), ['Unhandled Error no'])
  yield* echo.stopListening()
  yield* broken.stopListening()
})

it('what connectionMade throws is logged, and fails the connect', function* () {
  class Bad extends Protocol {
    override connectionMade(): void {
      throw new RangeError('no')
    }
  }
  using errors = new LoggedErrors()
  const echo = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  const endpoint = new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(echo))
  assert.equal(yield* endpoint.connect(Factory.forProtocol(Bad)).addErrback(kindOf), 'RangeError')
  assert.deepEqual(errors.take(), ['Unhandled Error no'])
  yield* echo.stopListening()
})

it('a cancel gives the attempt up: ConnectingCancelledError with the address, and nothing is left', function* () {
  const network = new SimNetwork()
  const host = network.host('client')
  network.partition([host], [network.host('server')])
  const reactor = new Reactor({ net: host })
  const factory = new Counting()
  const connecting = new HostnameEndpoint(reactor, 'server', 80).connect(factory)
  yield* sleep(10)
  assert.match(reactor.getSelectables()[0]?.name ?? '', /attempt: connection to server:80/)
  connecting.cancel()
  const address = connecting.addErrback((failure: Failure) => (failure.value as ConnectingCancelledError).address)
  assert.deepEqual(yield* address, { host: 'server', port: 80 })
  yield* sleep(1)
  assert.deepEqual([reactor.getSelectables(), factory.heard], [[], ['start', 'stop']])
})

it('an attempt that takes longer than its timeout, which is 30 seconds: ConnectTimeoutError', function* () {
  const network = new SimNetwork()
  const host = network.host('client')
  network.partition([host], [network.host('server')])
  const reactor = new Reactor({ net: host })
  for (const [timeout, options] of [
    [30_000, {}],
    [50, { timeout: 50 }],
  ] as const) {
    const start = reactor.now()
    const kind = new HostnameEndpoint(reactor, 'server', 80, options).connect(new Counting()).addErrback(kindOf)
    assert.equal(yield* kind, ConnectTimeoutError.prototype.name)
    assert.equal(reactor.now() - start, timeout)
  }
})

it('a HostnameEndpoint tries the addresses in turn, and takes the first that can be connected to', function* () {
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  const endpoint = new HostnameEndpoint(reactor, 'poetry.example', portOf(port), {
    lookup: (_, family) => (family === 4 ? ['127.0.0.2', '127.0.0.3', '127.0.0.1'] : []),
  })
  const ask = yield* connectProtocol(endpoint, new Ask())
  assert.deepEqual(ask.transport.getPeer().host, '127.0.0.1')
  assert.equal(yield* ask.answer, 'hello')
  ask.transport.loseConnection()
  yield* ask.lost
  yield* port.stopListening()
})

it('a HostnameEndpoint gives an attempt 300 ms before the next, and may be told otherwise', function* () {
  const delays: unknown[] = []
  const watching = new Reactor({
    net: {
      ...net,
      connect(options) {
        delays.push(options.attemptDelayMs)
        return net.connect(options)
      },
    },
  })
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  for (const options of [{}, { attemptDelay: 50 }]) {
    const ask = yield* connectProtocol(new HostnameEndpoint(watching, 'localhost', portOf(port), options), new Ask())
    yield* ask.answer
    ask.transport.loseConnection()
    yield* ask.lost
  }
  yield* port.stopListening()
  assert.deepEqual(delays, [300, 50])
})

it('when all addresses fail, that is an error of the kind of the last one, with all as its cause', function* () {
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  yield* port.stopListening()
  const endpoint = new HostnameEndpoint(reactor, 'poetry.example', portOf(port), {
    lookup: (_, family) => (family === 4 ? ['127.0.0.2', '127.0.0.1'] : []),
  })
  yield* endpoint.connect(new Counting()).addErrback((failure: Failure) => {
    assert.ok(failure.value instanceof ConnectionRefusedError)
    assert.equal(((failure.value.cause as Error).cause as AggregateError).errors.length, 2)
  })
})

it('a host without addresses: DNSLookupError', function* () {
  for (const lookup of [
    () => [],
    () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    },
  ]) {
    const kind = new HostnameEndpoint(reactor, 'nowhere.example', 80, { lookup })
      .connect(new Counting())
      .addErrback(kindOf)
    assert.equal(yield* kind, DNSLookupError.prototype.name)
  }
})

it('bindAddress is the address of this side', function* () {
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  const endpoint = new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(port), { bindAddress: '127.0.0.9' })
  const ask = yield* connectProtocol(endpoint, new Ask())
  assert.equal(ask.transport.getHost().host, '127.0.0.9')
  yield* ask.answer
  ask.transport.loseConnection()
  yield* ask.lost
  yield* port.stopListening()
})

it('stopListening takes no more connections, and leaves those alone that were made', function* () {
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  const endpoint = new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(port))
  const ask = yield* connectProtocol(endpoint, new Ask())
  yield* ask.answer
  yield* port.stopListening()
  assert.equal(yield* endpoint.connect(new Counting()).addErrback(kindOf), 'ConnectionRefusedError')
  ask.transport.write('still there')
  yield* sleep(1)
  assert.equal(ask.connected, true)
  ask.transport.loseConnection()
  assert.equal(yield* ask.lost, 'ConnectionDone')
})

it('the shutdown of a reactor closes its ports and connections', function* () {
  const reactor = new Reactor()
  const over = reactor.run()
  const port = yield* new TCP4ServerEndpoint(reactor, 0, loopback).listen(new Counting())
  const ask = yield* connectProtocol(new TCP4ClientEndpoint(reactor, '127.0.0.1', portOf(port)), new Ask())
  yield* ask.answer
  reactor.stop()
  yield* over
  assert.match(yield* ask.lost, /^Connection(Aborted|Lost)$/)
  assert.deepEqual(reactor.getSelectables(), [])
})
