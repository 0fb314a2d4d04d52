import type { ReadableStream } from 'node:stream/web'
import { type Body, currentTask, fn, type Operation } from '../../core/index.ts'
import { items } from '../items.ts'
import { readableOf } from '../web-streams.ts'
import { HttpError } from './error.ts'
import type { HttpHandler } from './handler.ts'
import type { HttpRequest } from './request.ts'
import type { HttpResponse } from './response.ts'

/** What answers a web `Request` by a web `Response`. */
export type WebHandler = (request: Request) => Body<Response> | Operation<Response> | PromiseLike<Response> | Response

/**
 * A handler of the kind that `fetch` has two sides of: a `Request` in, a `Response` out; for `serveHttp` and `httpHandler`. The
 * request's signal is aborted when the task is cancelled, as it is when the client goes away.
 *
 * It costs a few objects and a web stream more than a handler that takes the request and the response as they come, and a body
 * is taken without limits of ours.
 *
 * ```ts
 * import { once } from 'node:events'
 * import { createServer } from 'node:http'
 * import type { AddressInfo } from 'node:net'
 * import { wait } from 'fibril'
 * import { httpHandler, webHandler } from 'fibril/net/http'
 *
 * const server = createServer(httpHandler(webHandler(function* (request) {
 *   const text = yield* wait(request.text())
 *   return Response.json({ length: text.length })
 * })))
 * server.listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'hello' })
 * console.log(await response.json()) // => { length: 5 }
 * server.close()
 * ```
 */
export function webHandler(handler: WebHandler): HttpHandler {
  // A call takes whatever the handler gives: a generator, an operation, a promise or a response.
  const call = fn(handler as (request: Request) => Body<Response>)
  return (request, response) => answerByWeb(call, request, response)
}

const answerByWeb = fn(function* webHandler(
  call: (request: Request) => Operation<Response>,
  request: HttpRequest,
  response: HttpResponse,
) {
  const { status, headers, body } = yield* call(webRequest(request))
  response.status = status
  for (const [name, value] of headers) response.setHeader(name, value)
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) response.setHeader('set-cookie', cookies)
  if (body === null) return
  const chunks = items<Uint8Array>(body as ReadableStream<Uint8Array>)
  if (request.method === 'HEAD') yield* chunks.close()
  else
    yield* chunks.forEach(function* (chunk) {
      yield* response.write(chunk)
    })
})

function webRequest(request: HttpRequest): Request {
  const { method, message } = request
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(':')) continue
    for (const each of Array.isArray(value) ? value : [value ?? '']) headers.append(name, each)
  }
  const scheme = 'encrypted' in message.socket ? 'https' : 'http'
  const host = headers.get('host') ?? request.headers[':authority'] ?? 'localhost'
  const body =
    method === 'GET' || method === 'HEAD'
      ? {}
      : { body: readableOf(request.body, nothing, async () => request.dropBody()), duplex: 'half' as const }
  try {
    const signal = currentTask()?.signal ?? null
    return new Request(new URL(request.url, `${scheme}://${host}`), { method, headers, signal, ...body })
  } catch (cause) {
    throw new HttpError(400, 'This is no request that a web handler can be given.', { cause })
  }
}

async function nothing(): Promise<void> {}
