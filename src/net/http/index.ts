/**
 * HTTP for tasks: requests of `node:http` as tasks, and `fetch`.
 *
 *   server.ts       accepts, limits, stops gracefully        fetch.ts          requests of our own
 *   handler.ts      a request as a task                      web-handler.ts    a `Request` in, a `Response` out
 *   request.ts response.ts body.ts error.ts
 */
import { setDefaultHost } from '../../core/index.ts'
import { NodeHost } from '../../host/index.ts'

// Whoever imports only this face can still `await fetchUrl(…)`.
setDefaultHost(() => new NodeHost())

export type { BodyLimit, HttpBody } from './body.ts'
export { HttpError } from './error.ts'
export { type FetchedResponse, type FetchOptions, fetchUrl } from './fetch.ts'
export { type HttpHandler, type HttpHandlerOptions, type HttpOptions, httpHandler } from './handler.ts'
export type { HttpRequest, HttpRequestOptions, NodeRequest, NodeResponse } from './request.ts'
export type { HttpResponse, ResponseHead } from './response.ts'
export {
  type HttpServeOptions,
  type HttpServer,
  type HttpServerStats,
  type HttpStopOptions,
  serveHttp,
  type UpgradeHandler,
} from './server.ts'
export { type WebHandler, webHandler } from './web-handler.ts'
