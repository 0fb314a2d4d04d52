import { BufferedStream } from './buffered-stream.ts'
import type { Stream, StreamOptions } from './stream.ts'

/** What can only be read: the reading verbs of a `Stream`. */
export type ByteSource = Pick<
  Stream,
  | 'name'
  | 'closed'
  | 'read'
  | 'readExactly'
  | 'readUntil'
  | 'readLine'
  | 'lines'
  | 'close'
  | 'destroy'
  | 'stats'
  | typeof Symbol.dispose
  | typeof Symbol.asyncDispose
>

/** What can only be written: the writing verbs of a `Stream`. */
export type ByteSink = Pick<
  Stream,
  | 'name'
  | 'closed'
  | 'write'
  | 'tryWrite'
  | 'flush'
  | 'end'
  | 'close'
  | 'destroy'
  | 'reset'
  | 'stats'
  | typeof Symbol.dispose
  | typeof Symbol.asyncDispose
>

/** How a stream over one of the platform's behaves. */
export interface PlatformStreamOptions extends StreamOptions {
  /** What it is called in messages. */
  readonly name?: string
}

/** A stream over streams of the platform: of both directions, or one. They have no addresses, so it is called what it is told. */
export abstract class PlatformStream extends BufferedStream {
  override readonly name: string
  private readonly sourceOnly: boolean

  constructor(kind: string, sourceOnly: boolean, { name = kind, ...options }: PlatformStreamOptions) {
    super(options)
    this.name = name
    this.sourceOnly = sourceOnly
  }

  /** @internal */
  override get peerName(): string {
    return this.name
  }

  /** @internal Where nothing is written, there are no last words for which to hear a talkative peer out. */
  override closeAtOnce(): boolean {
    if (!this.sourceOnly) return super.closeAtOnce()
    this.destroy()
    return true
  }
}
