/** What is answered to whom: see `gate.ts` for who may ask. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TaskRecord } from '../format.ts'
import { metricsOfHeld } from '../metrics.ts'
import type { Summary } from '../summary.ts'
import type { FigureMaker } from './figure-maker.ts'
import { type Gate, HEADERS, NO_TOKEN } from './gate.ts'
import type { Heart } from './heart.ts'
import type { History } from './history.ts'
import type { Live } from './live.ts'
import { PageFiles } from './page-files.ts'
import { CrowdError, HeldError, type Questions } from './questions.ts'

/** Readers of `/api/live` at one time, and snapshots that may be on their way. */
const STREAMS = 16
const SNAPSHOTS = 4

type Route = (query: URLSearchParams, response: ServerResponse, path: string, gone: AbortSignal) => Promise<void> | void

export interface Parts {
  readonly gate: Gate
  readonly heart: Heart
  readonly questions: Questions
  readonly live: Live
  readonly history: History
  readonly figures: FigureMaker
  readonly token: string
}

export class Routes {
  readonly #parts: Parts
  readonly #page = new PageFiles()
  #snapshots = 0
  readonly #routes: Readonly<Record<string, Route>> = {
    '/api/snapshot': (...asked) => this.#snapshot(...asked),
    '/api/live': (...asked) => this.#live(...asked),
    '/api/summary': (...asked) => this.#summary(...asked),
    '/api/history': (_, response) => json(response, 200, this.#parts.history.record()),
    '/api/trace': (...asked) => this.#trace(...asked),
    '/metrics': (...asked) => this.#metrics(...asked),
  }

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const { gate, token } = this.#parts
    const refusal = gate.refusal(request)
    if (refusal !== null) return plain(response, refusal.status, refusal.text)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const given = searchParams.get('token')
    if (pathname === '/' && given !== null && gate.accepts(given)) {
      response.writeHead(303, { 'set-cookie': gate.cookieOf(token), location: '/' }).end()
      return
    }
    if (!gate.knows(request)) return plain(response, NO_TOKEN.status, NO_TOKEN.text)
    const route = this.#routeOf(pathname)
    if (route === undefined) return plain(response, 404, 'There is nothing here.\n')
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      if (request.method === 'HEAD' && pathname.startsWith('/api/')) response.writeHead(200).end()
      else await route(searchParams, response, pathname, gone.signal)
    } catch (error) {
      fail(response, error)
    }
  }

  #routeOf(path: string): Route | undefined {
    if (Object.hasOwn(this.#routes, path)) return this.#routes[path]
    if (/^\/api\/tasks\/\d{1,15}$/.test(path)) return (...asked) => this.#task(...asked)
    return path.startsWith('/api/') ? undefined : (_, response, path) => this.#file(response, path)
  }

  async #snapshot(query: URLSearchParams, response: ServerResponse, _: string, gone: AbortSignal): Promise<void> {
    if (this.#snapshots === SNAPSHOTS) throw new CrowdError('too many snapshots are on their way: ask again later')
    this.#snapshots++
    try {
      const frames = query.get('frames') !== '0'
      const locations = numberIn(query, 'locations', 0, 1_000_000, 1000)
      await this.#parts.questions.ask(
        { ask: 'snapshot', frames, locations, resources: query.get('resources') === '1' },
        partsTo(response, 'application/x-ndjson'),
        gone,
      )
      response.end()
    } finally {
      this.#snapshots--
    }
  }

  async #trace(query: URLSearchParams, response: ServerResponse, _: string, gone: AbortSignal): Promise<void> {
    const ms = numberIn(query, 'ms', 1, 60_000, 1000)
    await this.#parts.questions.ask({ ask: 'trace', ms }, partsTo(response, 'application/json'), gone)
    response.end()
  }

  async #task(_: URLSearchParams, response: ServerResponse, path: string, gone: AbortSignal): Promise<void> {
    const task = Number(path.split('/').at(-1))
    const record = JSON.parse(await this.#parts.questions.text({ ask: 'task', task }, gone)) as TaskRecord | null
    if (record === null) json(response, 404, { error: 'ended', message: `there is no task ${task}, or it has ended` })
    else json(response, 200, record)
  }

  async #live(query: URLSearchParams, response: ServerResponse, _: string, gone: AbortSignal): Promise<void> {
    const { live, questions } = this.#parts
    if (live.size >= STREAMS) throw new CrowdError('too many watch already: close another page')
    const intervalMs = numberIn(query, 'interval', 100, 60_000, 1000)
    const head = await questions.text({ ask: 'summary' }, gone).then(
      (text) => JSON.parse(text) as Summary,
      // It is watched all the more.
      (error) => (error instanceof HeldError ? null : Promise.reject(error)),
    )
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    live.add(response, { version: 1, process: head?.process ?? null, loop: head?.loop ?? null, intervalMs })
  }

  /** A few figures, and the hold if there is one: what a list of processes shows of each. */
  async #summary(_: URLSearchParams, response: ServerResponse, __: string, gone: AbortSignal): Promise<void> {
    const { questions } = this.#parts
    try {
      const head = JSON.parse(await questions.text({ ask: 'summary' }, gone)) as object
      json(response, 200, { ...head, held: null })
    } catch (error) {
      if (!(error instanceof HeldError)) throw error
      json(response, 200, { process: null, held: error.held })
    }
  }

  async #metrics(_: URLSearchParams, response: ServerResponse, __: string, gone: AbortSignal): Promise<void> {
    let text: string
    try {
      text = await this.#parts.questions.text({ ask: 'metrics' }, gone)
    } catch (error) {
      if (!(error instanceof HeldError)) throw error
      text = metricsOfHeld(error.held.sinceMs)
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
  }

  #file(response: ServerResponse, path: string): void {
    const file = this.#page.get(path)
    if (file !== null) response.writeHead(200, { 'content-type': file.type }).end(file.content)
    else if (path === '/')
      plain(response, 404, 'The page is not part of this build. There are /api/snapshot, /api/live and /metrics.\n')
    else plain(response, 404, 'There is nothing here.\n')
  }
}

function partsTo(response: ServerResponse, type: string): (text: string) => void {
  return (text) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': type })
    response.write(text)
  }
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else if (error instanceof HeldError) json(response, 503, { error: 'loop-held', held: error.held })
  else if (error instanceof CrowdError) json(response, 503, { error: 'busy', message: error.message })
  else json(response, 500, { error: 'failed', message: error instanceof Error ? error.message : String(error) })
}

function numberIn(query: URLSearchParams, name: string, least: number, most: number, otherwise: number): number {
  const value = Number(query.get(name) ?? otherwise)
  return Number.isFinite(value) ? Math.min(most, Math.max(least, Math.trunc(value))) : otherwise
}

function plain(response: ServerResponse, status: number, text: string): void {
  if (status === 405) response.setHeader('allow', 'GET, HEAD')
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

function json(response: ServerResponse, status: number, data: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(data))
}
