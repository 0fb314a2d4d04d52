import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Which way bytes are held: both, or only those from, or to, the server behind. */
export type Way = 'both' | 'from' | 'to'

/** A wire that can be cut: it stands between clients and a server, and forwards what they say. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number
  private readonly listener: Server
  private readonly pairs = new Set<readonly [client: Socket, server: Socket]>()
  private held: Way | null = null

  private constructor(listener: Server, behind: number) {
    this.listener = listener
    this.port = (listener.address() as AddressInfo).port
    listener.on('connection', (client) => this.join(client, behind))
  }

  static async open(behind: number): Promise<TcpProxy> {
    const listener = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    return new TcpProxy(listener, behind)
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  /** Forwards nothing more, and closes nothing; new connections are taken, and hear nothing. */
  hold(way: Way = 'both'): void {
    this.held = way
    for (const [client, server] of this.pairs) {
      if (way === 'from') client.resume()
      else client.pause()
      if (way === 'to') server.resume()
      else server.pause()
    }
  }

  /** Goes on, with what was said meanwhile. */
  heal(): void {
    this.held = null
    for (const pair of this.pairs) for (const socket of pair) socket.resume()
  }

  /** Resets all connections, on both sides. */
  reset(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.reset()
    this.listener.close()
    await once(this.listener, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private join(client: Socket, behind: number): void {
    const server = connect({ port: behind, host: '127.0.0.1', noDelay: true })
    const pair = [client, server] as const
    this.pairs.add(pair)
    for (const [from, to] of [pair, [server, client] as const]) {
      from.on('data', (bytes) => void to.write(bytes))
      from.on('error', () => {})
      from.on('close', () => {
        to.destroy()
        this.pairs.delete(pair)
      })
    }
    if (this.held !== null) this.hold(this.held)
  }
}
