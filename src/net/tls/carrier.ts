import { Duplex } from 'node:stream'
import { NOT_YET, type Waiter } from '../../core/index.ts'
import type { BufferedStream } from '../buffered-stream.ts'
import { ReadSome } from '../reads.ts'
import type { Receiver } from '../receiver.ts'
import type { Sender } from '../sender.ts'

/** A read that nobody waits for: that it stands must not hold up the clock of a test, or hide a deadlock. */
class CarrierRead extends ReadSome {
  protected override get external(): boolean {
    return false
  }
}

/**
 * Theory of operation: what carries the records of TLS, as the duplex stream that node's TLS wants. It works on the two halves of a
 * stream of ours, whatever kind that is, without a task.
 *
 * Node's TLS could work on a socket of node's directly, and that is a little cheaper. But then an end that the peer sent
 * (close_notify) cannot be told from a connection that was cut off, by anybody, as node has no event and no property for it.
 * Here it can: `drained` is set after all that came was given to TLS, and before TLS is told that no more will come.
 *
 * A write is done when its bytes have left this process, so what TLS has sent is what the kernel has.
 */
export class Carrier extends Duplex {
  /** The peer's connection ended, and TLS has had all that came before. */
  drained = false
  /** Bytes that TLS has written. */
  written = 0
  private readonly receiver: Receiver
  private readonly sender: Sender
  private readonly letGo: () => void
  private readonly cutOff: () => void
  private readonly whenBroken: (cause: unknown) => void
  private reading: CarrierRead | null = null
  private leaving = false
  private ended = false
  private readonly reader: Waiter<Buffer | null> = {
    resume: (chunk) => {
      this.reading = null
      if (this.give(chunk)) this.pump()
    },
    reject: (error) => {
      this.reading = null
      this.break(error)
    },
    waitingTask: null,
  }

  /** `inner` is nobody else's from now on. */
  constructor(inner: BufferedStream, whenBroken: (cause: unknown) => void) {
    super()
    this.receiver = inner.receiver
    this.sender = inner.sender
    this.letGo = inner.destroy.bind(inner)
    this.cutOff = inner.reset.bind(inner)
    this.whenBroken = whenBroken
    // Before the listener of node's TLS, which comes later.
    this.once('end', () => {
      this.drained = true
    })
  }

  /** All that TLS has written has left this process. */
  get idle(): boolean {
    return this.sender.unsent === 0
  }

  /** Lets go of the connection when TLS has said its last words, which it is about to; or now, if they would have to wait. */
  leave(): void {
    this.leaving = true
    if (this.ended || !this.idle) this.destroy()
  }

  /** Lets go at once, and has the peer see an error. */
  reset(): void {
    this.cutOff()
    this.destroy()
  }

  private break(error: unknown): void {
    if (this.destroyed) return
    this.whenBroken((error as { cause?: unknown }).cause ?? error)
    this.destroy()
  }

  // -- from the peer to TLS

  override _read(): void {
    if (this.reading === null) this.pump()
  }

  private pump(): void {
    for (;;) {
      const read = new CarrierRead(this.receiver, Infinity)
      let chunk: Buffer | null | typeof NOT_YET
      try {
        chunk = read.attempt()
      } catch (error) {
        return this.break(error)
      }
      if (chunk === NOT_YET) {
        this.reading = read
        return read.install(this.reader)
      }
      if (!this.give(chunk)) return
    }
  }

  /** True if more is wanted. */
  private give(chunk: Buffer | null): boolean {
    return this.push(chunk) && chunk !== null
  }

  // -- from TLS to the peer

  override _write(chunk: Buffer, _encoding: unknown, done: (error?: Error | null) => void): void {
    this.send([chunk], 0, done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.send(
      chunks.map(({ chunk }) => chunk),
      0,
      done,
    )
  }

  private send(chunks: readonly Buffer[], next: number, done: (error?: Error | null) => void): void {
    const { sender } = this
    const fail = (error: unknown): void => {
      this.break(error)
      done(error as Error)
    }
    try {
      for (let chunk = chunks[next]; chunk !== undefined && sender.tryWrite(chunk); chunk = chunks[++next])
        this.written += chunk.length
      sender.flush()
      const all = next === chunks.length
      if (all && this.idle) return done()
      if (this.leaving) return void this.destroy()
      const resume = (): void => (all ? done() : this.send(chunks, next, done))
      sender.flushed().install({ resume, reject: fail, waitingTask: null })
    } catch (error) {
      fail(error)
    }
  }

  /** All that was written has left. Does not wait for the end to leave: while it did, node's TLS could not answer the peer (it asserts). */
  override _final(done: (error?: Error | null) => void): void {
    this.ended = true
    try {
      this.sender.beginEnd()
      done()
    } catch (error) {
      this.break(error)
      done(error as Error)
    }
    if (this.leaving) this.destroy()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.reading?.uninstall()
    this.reading = null
    this.letGo()
    done(error)
  }
}
