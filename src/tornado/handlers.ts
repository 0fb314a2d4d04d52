/**
 * Handlers of sockets and servers, in the manner of `select`: told again in each turn, as long as what they listen for
 * holds. Node tells by events instead, so a handler is asked for again after each call while its source is still ready.
 */
import type { Server, Socket } from 'node:net'
import { UsageError } from '../core/index.ts'

const READ = 1
const WRITE = 4
const ERROR = 24

/** What can have a handler: a socket of `node:net`, or a server, which is readable when a connection has come. */
export type EventSource = Socket | Server

/** Is told of `events`; for a server, with the connection that has come. */
export type EventHandler<S extends EventSource> = (source: S, events: number, connection?: Socket) => unknown

type Call = (callback: () => unknown) => void

export class Handlers {
  readonly #call: Call
  readonly #entries = new Map<EventSource, Entry>()

  constructor(call: Call) {
    this.#call = call
  }

  add(source: EventSource, handler: EventHandler<EventSource>, events: number): void {
    if (this.#entries.has(source))
      throw new UsageError('this source has a handler already: updateHandler, or removeHandler first')
    const entry = isServer(source)
      ? new ServerEntry(source, handler, this.#call)
      : new SocketEntry(source, handler, this.#call)
    this.#entries.set(source, entry)
    entry.listen(events)
  }

  update(source: EventSource, events: number): void {
    const entry = this.#entries.get(source)
    if (entry === undefined) throw new UsageError('this source has no handler: addHandler first')
    entry.listen(events)
  }

  remove(source: EventSource): void {
    this.#entries.get(source)?.close()
    this.#entries.delete(source)
  }

  clear(): void {
    for (const entry of this.#entries.values()) entry.close()
    this.#entries.clear()
  }
}

interface Entry {
  listen(events: number): void
  close(): void
}

function isServer(source: EventSource): source is Server {
  return 'listen' in source && typeof source.listen === 'function'
}

class SocketEntry implements Entry {
  private readonly source: Socket
  private readonly handler: EventHandler<EventSource>
  private readonly call: Call
  private events = 0
  private failed = false
  private asked = false
  private readonly changed = (): void => {
    // The end comes only to who reads it.
    if (this.source.readableLength === 0) this.source.read(0)
    this.ask()
  }
  private readonly broke = (): void => {
    this.failed = true
    this.ask()
  }

  constructor(source: Socket, handler: EventHandler<EventSource>, call: Call) {
    this.source = source
    this.handler = handler
    this.call = call
    for (const event of ['readable', 'end', 'drain', 'connect'] as const) source.on(event, this.changed)
    source.on('error', this.broke)
    source.on('close', this.broke)
  }

  listen(events: number): void {
    this.events = events
    this.ask()
  }

  close(): void {
    this.events = 0
    for (const event of ['readable', 'end', 'drain', 'connect'] as const) this.source.off(event, this.changed)
    // An error with nobody to hear it would end the process.
    this.source.off('close', this.broke)
  }

  /** Which of the events hold now. */
  private get ready(): number {
    const { source } = this
    const readable = source.readableLength > 0 || source.readableEnded ? READ : 0
    const writable = source.writable && !source.connecting && !source.writableNeedDrain ? WRITE : 0
    return ((readable | writable) & this.events) | (this.failed ? ERROR : 0)
  }

  private ask(): void {
    if (this.asked || this.events === 0 || this.ready === 0) return
    this.asked = true
    const { handler } = this
    const tell = (): unknown => {
      this.asked = false
      const ready = this.events === 0 ? 0 : this.ready
      if (ready === 0) return undefined
      if (this.failed) this.events = 0
      const result = handler(this.source, ready)
      this.ask()
      return result
    }
    this.call(Object.defineProperty(tell, 'name', { value: handler.name || 'handler' }))
  }
}

class ServerEntry implements Entry {
  private readonly source: Server
  private readonly handler: EventHandler<EventSource>
  private readonly call: Call
  private events = 0
  private readonly waiting: Socket[] = []
  private readonly connected = (connection: Socket): void => {
    this.waiting.push(connection)
    this.tell()
  }

  constructor(source: Server, handler: EventHandler<EventSource>, call: Call) {
    this.source = source
    this.handler = handler
    this.call = call
    source.on('connection', this.connected)
  }

  listen(events: number): void {
    this.events = events
    this.tell()
  }

  close(): void {
    this.events = 0
    this.source.off('connection', this.connected)
    for (const connection of this.waiting.splice(0)) connection.destroy()
  }

  private tell(): void {
    if ((this.events & READ) === 0) return
    for (const connection of this.waiting.splice(0)) {
      const tell = (): unknown => {
        if ((this.events & READ) !== 0) return this.handler(this.source, READ, connection)
        if (this.events === 0) connection.destroy()
        else this.waiting.push(connection)
        return undefined
      }
      this.call(Object.defineProperty(tell, 'name', { value: this.handler.name || 'handler' }))
    }
  }
}
