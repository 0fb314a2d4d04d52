import { type Body, fn, type Operation, timeoutOr, UsageError } from '../../core/index.ts'
import type { BufferedStream } from '../buffered-stream.ts'
import type { ByteSource } from '../platform-stream.ts'

/** How much of a body is taken. */
export interface BodyLimit {
  /** The most bytes to take. */
  readonly limit?: number | undefined
}

/** @internal How much, how long, and whose fault it is. */
export interface BodyRules {
  readonly limit: number
  readonly ms: number
  tooLarge(limit: number): Error
  tooSlow(ms: number): Error
  notJson(cause: unknown): Error
}

/** The body of a message that comes in: of a request to a server, or of a response that was fetched. */
export class HttpBody implements Disposable {
  /** In bytes, if the other side has told. */
  readonly length: number | null
  private readonly name: string
  private readonly rules: BodyRules
  private readonly open: (() => BufferedStream) | null = null
  private opened: BufferedStream | null = null
  private collected = false

  /** @internal A function that opens it is called when it is first read. */
  constructor(
    name: string,
    length: string | null | undefined,
    rules: BodyRules,
    source: BufferedStream | (() => BufferedStream),
  ) {
    this.name = name
    this.length = length === null || length === undefined ? null : Number(length)
    this.rules = rules
    if (typeof source === 'function') this.open = source
    else this.opened = source
  }

  /** It as a stream, with all verbs: `readLine`, `readExactly`, … The other side is made to wait while nobody reads. */
  get stream(): ByteSource {
    this.opened ??= (this.open as () => BufferedStream)()
    return this.opened
  }

  /** Some bytes, at most `max`, as soon as there are any; null at the end. */
  read(max?: number): Operation<Uint8Array | null> {
    return this.stream.read(max)
  }

  /** The next line, without its end; null when there are no more. */
  readLine(): Operation<string | null> {
    return this.stream.readLine()
  }

  /** All of it. */
  bytes({ limit = this.rules.limit }: BodyLimit = {}): Operation<Buffer> {
    return bytesOf(this, limit, this.rules)
  }

  /** All of it, as a text in UTF-8. */
  text(options?: BodyLimit): Operation<string> {
    return textOf(this, options)
  }

  /** All of it, as what its JSON stands for. It may be anything: look at it before you believe it. */
  json(options?: BodyLimit): Operation<unknown> {
    return jsonOf(this, options, this.rules)
  }

  /** Lets go of what was not read. */
  [Symbol.dispose](): void {
    this.opened?.destroy()
  }

  /** @internal */
  begin(limit: number): Operation<Buffer | null> {
    if (this.collected) throw new UsageError(`the body of ${this.name} was taken already: keep what it gave`)
    this.collected = true
    if (this.length !== null && this.length > limit) throw this.rules.tooLarge(limit)
    return timeoutOr(this.rules.ms, null, gather(this.stream, limit, this.rules))
  }
}

const gather = fn(function* gather(stream: ByteSource, limit: number, rules: BodyRules) {
  const chunks: Uint8Array[] = []
  let size = 0
  for (let chunk: Uint8Array | null; (chunk = yield* stream.read()) !== null; ) {
    size += chunk.length
    if (size > limit) throw rules.tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
})

const bytesOf = fn(function* bytes(body: HttpBody, limit: number, rules: BodyRules) {
  let bytes: Buffer | null = null
  try {
    bytes = yield* body.begin(limit)
  } finally {
    // A part of it is of no use to anybody, and at the end there is nothing more to hold.
    body[Symbol.dispose]()
  }
  if (bytes === null) throw rules.tooSlow(rules.ms)
  return bytes
})

const textOf = fn(function* text(body: HttpBody, options?: BodyLimit) {
  return (yield* body.bytes(options)).toString()
})

const jsonOf = fn(function* json(body: HttpBody, options: BodyLimit | undefined, rules: BodyRules): Body<unknown> {
  const text = yield* body.text(options)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw rules.notJson(cause)
  }
})
