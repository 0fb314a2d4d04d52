/**
 * HTTP for green code: `fibril/net/http` as plain calls.
 *
 *   server.ts    a request is a task, whose handler may block      fetch.ts    requests of our own
 *   message.ts   requests, responses and their bodies
 */
import '../index.ts'

export type {
  BodyLimit,
  HttpServerStats,
  HttpStopOptions,
  NodeRequest,
  NodeResponse,
  ResponseHead,
} from '../../net/http/index.ts'
export { HttpError } from '../../net/http/index.ts'
export { type FetchedResponse, type FetchOptions, fetchUrl } from './fetch.ts'
export type { HttpBody, HttpRequest, HttpResponse } from './message.ts'
export {
  type HttpHandler,
  type HttpHandlerOptions,
  type HttpServeOptions,
  type HttpServer,
  httpHandler,
  serveHttp,
  type UpgradeHandler,
  type WebHandler,
  webHandler,
} from './server.ts'
