/**
 * Streams in memory, which behave like connections: for tests under a virtual clock, and for parts of one program that
 * talk as if over a network. Bytes move at once, and a peer that does not read makes the writer wait.
 */
import { BufferedStream } from './buffered-stream.ts'
import type { StreamOptions } from './stream.ts'
import type { Piece, Wire } from './wire.ts'

class MemoryWire implements Wire {
  readonly external = false
  readonly stream: MemoryStream
  peer!: MemoryWire
  private gone = false
  /** This side takes no bytes for now. */
  private paused = false
  /** What the other side could not take yet. */
  private waiting: readonly Piece[] | null = null

  constructor(stream: MemoryStream) {
    this.stream = stream
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    const { peer } = this
    const pieces = peer.waiting
    if (pieces === null) return
    peer.waiting = null
    this.deliver(pieces)
    peer.stream.sender.sent()
  }

  written(): void {
    this.stream.sender.flush()
  }

  transmit(pieces: readonly Piece[]): boolean {
    const { peer } = this
    if (peer.gone) {
      this.break()
      return false
    }
    if (peer.paused) {
      this.waiting = pieces
      return false
    }
    peer.deliver(pieces)
    return true
  }

  /** Copies, as a kernel does: what the writer does with its bytes afterwards is not seen here. */
  private deliver(pieces: readonly Piece[]): void {
    for (const piece of pieces)
      this.stream.receiver.push(typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece))
  }

  finish(): void {
    this.peer.stream.receiver.end()
    this.stream.sender.finished()
  }

  abort(reset: boolean): void {
    this.gone = true
    this.waiting = null
    const { peer } = this
    // As in TCP: a side that lets go while bytes are on the way to it resets the connection.
    if (reset || peer.waiting !== null) peer.break()
    else peer.stream.receiver.end()
  }

  private break(): void {
    const cause = Object.assign(new Error('the other end of the memory pair is gone'), { code: 'ECONNRESET' })
    this.waiting = null
    this.stream.receiver.fail(cause)
    this.stream.sender.fail(cause)
  }
}

/** One end of a `memoryPair`. */
export class MemoryStream extends BufferedStream {
  override readonly name: string
  /** @internal */
  override readonly wire: MemoryWire

  override get peerName(): string {
    return this.wire.peer.stream.name
  }

  /** @internal Use `memoryPair`. */
  constructor(name: string, options: StreamOptions) {
    super(options)
    this.name = name
    this.wire = new MemoryWire(this)
  }
}

/** How a pair in memory behaves, and what its ends are called. */
export interface MemoryPairOptions extends StreamOptions {
  readonly names?: readonly [string, string]
}

/**
 * Two streams that are each other's peer: what is written to one is read from the other.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { memoryPair } from 'fibril/net'
 *
 * await run(function* () {
 *   const [here, there] = memoryPair()
 *   yield* here.write('ping\n')
 *   console.log(yield* there.readLine()) // => ping
 * })
 * ```
 */
export function memoryPair(options: MemoryPairOptions = {}): [MemoryStream, MemoryStream] {
  const [a, b] = options.names ?? ['memory a', 'memory b']
  const pair: [MemoryStream, MemoryStream] = [new MemoryStream(a, options), new MemoryStream(b, options)]
  pair[0].wire.peer = pair[1].wire
  pair[1].wire.peer = pair[0].wire
  return pair
}
