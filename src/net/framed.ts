import type { Operation } from '../core/index.ts'
import type { Framing } from '../protocol/index.ts'
import type { Framed, Stream } from './stream.ts'

/** A stream whose bytes are messages. It keeps nothing of its own: all that has come is the stream's. */
export class FramedStream<In, Out> implements Framed<In, Out> {
  readonly stream: Stream
  readonly framing: Framing<In, Out>

  constructor(stream: Stream, framing: Framing<In, Out>) {
    this.stream = stream
    this.framing = framing
  }

  get name(): string {
    return this.stream.name
  }

  toString(): string {
    return this.name
  }

  receive(): Operation<In | null> {
    return this.stream.receive(this.framing)
  }

  send(message: Out): Operation<void> {
    return this.stream.write(this.framing.encode(message))
  }

  trySend(message: Out): boolean {
    return this.stream.tryWrite(this.framing.encode(message))
  }

  async *messages(): AsyncGenerator<In, void, undefined> {
    for (let message = await this.receive(); message !== null; message = await this.receive()) yield message
  }

  upgrade<I, O>(framing: Framing<I, O>): Framed<I, O> {
    return this.stream.upgrade(framing)
  }

  close(): Operation<void> {
    return this.stream.close()
  }

  [Symbol.dispose](): void {
    this.stream[Symbol.dispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stream[Symbol.asyncDispose]()
  }
}
