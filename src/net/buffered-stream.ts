import {
  BrokenError,
  ClosedError,
  currentTask,
  fn,
  type Operation,
  spawn,
  timeoutOr,
  UsageError,
} from '../core/index.ts'
import { delimiterBytes, LineFraming } from '../protocol/index.ts'
import { type Decode, decodeLatin1, decodeUtf8, ReadExactly, ReadLine, ReadSome, ReadUntil } from './reads.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import type { Stream, StreamOptions, StreamStats } from './stream.ts'
import { codeName, type Wire } from './wire.ts'

/**
 * A stream over any wire: the reading half, the writing half, and how both end.
 * Authors of transports (transport.ts) subclass it with a name and a wire.
 */
export abstract class BufferedStream implements Stream {
  abstract readonly name: string
  /** @internal The other side, for the names of tasks. */
  abstract readonly peerName: string
  /** @internal */
  abstract readonly wire: Wire
  /** @internal */
  readonly receiver: Receiver
  /** @internal */
  readonly sender: Sender
  /** @internal */
  readonly closeMs: number
  /** @internal */
  readonly lingerMs: number
  /** @internal Called when it is closed, by whoever keeps a list of what is open. */
  whenClosed: (() => void) | null = null
  private readonly framing: LineFraming
  private readonly decode: Decode
  private isClosed = false
  /** The last delimiter of `readUntil`: a search for the same one goes on where it stopped. */
  private until: { readonly text: string; readonly bytes: Uint8Array } | null = null

  constructor(options: StreamOptions) {
    const {
      highWaterMark = 65_536,
      maxLine = 65_536,
      delimiter,
      encoding = 'utf8',
      closeMs = 10_000,
      lingerMs = 1000,
    } = options
    if (!(highWaterMark >= 1))
      throw new UsageError(`highWaterMark is ${highWaterMark}: give a number of bytes from 1 up`)
    this.framing = new LineFraming(delimiter === undefined ? { maxLength: maxLine } : { delimiter, maxLength: maxLine })
    this.decode = encoding === 'latin1' ? decodeLatin1 : decodeUtf8
    this.closeMs = closeMs
    this.lingerMs = lingerMs
    this.receiver = new Receiver(this, highWaterMark)
    this.sender = new Sender(this, highWaterMark)
  }

  get closed(): boolean {
    return this.isClosed
  }

  toString(): string {
    return this.name
  }

  // -- reading

  read(max = Infinity): Operation<Buffer | null> {
    if (!(max >= 1)) throw new UsageError(`${this.name}: read(${max}): give a number of bytes from 1 up, or none`)
    return new ReadSome(this.receiver, max)
  }

  readExactly(count: number): Operation<Buffer | null> {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new UsageError(`${this.name}: readExactly(${count}): give a whole number from 0 up`)
    return new ReadExactly(this.receiver, count)
  }

  readUntil(delimiter: string | Uint8Array, max = this.framing.maxLength): Operation<Buffer | null> {
    if (typeof delimiter !== 'string') return new ReadUntil(this.receiver, delimiterBytes(delimiter), max)
    if (this.until?.text !== delimiter) this.until = { text: delimiter, bytes: delimiterBytes(delimiter) }
    return new ReadUntil(this.receiver, this.until.bytes, max)
  }

  readLine(): Operation<string | null> {
    return new ReadLine(this.receiver, this.framing, this.decode)
  }

  async *lines(): AsyncGenerator<string, void, undefined> {
    for (let line = await this.readLine(); line !== null; line = await this.readLine()) yield line
  }

  stopReading(): void {
    this.receiver.stopReading()
  }

  // -- writing

  write(data: string | Uint8Array): Operation<void> {
    return this.sender.write(data)
  }

  tryWrite(data: string | Uint8Array): boolean {
    return this.sender.tryWrite(data)
  }

  flush(): Operation<void> {
    return this.sender.flushed()
  }

  end(): Operation<void> {
    return this.sender.end()
  }

  // -- closing

  close(): Operation<void> {
    return close(this)
  }

  destroy(): void {
    this.abort(false)
  }

  reset(): void {
    this.abort(true)
  }

  private abort(reset: boolean): void {
    if (this.isClosed) return
    this.isClosed = true
    const closer = codeName(currentTask())
    this.receiver.close(closer)
    this.sender.close(closer)
    this.wire.abort(reset)
    this.whenClosed?.()
  }

  [Symbol.dispose](): void {
    if (this.isClosed) return
    this.sender.flush()
    if (this.sender.unsent === 0) return this.destroy()
    this.receiver.close(codeName(currentTask()))
    spawn.detached(leave(this), { name: `closing ${this.name}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  stats(): StreamStats {
    const { receiver, sender } = this
    return Object.freeze({
      name: this.name,
      bytesRead: receiver.bytesRead,
      bytesWritten: sender.sentBytes,
      unread: receiver.buffer.length,
      unsent: sender.unsent,
      reader: nameOf(receiver.readers.first),
      writer: nameOf(sender.writers.first),
      closed: this.isClosed,
    })
  }
}

function nameOf(wait: { readonly waiter: { readonly waitingTask: object | null } | null } | null): string | null {
  return wait === null ? null : String(wait.waiter?.waitingTask ?? 'a promise')
}

const close = fn(function* close(stream: BufferedStream) {
  if (stream.closed) return
  const { receiver, sender } = stream
  try {
    receiver.close(codeName(currentTask()))
    sender.flush()
    // Nothing is left to wait for: letting go of the wire sends the end as well.
    if (sender.unsent === 0 && !receiver.talkedOver) return
    const ended = yield* timeoutOr(stream.closeMs, false, ending(stream))
    if (ended === false) {
      throw new BrokenError(
        `${stream.name}: the peer did not take what was written within ${stream.closeMs} ms; ${sender.unsent} bytes are lost.`,
      )
    }
    if (receiver.talkedOver) yield* timeoutOr(stream.lingerMs, undefined, receiver.peerEnd())
  } finally {
    stream.destroy()
  }
})

/** Sends what was written, and the end. Only bytes that are lost are worth an error here. */
const ending = fn(function* ending({ sender }: BufferedStream) {
  try {
    yield* sender.end()
  } catch (error) {
    // Somebody else destroyed it while this one waited: closed is closed.
    if (error instanceof ClosedError || !sender.lost) return
    throw error
  }
})

const leave = fn(function* leave(stream: BufferedStream) {
  try {
    yield* stream.close()
  } catch (error) {
    // Documented: who leaves by `using` does not hear of it.
    if (!(error instanceof BrokenError)) throw error
  }
})
