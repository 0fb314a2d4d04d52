/**
 * One reader of `/api/live`: server-sent events. A reader that is slow is not waited for, and no events pile up for it: what is kept is
 * which tasks it has not been told of since, and it is told how they are when it has room again.
 */
import type { ServerResponse } from 'node:http'
import type { Mirror } from './mirror.ts'

/** Bytes that may wait for the reader until it counts as slow. */
const ROOM = 1_048_576
/** Tasks in one event, and characters after which no more of them are put into it. */
const PORTION = 2000
const LENGTH = 262_144
/** A reader that takes nothing for so long is let go. */
const STALLED_MS = 30_000

export class LiveStream {
  readonly intervalMs: number
  readonly #response: ServerResponse
  readonly #mirror: Mirror
  /** Tasks of which something is to be told. */
  #pending: Set<number>
  /** Which part of the first telling comes next; null when all have been told once. */
  #first: { begun: boolean } | null = { begun: false }
  #slowSince: number | null = null

  constructor(response: ServerResponse, mirror: Mirror, intervalMs: number) {
    this.#response = response
    this.#mirror = mirror
    this.intervalMs = intervalMs
    this.#pending = new Set(mirror.tasks.keys())
    response.on('drain', () => {
      this.#slowSince = null
      this.pump()
    })
  }

  /** Sends an event, or leaves it out if the reader is slow and can do without. */
  send(event: string, data: object, needed = true): void {
    if (needed || !this.#isSlow()) this.#write(event, JSON.stringify(data))
  }

  /** Something has changed about these. */
  note(changed: readonly number[], ended: readonly number[]): void {
    for (const id of changed) this.#pending.add(id)
    for (const id of ended) this.#pending.add(id)
    this.pump()
  }

  /** Tells of tasks as long as there is something to tell and room for it. */
  pump(): void {
    // Also that there are none is told, once that is known.
    while (this.#pending.size > 0 || (this.#first !== null && this.#mirror.complete)) {
      if (this.#isSlow()) return
      this.#tell()
    }
  }

  #tell(): void {
    const { tasks, total, behind, complete } = this.#mirror
    const records: string[] = []
    const ended: number[] = []
    let length = 0
    for (const id of this.#pending) {
      if (records.length + ended.length === PORTION || length > LENGTH) break
      this.#pending.delete(id)
      const record = tasks.get(id)
      if (record === undefined) ended.push(id)
      else {
        records.push(record)
        length += record.length
      }
    }
    const left = this.#pending.size
    const facts: Record<string, unknown> = {
      at: Date.now(),
      full: this.#first !== null,
      ended,
      total,
      behind: behind + left,
    }
    if (this.#first !== null) {
      facts['first'] = !this.#first.begun
      facts['complete'] = complete && left === 0
      this.#first = facts['complete'] ? null : { begun: true }
    }
    // The records are JSON already.
    this.#write('tasks', `${JSON.stringify(facts).slice(0, -1)},"changed":[${records.join(',')}]}`)
  }

  #write(event: string, data: string): void {
    this.#response.write(`event: ${event}\ndata: ${data}\n\n`)
  }

  #isSlow(): boolean {
    const isSlow = this.#response.writableLength > ROOM
    if (!isSlow) this.#slowSince = null
    else if (this.#slowSince === null) this.#slowSince = performance.now()
    else if (performance.now() - this.#slowSince > STALLED_MS) this.#response.destroy()
    return isSlow || this.#response.destroyed
  }
}
