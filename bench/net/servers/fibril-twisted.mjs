// An echo server on the LineReceiver of fibril/twisted. Says its port.
import { Factory, LineReceiver, reactor } from '../../../dist/src/twisted/index.js'

class Echo extends LineReceiver {
  delimiter = '\n'

  lineReceived(line) {
    this.sendLine(line)
  }
}

const port = await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
console.log(port.getHost().port)
