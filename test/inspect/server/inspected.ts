import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { Place, type Running } from '../program.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A program that serves its inspector. */
export class Inspected {
  readonly place: Place
  readonly running: Running
  readonly port: number
  readonly token: string

  constructor(place: Place, running: Running, url: URL) {
    this.place = place
    this.running = running
    this.port = Number(url.port)
    this.token = url.searchParams.get('token') as string
  }

  /** Starts a program of this text, which has `FIBRIL_INSPECT=page`, and waits for the address. */
  static async start(t: TestContext, program: string, env: Record<string, string> = {}): Promise<Inspected> {
    const place = new Place(t)
    return Inspected.of(place, place.startText(program, { FIBRIL_INSPECT: 'page', ...env }))
  }

  static async of(place: Place, running: Running): Promise<Inspected> {
    await running.wrote('stderr', /inspector of process \d+ at .*\n/)
    const [, url] = /inspector of process \d+ at (\S+)/.exec(running.stderr) as RegExpExecArray
    return new Inspected(place, running, new URL(url as string))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/?token=${this.token}`
  }

  /** Asks with the token, unless other headers say otherwise. */
  async get(path: string, headers: Record<string, string> = this.bearer, method = 'GET'): Promise<Answer> {
    const asked = request({ host: '127.0.0.1', port: this.port, path, method, headers, agent: false }).end()
    const [response] = await once(asked, 'response')
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }

  get bearer(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` }
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.get(path)).body) as T
  }

  /** The events of `/api/live`, with their data, until the test ends. */
  async *events(query = ''): Events {
    const abort = new AbortController()
    try {
      const url = `http://127.0.0.1:${this.port}/api/live${query}`
      const response = await fetch(url, { headers: this.bearer, signal: abort.signal })
      let pending = ''
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        pending += chunk
        // An event may come in a hundred chunks.
        if (!pending.slice(-chunk.length - 1).includes('\n\n')) continue
        const events = pending.split('\n\n')
        pending = events.pop() ?? ''
        for (const event of events) {
          const [, name = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? []
          yield { event: name, data: JSON.parse(data) as never }
        }
      }
    } finally {
      abort.abort()
    }
  }

  /** The data of the first event of this name for which `isIt` holds. */
  async event<T>(name: string, isIt: (data: T) => boolean = () => true, query = ''): Promise<T> {
    const events = this.events(query)
    try {
      return await until(events, name, isIt)
    } finally {
      await events.return(undefined)
    }
  }
}

type Events = AsyncGenerator<{ readonly event: string; readonly data: never }>

/** Takes events up to the first of this name for which `isIt` holds. */
export async function until<T>(events: Events, name: string, isIt: (data: T) => boolean = () => true): Promise<T> {
  for (;;) {
    const { done, value } = await events.next()
    if (done) throw new Error(`the stream ended without ${name}`)
    if (value.event === name && isIt(value.data)) return value.data
  }
}

/** Some tasks that wait, and a process that lives. */
export const waiting = `
  import { Event, run, spawn } from 'DIST/index.js'
  const go = new Event({ name: 'go' })
  run(function* main() {
    for (let i = 0; i < 3; i++) spawn(function* worker() { yield* go.wait() })
  })
  process.stdin.on('data', (text) => (0, eval)(String(text)))
  globalThis.go = go`

/** Holds its loop when it is told to, until there is a file named `free` beside it. */
export const holding = `${waiting}
  import { existsSync } from 'node:fs'
  const free = new URL('free', import.meta.url)
  globalThis.hold = function spin() {
    while (!existsSync(free));
  }`
