import { BrokenError, ClosedError, currentTask, fn, type Operation, suspend, UsageError } from '../../core/index.ts'
import { describeSystemError, LimitError } from '../net-errors.ts'
import { own } from '../ownership.ts'
import type { ByteSource } from '../platform-stream.ts'
import { readableOf, WebStream } from '../web-streams.ts'
import { codeName } from '../wire.ts'
import { HttpBody } from './body.ts'

/** What `fetch` takes, and a stream of ours as the body. */
export interface FetchOptions extends Omit<RequestInit, 'body'> {
  readonly body?: RequestInit['body'] | ByteSource
}

/** A response, as soon as its head is there. */
export class FetchedResponse implements Disposable {
  /** The web's own, for all that is not here. Its body is taken through `body`. */
  readonly response: Response
  readonly body: HttpBody

  /** @internal */
  constructor(response: Response, body: HttpBody) {
    this.response = response
    this.body = body
  }

  get status(): number {
    return this.response.status
  }

  /** True for a status from 200 to 299. */
  get ok(): boolean {
    return this.response.ok
  }

  get headers(): Headers {
    return this.response.headers
  }

  /** Where it came from in the end, after all redirections. */
  get url(): string {
    return this.response.url
  }

  /** Lets go of the body, as far as it was not read, and with it of the connection. */
  [Symbol.dispose](): void {
    this.body[Symbol.dispose]()
  }
}

/**
 * `fetch` for tasks: waits for the head of the response; its body is for operations too: `yield* response.body.json()`, or
 * `readLine` for one that comes line by line. A cancel aborts the request, or gives the body up; nothing is left behind, also of
 * a `signal` that was given, which aborts it as well.
 *
 * A body that is not wanted must be let go of: `using response = yield* fetchUrl(…)`. One that was fetched in a handler of a
 * server is let go of when that ends. `text`, `json` and `bytes` take up to 16 MiB unless they are told another limit; more is a
 * `LimitError`.
 *
 * A request that fails is a `BrokenError` with the url and the cause; so is a body that breaks off. Any status is a response:
 * look at `ok`. A `Stream`, or anything else that can be read, may be the body of the request: it is sent as it comes.
 *
 * ```ts
 * import { createServer } from 'node:http'
 * import { run } from 'fibril'
 * import { fetchUrl, serveHttp } from 'fibril/net/http'
 *
 * await run(serveHttp(function* (request, response) {
 *   yield* response.write('one\ntwo\n')
 * }, {
 *   port: 0,
 *   onListen(server) {
 *     run(function* () {
 *       const { status, body } = yield* fetchUrl(`http://127.0.0.1:${server.port}/`)
 *       console.log(status) // => 200
 *       console.log(yield* body.readLine()) // => one
 *       console.log(yield* body.readLine()) // => two
 *       console.log(yield* body.readLine()) // => null
 *       yield* server.stop()
 *     })
 *   },
 * }))
 * ```
 */
export function fetchUrl(url: string | URL, options: FetchOptions = {}): Operation<FetchedResponse> {
  if (!URL.canParse(String(url)))
    throw new UsageError(`fetchUrl(${JSON.stringify(String(url))}): this is no absolute URL`)
  return fetching(String(url), options)
}

const fetching = fn(function* fetchUrl(url: string, { body, signal, ...options }: FetchOptions) {
  const name = `${options.method ?? 'GET'} ${url}`
  const who = codeName(currentTask())
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  const unlink = (): void => signal?.removeEventListener('abort', abort)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  let fetched: FetchedResponse | null = null
  try {
    const init = { ...options, ...bodyOf(body), signal: controller.signal }
    const response = yield* head(name, () => fetch(url, init), controller)
    fetched = fetchedResponse(name, response, unlink)
    return fetched
  } catch (cause) {
    if (signal?.aborted) throw new ClosedError(`${who} gave up ${name}: its signal was aborted.`, { cause })
    throw new BrokenError(`${who} could not fetch ${name}: ${whyNot(cause)}.`, { cause })
  } finally {
    if (fetched === null) unlink()
  }
})

function head(name: string, start: () => Promise<Response>, controller: AbortController): Operation<Response> {
  return suspend(
    `a response to ${name}`,
    (wake) => {
      start().then(wake, wake.fail)
      return () => controller.abort()
    },
    { external: true },
  )
}

function fetchedResponse(name: string, response: Response, over: () => void): FetchedResponse {
  const stream = new WebStream(response.body, null, { name: `response to ${name}` }, over)
  own(stream, currentTask())
  const rules = {
    limit: 16_777_216,
    ms: Infinity,
    tooLarge: (limit: number) =>
      new LimitError(
        `${name}: the response has more than ${limit} bytes; allow more by \`limit\`, or read it in parts.`,
        limit,
      ),
    tooSlow: (ms: number) => new BrokenError(`${name}: the response did not come within ${ms} ms.`),
    notJson: (cause: unknown) =>
      new BrokenError(`${name}: the response is no JSON: ${(cause as Error).message}.`, { cause }),
  }
  // What the other side tells is the length of what it sends, which may be squeezed.
  const length =
    response.body === null || response.headers.has('content-encoding') ? null : response.headers.get('content-length')
  const body = new HttpBody(stream.name, length, rules, stream)
  return new FetchedResponse(response, body)
}

function bodyOf(body: FetchOptions['body']): RequestInit {
  if (body === undefined || body === null) return {}
  if (!isSource(body)) return { body }
  // Lent, not given: whoever made it closes it.
  return { body: readableOf(body, nothing, nothing), duplex: 'half' }
}

function isSource(body: object | string): body is ByteSource {
  return typeof body === 'object' && 'readExactly' in body
}

async function nothing(): Promise<void> {}

/** `fetch` says only that it failed; the reason is the cause. */
function whyNot(error: unknown): string {
  return describeSystemError((error as { cause?: unknown }).cause ?? error)
}
