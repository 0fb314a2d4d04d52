import type { Address } from '../../net/index.ts'

export type { Address }

/** What gives bytes on its own, until it is asked to wait. */
export interface Producer {
  /** Gives nothing until `resumeProducing`. */
  pauseProducing(): void
  resumeProducing(): void
  /** Gives nothing any more: nobody will take it. */
  stopProducing(): void
}

/** What gives a piece each time it is asked, by `resumeProducing`. */
export interface PullProducer {
  resumeProducing(): void
  stopProducing(): void
}

/** What takes bytes, and tells the one who gives them when to wait. */
export interface Consumer {
  write(data: string | Uint8Array): void
  /**
   * `producer` is going to write. With `streaming`, it is a `Producer` that writes on its own, and is paused while too much has
   * not left; without, a `PullProducer` that is asked for more whenever all has left.
   */
  registerProducer(producer: Producer, streaming: true): void
  registerProducer(producer: PullProducer, streaming: false): void
  /** It has written all. */
  unregisterProducer(): void
}

/** What a protocol sees of its connection. Nothing here waits, and nothing throws because the peer is gone. */
export interface Transport extends Consumer, Producer {
  /** `loseConnection` was called: nothing more is delivered. */
  readonly disconnecting: boolean
  /** Sends bytes, which must not be changed afterwards, or a text in UTF-8. After the connection is lost: does nothing. */
  write(data: string | Uint8Array): void
  /** Sends several pieces in order; big ones are not copied. */
  writeSequence(data: Iterable<string | Uint8Array>): void
  /** Closes, once all that was written has left and no producer is to be waited for. No bytes are delivered any more. */
  loseConnection(): void
  /** Closes at once, with all that has not left: the peer sees a reset. */
  abortConnection(): void
  /** Ends this side's bytes, once all that was written has left. Those of the peer go on. */
  loseWriteConnection(): void
  /** The other side. */
  getPeer(): Address
  /** This side. */
  getHost(): Address
}

/** @internal The producer that a consumer has, and what both kinds have in common. */
export interface Registered {
  readonly producer: Producer | PullProducer
  readonly streaming: boolean
  /** It was asked to pause, and not yet to go on. */
  paused: boolean
}

/** @internal */
export function registeredOnce(
  former: Registered | null,
  producer: Producer | PullProducer,
  streaming: boolean,
): Registered {
  if (former === null) return { producer, streaming, paused: false }
  throw new Error(
    `${nameOf(producer)} was registered as a producer, but ${nameOf(former.producer)} is one already, and was not unregistered`,
  )
}

function nameOf(producer: object): string {
  return producer.constructor?.name ?? 'a producer'
}
