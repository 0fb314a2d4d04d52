// node dist/examples/twisted/proxy.js tcp:127.0.0.1:7000        with the echo server beside it
//
// Passes each connection on to the endpoint that is its argument. Neither side is read faster than the other takes it,
// and what one side ends, the other sees ended. PORT=… for another port than 7002.
import { clientFromString, connectProtocol, Factory, log, Protocol, reactor, serverFromString } from 'fibril/twisted'

class Pipe extends Protocol {
  other: Pipe | null = null

  override dataReceived(data: Buffer) {
    this.other?.transport.write(data)
  }
  readConnectionLost() {
    this.other?.transport.loseWriteConnection()
  }
  writeConnectionLost() {}
  pourInto(other: Pipe) {
    this.other = other
    other.transport.registerProducer(this.transport, true) // paused while that side is slow, stopped when it is lost
  }
}

class Front extends Pipe {
  override connectionMade() {
    this.transport.pauseProducing()
    connectProtocol(upstream, new Pipe())
      .addCallback((back) => {
        back.pourInto(this)
        this.pourInto(back)
      })
      .addErrback((failure) => log.err(failure, 'No upstream:'))
      .addBoth(() => (this.other ? this.transport.resumeProducing() : this.transport.abortConnection()))
  }
}

const upstream = clientFromString(reactor, process.argv[2] ?? 'tcp:127.0.0.1:7000')
const where = `tcp:${process.env['PORT'] ?? 7002}:interface=127.0.0.1`
console.log(`proxy on ${await serverFromString(reactor, where).listen(Factory.forProtocol(Front))}`)
await reactor.run()
