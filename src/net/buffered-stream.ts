import {
  BrokenError,
  ClosedError,
  currentLoop,
  currentTask,
  fn,
  Inspectable,
  KIND,
  type LoopView,
  type Operation,
  spawn,
  timeoutOr,
  UsageError,
} from '../core/index.ts'
import { delimiterBytes, type Framing } from '../protocol/index.ts'
import { FramedStream } from './framed.ts'
import { closedBy, type Refusal } from './net-errors.ts'
import { Peek, ReadExactly, ReadLine, ReadMessage, ReadSome, ReadUntil } from './reads.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { type Settings, settingsOf } from './settings.ts'
import type { Data, Framed, Stream, StreamOptions, StreamStats } from './stream.ts'
import type { StreamCore } from './stream-wait.ts'
import { type Limited, TimeLimits } from './time-limits.ts'
import { codeName, type Piece, type Wire } from './wire.ts'

/**
 * A stream over any wire: the reading half, the writing half, and how both end.
 * Authors of transports (transport.ts) subclass it with a name and a wire.
 */
export abstract class BufferedStream extends Inspectable implements Stream, StreamCore, Limited {
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
  readonly settings: Settings
  /** @internal */
  readonly loop: LoopView
  /** @internal */
  limits: TimeLimits | null
  /** @internal On the loop's clock: when it was opened, and when the last byte came or left. */
  readonly openedAt: number
  /** @internal */
  movedAt: number
  /** @internal Called when it is closed, by whoever keeps a list of what is open. */
  whenClosed: (() => void) | null = null
  private isClosed = false
  /** The last delimiter of `readUntil`: a search for the same one goes on where it stopped. */
  private until: { readonly text: string; readonly bytes: Uint8Array } | null = null

  constructor(options: StreamOptions) {
    super()
    this.settings = settingsOf(options)
    const { idleMs, totalMs } = this.settings
    this.receiver = new Receiver(this)
    this.sender = new Sender(this)
    this.loop = currentLoop()
    this.openedAt = this.wholeMs()
    this.movedAt = this.openedAt
    this.limits = idleMs === Infinity && totalMs === Infinity ? null : new TimeLimits(this, idleMs, totalMs)
  }

  get closed(): boolean {
    return this.isClosed
  }

  override toString(): string {
    return this.name
  }

  // -- reading

  read(max = Infinity): Operation<Buffer | null> {
    if (!(max >= 1)) throw new UsageError(`${this.name}: read(${max}): give a number of bytes from 1 up, or none`)
    return new ReadSome(this.receiver, max)
  }

  peek(count = 1): Operation<Buffer | null> {
    return new Peek(this.receiver, this.counted('peek', count, 1), this.settings.maxRead)
  }

  readExactly(count: number): Operation<Buffer | null> {
    return new ReadExactly(this.receiver, this.counted('readExactly', count, 0), this.settings.maxRead)
  }

  readUntil(delimiter: string | Uint8Array, max = this.settings.lines.framing.maxLength): Operation<Buffer | null> {
    if (typeof delimiter !== 'string') return new ReadUntil(this.receiver, delimiterBytes(delimiter), max)
    if (this.until?.text !== delimiter) this.until = { text: delimiter, bytes: delimiterBytes(delimiter) }
    return new ReadUntil(this.receiver, this.until.bytes, max)
  }

  readLine(): Operation<string | null> {
    return new ReadLine(this.receiver, this.settings.lines)
  }

  async *lines(): AsyncGenerator<string, void, undefined> {
    for (let line = await this.readLine(); line !== null; line = await this.readLine()) yield line
  }

  receive<In>(framing: Framing<In, never>): Operation<In | null> {
    return new ReadMessage(this.receiver, framing, this.settings.maxRead)
  }

  upgrade<In, Out>(framing: Framing<In, Out>): Framed<In, Out> {
    return new FramedStream(this, framing)
  }

