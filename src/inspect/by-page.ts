import { readSnapshot, type Snapshot } from './format.ts'
import { InspectError } from './mailbox.ts'
import type { HeldRecord } from './server/events.ts'
import type { Summary } from './summary.ts'
import { HeldLoopError, type LiveEvent, type Target } from './target.ts'

/** A program that serves the inspector, by its address with the token. */
export class ByPage implements Target {
  readonly #base: URL
  readonly #token: string
  readonly #waitMs: number

  constructor(address: string, waitMs: number) {
    if (!URL.canParse(address)) throw new InspectError(`${JSON.stringify(address)} is no address of an inspector`)
    this.#base = new URL(address)
    if (this.#base.protocol !== 'http:')
      throw new InspectError(`an inspector's address begins with http://, not ${this.#base.protocol}//`)
    this.#token = this.#base.searchParams.get('token') ?? ''
    this.#base.search = ''
    this.#waitMs = waitMs
  }

  async snapshot(frames: boolean): Promise<Snapshot> {
    return readSnapshot(await (await this.#get(`/api/snapshot?frames=${frames ? 1 : 0}`)).text())
  }

  async summary(): Promise<Summary> {
    const response = await this.#get('/api/summary')
    const { held, ...summary } = (await response.json()) as Summary & { readonly held: HeldRecord | null }
    if (held !== null) throw new HeldLoopError(held.text, held)
    return summary
  }

  async *live(intervalMs: number, signal: AbortSignal): AsyncGenerator<LiveEvent> {
    const response = await this.#get(`/api/live?interval=${intervalMs}`, signal)
    try {
      for await (const event of eventsIn(response)) yield event
    } catch (error) {
      if (signal.aborted) return
      throw new InspectError(`the inspector at ${this.#base.host} is gone: the program has ended`, { cause: error })
    }
  }

  async #get(path: string, until?: AbortSignal): Promise<Response> {
    const where = this.#base.host
    let response: Response
    try {
      const headers = { authorization: `Bearer ${this.#token}` }
      const signal = until ?? AbortSignal.timeout(this.#waitMs)
      response = await fetch(new URL(path, this.#base), { headers, signal })
    } catch (error) {
      if ((error as Error).name === 'TimeoutError')
        throw new InspectError(`the inspector at ${where} did not answer within ${this.#waitMs} ms`, { cause: error })
      throw new InspectError(`no inspector answers at ${where}: the program has ended, or it is another port`, {
        cause: error,
      })
    }
    if (response.ok) return response
    if (response.status === 503) {
      const { held, message } = (await response.json()) as { held?: HeldRecord; message?: string }
      throw held === undefined ? new InspectError(`${where}: ${message}`) : new HeldLoopError(held.text, held)
    }
    throw new InspectError(`the inspector at ${where} refused (${response.status}): ${(await response.text()).trim()}`)
  }
}

/** The events of a stream of server-sent events, with their data. */
async function* eventsIn(response: Response): AsyncGenerator<LiveEvent> {
  let pending = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    pending += chunk
    // A large event comes in many chunks.
    if (!pending.slice(-chunk.length - 1).includes('\n\n')) continue
    const events = pending.split('\n\n')
    pending = events.pop() ?? ''
    for (const text of events) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(text) ?? []
      if (data !== undefined) yield { event, data: JSON.parse(data) } as LiveEvent
    }
  }
}
