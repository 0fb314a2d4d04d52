import type { OutgoingHttpHeader } from 'node:http'
import type * as http from '../../net/http/index.ts'
import type { BufferedStream } from '../../net/index.ts'
import type { ByteSink, ByteSource } from '../conversions.ts'
import { faceOfKind, type Green } from '../face.ts'
import { streamOf } from '../net.ts'

const bodyNames = ['length', 'read', 'readLine', 'bytes', 'text', 'json'] as const

/** The body of a message that comes in: of a request to a server, or of a response that was fetched. */
export interface HttpBody extends Green<http.HttpBody, (typeof bodyNames)[number]>, Disposable {
  /** It as a stream, with all verbs. The other side is made to wait while nobody reads. */
  readonly stream: ByteSource
}

const requestNames = ['message', 'name', 'method', 'url', 'path', 'query', 'headers', 'client', 'toString'] as const

/** A request, as a handler sees it. */
export interface HttpRequest extends Green<http.HttpRequest, (typeof requestNames)[number]> {
  /** What the client sends beside the head. */
  readonly body: HttpBody
}

const responseNames = ['message', 'name', 'headersSent', 'write', 'end', 'send', 'json'] as const

/** A response, as a handler writes it. It is ended when the handler ends. */
export interface HttpResponse extends Green<http.HttpResponse, (typeof responseNames)[number]> {
  /** 200 until it is set. */
  status: number
  /** What is written to it is the body; for whoever takes a stream. */
  readonly stream: ByteSink
  setHeader(name: string, value: OutgoingHttpHeader): this
}

/** The face of a body. */
export function bodyOf(body: http.HttpBody): HttpBody {
  const stream = (it: http.HttpBody['stream']): ByteSource => streamOf(it as BufferedStream)
  return faceOfKind(body, [...bodyNames, 'stream'], { results: { stream } })
}

/** The face of a request. */
export function requestOf(request: http.HttpRequest): HttpRequest {
  return faceOfKind(request, [...requestNames, 'body'], { results: { body: bodyOf } })
}

/** The face of a response. */
export function responseOf(response: http.HttpResponse): HttpResponse {
  return faceOfKind(response, [...responseNames, 'status', 'stream', 'setHeader'], {
    results: {
      stream: (it: http.HttpResponse['stream']): ByteSink => streamOf(it as unknown as BufferedStream),
      setHeader: responseOf,
    },
  })
}
