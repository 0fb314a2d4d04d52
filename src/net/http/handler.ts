/**
 * Theory of operation: a request of `node:http` is a task.
 *
 *   node ──(req, res)──▶ a task: the handler in a scope of its own ──▶ the response is ended, and taken by the system
 *
 *   the handler fails   before the head: 500 and no details, or what its HttpError says; after it: the connection is reset
 *   the client is gone  the task is cancelled
 *   it is cancelled     before the head: 503; after it: the connection is reset
 *
 * Whatever becomes of it, the request is over when the task is: what the handler did not read of the body is dropped, and what
 * it opened is closed. A task that is cancelled before its first step runs nothing, so the last word is said from outside it.
 *
 * That a client is gone is told by the `close` of its socket. Node tells a response so, too, but not one that stands behind
 * another one on the same connection. In HTTP/2 a request has a stream of its own, which tells by `aborted`, or by the `close`
 * of the response if that was ended already.
 */
import type { Socket as NodeSocket } from 'node:net'
import {
  type Body,
  BrokenError,
  currentLoop,
  fn,
  type Named,
  type Operation,
  type Scope,
  scope,
  spawn,
  type Task,
  timeoutOr,
  UsageError,
} from '../../core/index.ts'
import { closedBy } from '../net-errors.ts'
import { StreamOwner } from '../ownership.ts'
import { HttpError } from './error.ts'
import { HttpRequest, type HttpRequestOptions, type NodeRequest, type NodeResponse } from './request.ts'
import { HttpResponse } from './response.ts'

/** What answers a request. When it ends, so does the response; what was opened in it is closed. */
export type HttpHandler = (
  request: HttpRequest,
  response: HttpResponse,
) => Body<unknown> | Operation<unknown> | PromiseLike<unknown> | void

/** How requests are treated. */
export interface HttpOptions extends HttpRequestOptions {
  /** Milliseconds in which a request must be answered and its answer taken; then it is cancelled, and answered by 503. No limit if left out. */
  readonly requestMs?: number
  /**
   * Told of a handler that failed, but for an `HttpError` below 500, which is an answer. If left out, each is a warning of the
   * process.
   */
  readonly onError?: (error: unknown, request: HttpRequest | null) => void
}

/** How `httpHandler` treats requests. */
export interface HttpHandlerOptions extends HttpOptions {
  /** Who owns the tasks. If left out, nobody: they are detached. */
  readonly scope?: Scope
}

/** Requests that run, by their connection. */
const running = new WeakMap<NodeSocket, Set<Exchange>>()

/** @internal The requests that run on a connection, in the order in which they came. */
export function exchangesOn(socket: NodeSocket): ReadonlySet<Exchange> {
  return running.get(socket) ?? new Set()
}

/** @internal One request, and the response to it. */
export class Exchange extends StreamOwner {
  readonly request: HttpRequest
  readonly response: HttpResponse
  readonly handler: HttpHandler
  readonly options: HttpOptions
  private task: Task<void> | null = null

  /** `expecting`: the client waits to be told before it sends the body. Node ends the connection if it never is. */
  constructor(req: NodeRequest, res: NodeResponse, handler: HttpHandler, options: HttpOptions, expecting: boolean) {
    super()
    this.request = new HttpRequest(req, options, () => {
      if (expecting && !res.headersSent) res.writeContinue()
    })
    this.response = new HttpResponse(res, this.request.name)
    this.handler = handler
    this.options = options
  }

  get name(): string {
    return this.request.name
  }

  /** Runs it as a task that `start` makes. `over` is called when all of it is. */
  run(start: (body: Operation<void>, name: Named) => Task<void>, over: () => void): void {
    const { request, response } = this
    const forget = this.watchClient()
    // The task is told in other ways.
    request.message.on('error', ignore)
    response.message.on('error', ignore)
    try {
      this.task = start(serveRequest(this), this)
    } catch (error) {
      forget()
      if (!(error instanceof UsageError)) throw error
      // Its scope has ended.
      this.refuse(503, CANCELLED)
      return over()
    }
    const ended = (): void => {
      forget()
      // It was cancelled before its first step.
      if (!response.ended) this.refuse(503, CANCELLED)
      request.dropBody()
      over()
    }
    this.task.then(ended, ended)
  }

  private watchClient(): () => void {
    const { message } = this.response
    // Heard before those who write to it hear that it is gone: they are cancelled, and need not fail.
    const gone = (): void => this.clientGone()
    message.once('close', gone)
    const forget = (): void => void message.off('close', gone)
    if ('stream' in message) {
      message.stream.once('aborted', gone)
      return forget
    }
    const socket = this.request.message.socket as NodeSocket
    let here = running.get(socket)
    if (here === undefined) {
      here = new Set()
      running.set(socket, here)
      socket.once('close', () => {
        for (const exchange of exchangesOn(socket)) exchange.clientGone()
      })
    }
    here.add(this)
    return () => {
      forget()
      here.delete(this)
    }
  }

