import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Body } from '../../../src/core/index.ts'
import {
  clientFromString,
  connectProtocol,
  Deferred,
  Factory,
  Protocol,
  quoteStringArgument,
  reactor,
  serverFromString,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

class Hello extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello')
    this.transport.loseConnection()
  }
}
class Listening extends Protocol {
  readonly said = new Deferred<string>()
  private text = ''
  override dataReceived(data: Buffer): void {
    this.text += data
  }
  override connectionLost(): void {
    this.said.callback(this.text)
  }
}

/** Listens by one text, connects by another, which is made of the port, and closes all. */
function* talks(server: string, client: (port: number) => string): Body<void> {
  const port = yield* serverFromString(reactor, server).listen(Factory.forProtocol(Hello))
  const endpoint = clientFromString(reactor, client(port.getHost().port ?? 0))
  const listening = yield* connectProtocol(endpoint, new Listening())
  assert.equal(yield* listening.said, 'hello')
  yield* port.stopListening()
}

it('tcp: host and port by place, by key, and by either in any mixture', function* () {
  const texts: ((port: number) => string)[] = [
    (port) => `tcp:127.0.0.1:${port}`,
    (port) => `tcp:host=127.0.0.1:port=${port}`,
    (port) => `tcp:port=${port}:host=127.0.0.1`,
    (port) => `tcp:host=127.0.0.1:${port}`,
    (port) => `tcp:127.0.0.1:port=${port}:timeout=5000:bindAddress=127.0.0.7`,
    (port) => `TCP:127.0.0.1:${port}`,
  ]
  for (const text of texts) yield* talks('tcp:0:interface=127.0.0.1', text)
  yield* talks('tcp:port=0:interface=127.0.0.1:backlog=5', (port) => `tcp:127.0.0.1:${port}`)
  yield* talks('tcp6:0:interface=\\:\\:', (port) => `tcp:127.0.0.1:${port}`)
})

it('unix: a path whose colons are escaped', function* () {
  const directory = mkdtempSync(join(tmpdir(), 'fibril-'))
  try {
    const path = quoteStringArgument(join(directory, 'a:b=c\\d'))
    yield* talks(`unix:${path}:mode=600`, () => `unix:path=${path}:timeout=1000`)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it('ssl and tls: certificates and authorities by their files', function* () {
  const file = (name: string): string => quoteStringArgument(`test/net/certificates/${name}.pem`)
  const server = `ssl:0:privateKey=${file('server-key')}:certKey=${file('server')}:interface=127.0.0.1`
  const trust = quoteStringArgument('test/net/certificates')
  yield* talks(server, (port) => `ssl:127.0.0.1:${port}:hostname=localhost:caCertsDir=${trust}`)
  yield* talks(server, (port) => `tls:localhost:${port}:trustRoots=${trust}`)
  yield* talks(server, (port) => `tls:localhost:${port}:trustRoots=${trust}:endpoint=tcp\\:127.0.0.1\\:${port}`)
})

it('quoteStringArgument makes a value of any text', () => {
  const quoted = quoteStringArgument('C:\\a=b')
  assert.equal(quoted, 'C\\:\\\\a\\=b')
  assert.deepEqual(clientFromString(reactor, `unix:${quoted}`).address, { path: 'C:\\a=b' })
})

it('an = in a value needs no escape, and an IPv6 address does for its colons', () => {
  assert.deepEqual(clientFromString(reactor, 'unix:path=/a=b').address, { path: '/a=b' })
  assert.deepEqual(clientFromString(reactor, 'tcp:host=\\:\\:1:port=80').address, { host: '::1', port: 80 })
})

it('what cannot be understood is an error that says why', () => {
  for (const [text, why] of [
    ['', /its kind is ""/],
    ['udp:localhost:80', /its kind is "udp": give tcp, ssl, tls, unix/],
    ['constructor:1', /its kind is "constructor"/],
    ['tcp:localhost', /port is missing/],
    ['tcp::80', /host is missing/],
    ['tcp:localhost:http', /port is "http": give a whole number/],
    ['tcp:localhost:65536', /the port is 65536/],
    ['tcp:localhost:80:host=other', /host is given twice/],
    ['tcp:localhost:80:colour=red', /it has no parameter colour: give host, port, timeout, bindAddress/],
    ['tcp:localhost:80:1:2:3', /there is no parameter left for "3"/],
    ['tcp:localhost:80:timeout=soon', /timeout is "soon"/],
    ['tcp=1', /its kind is "1"/],
  ] as const) {
    assert.throws(() => clientFromString(reactor, text), why, text)
  }
  assert.throws(() => serverFromString(reactor, 'unix:/tmp/x:mode=rw'), /the mode is rw: give it in octal/)
  assert.throws(() => serverFromString(reactor, 'tcp:'), /port is missing/)
})
