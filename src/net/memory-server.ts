import { ClosedError, ListedWait, NOT_YET, WaitList } from '../core/index.ts'
import { type MemoryStream, memoryPair } from './memory.ts'
import { type Listener, Server } from './server.ts'
import type { StreamOptions } from './stream.ts'

class Accept extends ListedWait<MemoryStream> {
  private readonly listener: MemoryListener

  constructor(listener: MemoryListener) {
    super()
    this.listener = listener
  }

  override get reason(): string {
    return `${this.listener.name}: a connection`
  }

  override get line(): WaitList<Accept> {
    return this.listener.acceptors
  }

  override attempt(): MemoryStream | typeof NOT_YET {
    return this.listener.take()
  }
}

class MemoryListener implements Listener<MemoryStream> {
  readonly name = 'memory'
  readonly address = {}
  readonly acceptors = new WaitList<Accept>()
  private readonly arrived = new Set<MemoryStream>()
  private readonly options: StreamOptions
  private closed = false
  private connections = 0
  private failure: unknown = null

  constructor(options: StreamOptions) {
    this.options = options
  }

  connect(): MemoryStream {
    if (this.closed) throw new ClosedError(`${this.name} is closed: nobody listens`)
    const n = ++this.connections
    const [client, server] = memoryPair({ ...this.options, names: [`memory client ${n}`, `memory connection ${n}`] })
    const acceptor = this.acceptors.shift()
    if (acceptor === null) this.arrived.add(server)
    else acceptor.resume(server)
    return client
  }

  fail(error: unknown): void {
    const acceptor = this.acceptors.shift()
    if (acceptor === null) this.failure = error
    else acceptor.reject(error)
  }

  accept(): Accept {
    return new Accept(this)
  }

  take(): MemoryStream | typeof NOT_YET {
    if (this.closed) throw new ClosedError(`${this.name} is closed`)
    const failure = this.failure
    this.failure = null
    if (failure !== null) throw failure
    for (const stream of this.arrived) {
      this.arrived.delete(stream)
      return stream
    }
    return NOT_YET
  }

  close(): void {
    this.closed = true
    for (const stream of this.arrived) stream.destroy()
    this.arrived.clear()
    for (let wait = this.acceptors.shift(); wait !== null; wait = this.acceptors.shift()) {
      wait.reject(new ClosedError(`${this.name} is closed`))
    }
  }

  get waiting(): number {
    return this.arrived.size
  }

  readonly refused = 0
}

/** A server whose connections are in memory. */
export class MemoryServer extends Server<MemoryStream> {
  readonly #listener: MemoryListener

  constructor(options: StreamOptions = {}) {
    const listener = new MemoryListener(options)
    super(listener)
    this.#listener = listener
  }

  /** A connection to it, which it accepts when it gets to it. */
  connect(): MemoryStream {
    return this.#listener.connect()
  }

  /** Has its next `accept` fail with `error`, as a machine that is out of files does. */
  failAccept(error: unknown): void {
    this.#listener.fail(error)
  }
}
