/** What is known of the jobs of one level at the server, by one worker. */
import type { JsMsg } from '@nats-io/jetstream'
import { type Level, SHARES } from './level.ts'

/** A question for jobs. */
interface Pull extends AsyncIterable<JsMsg> {
  stop(): void
}

/** Where jobs are: of a consumer of JetStream's, what is needed here. */
export interface Source {
  fetch(options: { readonly max_messages: number; readonly expires: number }): Promise<Pull>
}

export class Feed {
  readonly level: Level
  private readonly source: Source
  /** Jobs that were asked for and have not come. */
  asked = 0
  /** How many waited at the server when the last one came. Invariant: 0 if nothing came to what was asked for. */
  pending = 0
  private credit = 0
  private readonly pulls = new Set<Pull>()
  private closed = false

  constructor(level: Level, source: Source) {
    this.level = level
    this.source = source
  }

  /** Jobs that are known to be there, and were asked for by nobody here. */
  get known(): number {
    return Math.max(0, this.pending - this.asked)
  }

  /** What was asked for and is on its way, as far as is known; the rest waits until there is something. */
  get coming(): number {
    return this.pending > 0 ? this.asked : 0
  }

  /** Asks for jobs, each of which is given to `take`. Ends when all have come, or the server keeps the question no longer. */
  async ask(count: number, expires: number, take: (message: JsMsg) => void): Promise<void> {
    let left = count
    this.asked += count
    try {
      const pull = await this.source.fetch({ max_messages: count, expires })
      this.pulls.add(pull)
      try {
        if (this.closed) return
        for await (const message of pull) {
          left--
          this.asked--
          this.pending = message.info.pending
          take(message)
        }
      } finally {
        this.pulls.delete(pull)
        pull.stop()
      }
    } finally {
      if (left > 0) this.pending = 0
      this.asked -= left
    }
  }

  /** Forgets what was asked for. */
  stop(): void {
    for (const pull of this.pulls) pull.stop()
  }

  close(): void {
    this.closed = true
    this.stop()
  }

  /**
   * Of feeds that may have something, whose turn it is: each comes as often as its share says, the greatest shares first, and
   * evenly spread (what is known as smooth weighted round robin).
   */
  static next(feeds: readonly Feed[]): Feed | null {
    let total = 0
    let next: Feed | null = null
    for (const feed of feeds) {
      total += SHARES[feed.level]
      feed.credit += SHARES[feed.level]
      if (next === null || feed.credit > next.credit) next = feed
    }
    if (next !== null) next.credit -= total
    return next
  }
}
