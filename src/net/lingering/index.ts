/**
 * How a web server ends without a client that loses its request: it accepts no more, and each response from now on says that it is
 * the last of its connection. A connection that is kept alive is not simply closed, for its client may be sending a request just
 * now; after that one has been answered it ends, and nobody has lost anything.
 *
 * Apart from all else, so that a worker whose program has nothing of Fibril's need not load more than this.
 */
import { Server } from 'node:net'

/** What of `node:http`, `https` and `http2` is of use here; it is no matter which of them a server is. */
export interface WebServer extends Server {
  closeIdleConnections(): void
}

export function isWebServer(server: Server): server is WebServer {
  return 'closeIdleConnections' in server
}

/** Fulfilled when the last connection has ended. May be said more than once. */
export function acceptNoMore(server: Server): Promise<void> {
  if (isWebServer(server)) {
    server.prependListener('request', sayLast)
    server.prependListener('checkContinue', sayLast)
  }
  // That of http would close what is idle, though a request may be on its way there.
  return new Promise((resolve) => void Server.prototype.close.call(server, () => resolve()))
}

interface Response {
  readonly stream?: unknown
  setHeader(name: string, value: string): void
}

function sayLast(_: unknown, response: Response): void {
  // A stream of http2 has no connection to speak of.
  if (response.stream === undefined) response.setHeader('connection', 'close')
}
