// node dist/examples/twisted/echo.js        then try: nc 127.0.0.1 7000
//
// Sends each line back. An endpoint as its argument for another place: tcp:7001, or unix:/tmp/echo.
import { Factory, LineReceiver, reactor, serverFromString } from 'fibril/twisted'

class Echo extends LineReceiver {
  override delimiter = '\n'

  lineReceived(line: Buffer) {
    this.sendLine(line)
  }
}

const where = process.argv[2] ?? `tcp:${process.env['PORT'] ?? 7000}:interface=127.0.0.1`
const port = await serverFromString(reactor, where).listen(Factory.forProtocol(Echo))
console.log(`echo on ${port}`)
await reactor.run()
