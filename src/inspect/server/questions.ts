/** Asks the program's thread, and gives up when that is held. */
import type { MessagePort } from 'node:worker_threads'
import type { HeldRecord } from './events.ts'
import type { Heart } from './heart.ts'
import { type FromAgent, PLACES, type Question, WANTED } from './messages.ts'

/** The loop is held, so it did not answer. */
export class HeldError extends Error {
  readonly held: HeldRecord

  constructor(held: HeldRecord) {
    super('the loop is held')
    this.held = held
  }
}

/** As many questions wait as may. */
export class CrowdError extends Error {}

interface Asked {
  readonly place: number
  /** Called with each part of the answer; null at its end. */
  readonly part: (text: string | null) => void
  readonly fail: (error: Error) => void
}

export class Questions {
  readonly #port: MessagePort
  readonly #cells: Int32Array
  readonly #heart: Heart
  readonly #asked = new Map<number, Asked>()
  #lastId = 0

  constructor(port: MessagePort, cells: Int32Array, heart: Heart) {
    this.#port = port
    this.#cells = cells
    this.#heart = heart
  }

  /**
   * `part` is called with each part of the answer as it comes. A `HeldError` if nothing has come while the loop is held. Aborting
   * takes the question back.
   */
  ask(question: Question, part: (text: string) => void, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const place = this.#freePlace()
      if (place === null) return reject(new CrowdError('too many questions wait for the program: ask again later'))
      const id = ++this.#lastId
      let begun = false
      const over = (settle: () => void): void => {
        if (!this.#asked.delete(id)) return
        Atomics.store(this.#cells, WANTED + place, 0)
        quiet()
        signal?.removeEventListener('abort', abort)
        settle()
      }
      const abort = (): void => over(resolve)
      const quiet = this.#heart.listen({
        held: (record) => begun || over(() => reject(new HeldError(record))),
        released() {},
      })
      this.#asked.set(id, {
        place,
        part(text) {
          begun = true
          if (text === null) over(resolve)
          else part(text)
        },
        fail: (error) => over(() => reject(error)),
      })
      Atomics.store(this.#cells, WANTED + place, id)
      this.#port.postMessage({ ...question, id, place })
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort)
    })
  }

  /** The whole answer. */
  async text(question: Question, signal?: AbortSignal): Promise<string> {
    const parts: string[] = []
    await this.ask(question, (text) => parts.push(text), signal)
    return parts.join('')
  }

  /** A message has come from the program's thread. */
  take(message: Extract<FromAgent, { readonly id: number }>): void {
    const asked = this.#asked.get(message.id)
    if (asked === undefined) return
    if ('error' in message) return asked.fail(new Error(message.error))
    if (message.text !== '') asked.part(message.text)
    if (message.last) asked.part(null)
  }

  #freePlace(): number | null {
    for (let place = 0; place < PLACES; place++) if (Atomics.load(this.#cells, WANTED + place) === 0) return place
    return null
  }
}