  unread(bytes: Uint8Array): void {
    this.receiver.unread(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  private counted(verb: string, count: number, least: number): number {
    if (Number.isSafeInteger(count) && count >= least) return count
    throw new UsageError(`${this.name}: ${verb}(${count}): give a whole number from ${least} up`)
  }

  stopReading(): void {
    this.receiver.stopReading()
  }

  peerEnd(): Operation<void> {
    return this.receiver.peerEnd()
  }

  // -- writing

  write(data: Data): Operation<void> {
    return this.sender.write(data)
  }

  writev(pieces: readonly Piece[]): Operation<void> {
    return this.sender.write(pieces)
  }

  tryWrite(data: Data): boolean {
    return this.sender.tryWrite(data)
  }

  cork(): void {
    this.sender.cork()
  }

  uncork(): void {
    this.sender.uncork()
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

  /** @internal Another stream runs over this one, as TLS does: its time is measured there. */
  liftTimeLimits(): void {
    this.limits?.end()
    this.limits = null
  }

  /** @internal */
  expire(refusal: Refusal): void {
    this.letGo(refusal, false)
  }

  private abort(reset: boolean): void {
    this.letGo(this.closedByCaller(), reset)
  }

  private closedByCaller(): Refusal {
    return closedBy(codeName(currentTask()))
  }

  private letGo(refusal: Refusal, reset: boolean): void {
    if (this.isClosed) return
    this.isClosed = true
    this.limits?.end()
    this.receiver.close(refusal)
    this.sender.close(refusal)
    this.wire.abort(reset)
    this.whenClosed?.()
  }

  /** @internal Nobody reads any more. */
  closeReading(): void {
    this.receiver.close(this.closedByCaller())
  }

  /** @internal Closes it if that needs no waiting; false if it would. Then nobody reads any more. */
  closeAtOnce(): boolean {
    if (this.isClosed) return true
    const { receiver, sender } = this
    this.closeReading()
    sender.transmit()
    if (sender.unsent > 0 || receiver.talkedOver) return false
    // Nothing is left to wait for: letting go of the wire sends the end as well.
    this.destroy()
    return true
  }

  [Symbol.dispose](): void {
    if (this.closeAtOnce()) return
    spawn.detached(leave(this), { name: `closing ${this.name}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal Bytes came, or left. */
  moved(): void {
    this.movedAt = this.wholeMs()
    this.limits?.byteMoved()
  }

  /** A whole number is kept in the stream itself, a fraction in an object of its own. Rounded up, so that no silence is over early. */
  private wholeMs(): number {
    return Math.ceil(this.loop.now())
  }

  /** @internal */
  override get [KIND](): string {
    return 'socket'
  }

  override stats(): StreamStats {
    const now = this.loop.now()
    const { receiver, sender } = this
    return Object.freeze({
      name: this.name,
      bytesRead: receiver.bytesRead,
      bytesWritten: sender.sentBytes,
      chunks: receiver.chunks,
      writes: sender.writes,
      openMs: Math.max(0, now - this.openedAt),
      silentMs: Math.max(0, now - this.movedAt),
      unread: receiver.unreadBytes,
      unsent: sender.unsent,
      reader: nameOf(receiver.reader),
      writer: nameOf(sender.writer),
      closed: this.isClosed,
    })
  }
}

function nameOf(wait: { readonly waiter: { readonly waitingTask: object | null } | null } | null): string | null {
  return wait === null ? null : String(wait.waiter?.waitingTask ?? 'a promise')
}

const close = fn(function* close(stream: BufferedStream) {
  if (stream.closeAtOnce()) return
  const { receiver, sender } = stream
  try {
    const ended = yield* timeoutOr(stream.settings.closeMs, false, ending(stream))
    if (ended === false) {
      throw new BrokenError(
        `${stream.name}: the peer did not take what was written within ${stream.settings.closeMs} ms; ${sender.unsent} bytes are lost.`,
      )
    }
    if (receiver.talkedOver) yield* timeoutOr(stream.settings.lingerMs, undefined, receiver.linger())
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
