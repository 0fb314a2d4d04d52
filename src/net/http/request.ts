import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { formatAddress } from '../address.ts'
import { NodeStream } from '../node-streams.ts'
import { HttpBody } from './body.ts'
import { HttpError } from './error.ts'

/** A request as node has it: of `node:http`, `node:https`, or `node:http2` in its compatible form. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** A response as node has it. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** How the body of a request is taken. */
export interface HttpRequestOptions {
  /** The most bytes that `text`, `json` and `bytes` take, unless they are told another limit; more is answered by 413. 1 MiB if left out. */
  readonly maxBody?: number
  /** Milliseconds within which those must have all of it; slower is answered by 408. 30000 if left out. */
  readonly bodyMs?: number
}

/** A request, as a handler sees it. */
export class HttpRequest {
  /** Node's own, for all that is not here. */
  readonly message: NodeRequest
  private readonly options: HttpRequestOptions
  private readonly proceed: () => void
  private opened: HttpBody | null = null
  private parsed: URLSearchParams | null = null

  /** @internal `proceed` tells the client to send the body, if it waits for that. */
  constructor(message: NodeRequest, options: HttpRequestOptions, proceed: () => void) {
    this.message = message
    this.options = options
    this.proceed = proceed
  }

  /** What the client sends beside the head. */
  get body(): HttpBody {
    if (this.opened !== null) return this.opened
    const { maxBody = 1_048_576, bodyMs = 30_000 } = this.options
    const rules = { ...blame, limit: maxBody, ms: bodyMs }
    this.opened = new HttpBody(this.name, this.message.headers['content-length'], rules, () => {
      this.proceed()
      return requestStream(this)
    })
    return this.opened
  }

  /** @internal What nobody has read of the body is not wanted any more. */
  dropBody(): void {
    this.opened?.[Symbol.dispose]()
  }

  /** Such as `GET /orders?page=2`. */
  get name(): string {
    return `${this.method} ${this.url}`
  }

  toString(): string {
    return this.name
  }

  get method(): string {
    return this.message.method ?? 'GET'
  }

  /** What was asked for, as it came: `/orders?page=2`. */
  get url(): string {
    return this.message.url ?? '/'
  }

  /** The url without its query, as it came: `/orders`. */
  get path(): string {
    const { url } = this
    const at = url.indexOf('?')
    return at < 0 ? url : url.slice(0, at)
  }

  /** The query, parsed on first use. */
  get query(): URLSearchParams {
    this.parsed ??= new URLSearchParams(this.url.slice(this.path.length))
    return this.parsed
  }

  /** By their names in lower case. */
  get headers(): IncomingHttpHeaders {
    return this.message.headers
  }

  /** Where the client is, such as `127.0.0.1:50000`. */
  get client(): string {
    const { remoteAddress, remotePort } = this.message.socket
    return formatAddress({ host: remoteAddress, port: remotePort })
  }
}

const blame = {
  tooLarge: (limit: number) => new HttpError(413, `The body has more than ${limit} bytes.`),
  tooSlow: (ms: number) => new HttpError(408, `The body did not come within ${ms} ms.`),
  notJson: (cause: unknown) => new HttpError(400, 'The body is no JSON.', { cause }),
}

function requestStream({ message, name }: HttpRequest): NodeStream {
  // Not destroyed, for that would take the connection with it: what nobody wants is read and dropped, and the next request comes.
  return new NodeStream(message, null, { name: `body of ${name}` }, { letGo: () => void message.resume() })
}
