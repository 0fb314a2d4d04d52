import { MessageChannel } from 'node:worker_threads'
import { sleep } from 'fibril'
import { ThreadPool } from 'fibril/offload'
import {
  type ClientService,
  connectProtocol,
  type Deferred,
  deferLater,
  deferOperation,
  deferToThread,
  Factory,
  type Port,
  Protocol,
  ReconnectingClientFactory,
  reactor,
  reactorThread,
  TCP4ClientEndpoint,
} from 'fibril/twisted'

class Hello extends Protocol {
  readonly said = 'hello'
}

// A factory made for a protocol is of the class that made it.
const factory: ReconnectingClientFactory = ReconnectingClientFactory.forProtocol(Hello)
class Named extends Factory {
  constructor(readonly_: string) {
    super()
    void readonly_
  }
}
const named: Named = Named.forProtocol(Hello, 'Ada')
// @ts-expect-error: the constructor's argument is missing
Named.forProtocol(Hello)

// connectProtocol gives the protocol that it was given; an endpoint any.
const endpoint = new TCP4ClientEndpoint(reactor, 'localhost', 80)
const hello: Deferred<Hello> = connectProtocol(endpoint, new Hello())
const any: Deferred<Protocol> = endpoint.connect(factory)
const port: Deferred<Port> = reactor.listenTCP(0, named)
declare const service: ClientService
const connected: Deferred<Protocol> = service.whenConnected(3)

// Calls that come later take the arguments of their functions.
reactor.callLater(1, (a: number, b: string) => `${a}${b}`, 1, 'b')
// @ts-expect-error: a number is no string
reactor.callLater(1, (a: string) => a, 1)
const sum: Deferred<number> = deferLater(reactor, 1, (a: number, b: number) => a + b, 1, 2)
const later: Deferred<string> = deferLater(reactor, 1, async () => 'later')
const pause: Deferred<void> = deferLater(reactor, 1)
const slept: Deferred<void> = deferOperation(() => sleep(1))

// Threads call functions by name, with their types.
const { port1 } = new MessageChannel()
const main = reactorThread<{ add: (a: number, b: number) => Promise<number> }>(port1)
main.callFromThread('add', 1, 2)
const added: number = main.blockingCallFromThread('add', 1, 2)
// @ts-expect-error: there is no such function
main.callFromThread('subtract', 1, 2)
const pool = new ThreadPool<typeof import('node:path')>('node:path')
const name: Deferred<string> = deferToThread(pool, 'basename', '/tmp/x')

void [hello, any, port, connected, sum, later, pause, slept, added, name]
