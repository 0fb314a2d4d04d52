import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http'
import type { Writable } from 'node:stream'
import { BrokenError, fn, type Operation, suspend, UsageError } from '../../core/index.ts'
import { breakOff, NodeStream } from '../node-streams.ts'
import type { ByteSink } from '../platform-stream.ts'
import type { NodeResponse } from './request.ts'

/** The head of a response that is sent in one piece. */
export interface ResponseHead {
  /** 200 if left out, or what was set before. */
  readonly status?: number
  readonly headers?: OutgoingHttpHeaders
}

/** A response, as a handler writes it. It is ended when the handler ends. */
export class HttpResponse {
  /** Node's own, for all that is not here. */
  readonly message: NodeResponse
  /** The request that it answers. */
  readonly name: string
  /** @internal It was reset, or the client is gone: nobody will take it any more. */
  broken = false
  /** @internal What was written to, if any. */
  sink: NodeStream | null = null
  private touched = false

  /** @internal */
  constructor(message: NodeResponse, name: string) {
    this.message = message
    this.name = name
  }

  get status(): number {
    return this.message.statusCode
  }

  set status(status: number) {
    this.touched = true
    this.message.statusCode = status
  }

  /** True once the head has left: neither the status nor a header can be changed any more. */
  get headersSent(): boolean {
    return this.message.headersSent
  }

  setHeader(name: string, value: OutgoingHttpHeader): this {
    this.touched = true
    // Node's two kinds of response say the same thing in different types.
    ;(this.message.setHeader as (name: string, value: OutgoingHttpHeader) => void).call(this.message, name, value)
    return this
  }

  /** What is written to it is the body; for whoever takes a stream. */
  get stream(): ByteSink {
    return this.opened()
  }

  /** Writes a part of the body; the head leaves before it. Waits while the client is slow. */
  write(data: string | Uint8Array): Operation<void> {
    return this.opened().write(data)
  }

  /** Ends the body, and waits until the system has taken all of it. */
  end(): Operation<void> {
    return ending(this)
  }

  /**
   * Sends a whole response: head, body and end. A text is `text/plain` and bytes are `application/octet-stream` unless a header
   * says otherwise. Waits until the system has taken it.
   */
  send(body: string | Uint8Array, head: ResponseHead = {}): Operation<void> {
    return sending(
      this,
      body,
      typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream',
      head,
    )
  }

  /** Sends `value` as JSON; see `send`. */
  json(value: unknown, head: ResponseHead = {}): Operation<void> {
    const text = JSON.stringify(value)
    if (text === undefined) throw new UsageError(`${this.name}: there is no JSON for ${String(value)}`)
    return sending(this, text, 'application/json', head)
  }

  private opened(): NodeStream {
    if (this.sink !== null) return this.sink
    const { message, outlet } = this
    const isGone = (): boolean => ('stream' in message ? message.stream : message.socket)?.destroyed === true
    this.sink = new NodeStream(
      null,
      message as unknown as Writable,
      { name: `response to ${this.name}` },
      { letGo: (reset) => this.letGo(reset), outlet, isGone },
    )
    return this.sink
  }

  private letGo(reset: boolean): void {
    if (reset || this.message.writableLength > 0) this.reset()
    else if (!this.ended) this.message.end()
  }

  /** A response of HTTP/2 calls itself finished when its stream is closed in both directions; this does when it is over. */
  private get outlet(): Writable {
    const { message } = this
    return 'stream' in message ? message.stream : (message as unknown as Writable)
  }

  // -- for whoever runs the handler

  /** @internal Nothing was said yet. */
  get untouched(): boolean {
    return !this.touched && this.sink === null && !this.headersSent
  }

  /** @internal */
  get ended(): boolean {
    return this.message.writableEnded
  }

  /** @internal All of it was handed to the system. */
  get delivered(): boolean {
    const { message, outlet } = this
    return outlet.writableFinished && !('stream' in message && message.stream.rstCode !== 0)
  }

  /** @internal The client is to know that this is not all. */
  reset(): void {
    const { message } = this
    this.broken = true
    if ('stream' in message) message.stream.close(INTERNAL_ERROR)
    else if (message.socket !== null) breakOff(message.socket)
    else message.destroy()
  }

  /** @internal */
  begin(body: string | Uint8Array, type: string, { status, headers }: ResponseHead): void {
    const { message } = this
    if (message.headersSent || message.writableEnded) {
      throw new UsageError(
        `${this.name}: the head of its response has left already: send one response, or write parts of one`,
      )
    }
    if (status !== undefined) this.status = status
    for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) this.setHeader(name, value)
    if (status === 204 || status === 304) {
      message.end()
      return
    }
    if (!message.hasHeader('content-type')) this.setHeader('content-type', type)
    // A text is left a text: node sends it in one piece with the head.
    this.setHeader('content-length', typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength)
    message.end(body)
  }

  /** @internal Waits until all of it was handed to the system. */
  taken(): Operation<void> {
    const { outlet } = this
    return suspend<void>(
      `${this.name}: the client to take the response`,
      (wake) => {
        if (this.delivered) return wake()
        if (this.broken) {
          return wake.fail(new BrokenError(`${this.name}: the client is gone, and did not take the response.`))
        }
        const done = (): void => wake()
        outlet.once('finish', done)
        return () => outlet.off('finish', done)
      },
      { external: true },
    )
  }
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const INTERNAL_ERROR = 2

const sending = fn(function* send(response: HttpResponse, body: string | Uint8Array, type: string, head: ResponseHead) {
  response.begin(body, type, head)
  yield* response.taken()
})

const ending = fn(function* end(response: HttpResponse) {
  if (response.broken) return
  const { sink } = response
  if (!response.ended && sink !== null) return yield* sink.end()
  if (!response.ended) response.message.end()
  yield* response.taken()
})