  private clientGone(): void {
    if (this.response.delivered || this.response.broken) return
    this.response.broken = true
    this.task?.cancel('the client is gone')
  }

  /** The connection is to end after this response. */
  closeAfter(): void {
    const { message } = this.response
    if (!message.headersSent && !('stream' in message)) message.setHeader('connection', 'close')
  }

  /** Answers in place of the handler. False if that cannot be done any more; then the client will see that it has not got all. */
  refuse(status: number, text: string): boolean {
    const { response } = this
    const { message } = response
    if (response.delivered || response.broken) return false
    if (response.headersSent) {
      response.reset()
      return false
    }
    // Written in this very turn, and not on its way yet.
    response.sink?.sender.close(closedBy('the failure of its handler'))
    for (const name of message.getHeaderNames()) if (name !== 'connection') message.removeHeader(name)
    response.begin(`${text}\n`, 'text/plain; charset=utf-8', { status })
    return true
  }
}

const serveRequest = fn(function* serveRequest(exchange: Exchange) {
  let settled = false
  try {
    const { requestMs = Infinity } = exchange.options
    const answered = yield* timeoutOr(requestMs, LATE, answer(exchange))
    if (answered === LATE) throw new HttpError(503, `The request took more than ${requestMs} ms.`)
    settled = true
  } catch (error) {
    report(error, exchange)
    const [status, text] = error instanceof HttpError ? [error.status, error.message] : [500, 'The server has failed.']
    yield* answerInstead(exchange, status, text)
    settled = true
  } finally {
    for (const stream of [...exchange.opened]) stream.destroy()
    if (!settled) yield* timeoutOr(LAST_WORD_MS, undefined, answerInstead(exchange, 503, CANCELLED))
  }
})

const CANCELLED = 'The request was cancelled.'
/** How long one that was cancelled waits for its client to take that word. */
const LAST_WORD_MS = 1000

const LATE = Symbol('late')

const answer = fn(function* answer(exchange: Exchange) {
  const { request, response, handler } = exchange
  // A scope, so that a failure of a task that the handler spawned ends up here too.
  yield* scope(() => handler(request, response) as Body<unknown>)
  if (response.untouched) {
    throw new UsageError(`the handler of ${request} ended without a response: end it by \`yield* response.end()\``)
  }
  // A client that sends all before it takes anything must not wait for a reader that will not come.
  request.dropBody()
  yield* response.end()
})

/** Must not fail: a failure of this task would be one of the whole server. */
const answerInstead = fn(function* answerInstead(exchange: Exchange, status: number, text: string) {
  try {
    if (!exchange.refuse(status, text)) return
    exchange.request.dropBody()
    yield* exchange.response.taken()
  } catch (failure) {
    report(failure, exchange)
  }
})

function report(error: unknown, { request, response, options }: Exchange): void {
  if (error instanceof HttpError && error.status < 500) return
  // The client has just gone; the cancel is on its way.
  if (error instanceof BrokenError && response.broken) return
  tell(error, request, options)
}

/** @internal */
export function tell(error: unknown, request: HttpRequest | null, { onError }: HttpOptions): void {
  const { host } = currentLoop()
  if (onError === undefined) return host.warn(`${request ?? 'http'}: ${traceOf(error)}`)
  try {
    onError(error, request)
  } catch (failure) {
    host.warn(`${request ?? 'http'}: onError failed: ${traceOf(failure)}`)
  }
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
}

function ignore(): void {}

/**
 * A handler as a listener for node's servers: of `node:http`, `https`, `http2` (in its compatible form), or whatever hands on
 * their requests. Each request runs as a task, detached unless a scope is given.
 *
 * When the client is gone the task is cancelled. One that fails is answered by 500 without details, or, if its head has left,
 * by a reset of the connection; an `HttpError` is answered as it says. `serveHttp` is a whole server, which can be stopped.
 *
 * ```ts
 * import { once } from 'node:events'
 * import { createServer } from 'node:http'
 * import type { AddressInfo } from 'node:net'
 * import { sleep } from 'fibril'
 * import { httpHandler } from 'fibril/net/http'
 *
 * const server = createServer(httpHandler(function* (request, response) {
 *   yield* sleep(1)
 *   yield* response.send(`hello ${request.path}`)
 * }))
 * server.listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const page = await fetch(`http://127.0.0.1:${port}/world`)
 * console.log(await page.text()) // => hello /world
 * server.close()
 * ```
 */
export function httpHandler(
  handler: HttpHandler,
  options: HttpHandlerOptions = {},
): (request: NodeRequest, response: NodeResponse) => void {
  const owner = options.scope
  const start = (body: Operation<void>, name: Named): Task<void> =>
    owner === undefined ? spawn.detached(body, { name }) : owner.spawn(body, { name })
  return (request, response) => {
    new Exchange(request, response, handler, options, false).run(start, ignore)
  }
}
