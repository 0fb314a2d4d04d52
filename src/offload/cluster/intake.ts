/**
 * Theory of operation: how a worker comes by durable jobs.
 *
 * It has some in hand: those that run, those whose result is on its way to the server, and, where jobs are short, a few that wait
 * for a thread, so that no thread waits for the server. How many may wait follows from how long jobs took lately: about `AHEAD_MS`
 * of work. Long ones stay at the server, where any worker can have them. The first guess is none.
 *
 *     asked for ─▶ in hand: looked at ─▶ waits ─▶ runs ─▶ is stored          asked for + in hand ≤ size + ahead
 *                                          └ for more than a second: back to the server
 *
 * Those that run, and those that have run and are not stored yet, run again if this process dies. So there is a limit for them.
 *
 * Jobs of different levels come by feeds of their own (feed.ts). With each job the server tells how many more of its level there
 * are: of those that have some, the feed is asked whose turn it is. A feed of which nothing is known is asked for one job, and the
 * question stays until there is one. That job is one more than there may be room for, as others may have come by then; so if there
 * is not, the least urgent that waits goes back at once. The feed that had the last job is asked for as many as there is
 * room, so that where all jobs are of one level they come as fast as they can.
 */
import type { JsMsg } from '@nats-io/jetstream'
import { Fifo } from '../../core/index.ts'
import { Feed } from './feed.ts'
import { LEVELS, type Level } from './level.ts'
import { delay } from './store.ts'

/** How long the server keeps a question for jobs, ms. The client takes no less than 1000. */
const ASK = 5000
const AGAIN = 500
const AHEAD_MS = 25
const MOST_AHEAD = 64
/** So many times `size` may run, or have run without being stored. */
const MOST_BEGUN = 5
/** How long a job waits here for a thread, ms. */
const PATIENCE = 1000
/** Of a mean of times, the share that the latest has. */
const WEIGHT = 0.2

interface Turn {
  readonly since: number
  /** False: there will be none; give the job back. */
  readonly comes: (whether: boolean) => void
}

export class Intake {
  private readonly feeds: readonly Feed[]
  private readonly size: number
  private readonly take: (message: JsMsg, level: Level) => Promise<void>
  private readonly busy = new Set<Promise<void>>()
  private readonly turns: Readonly<Record<Level, Fifo<Turn>>> = { 1: new Fifo(), 0: new Fifo(), [-1]: new Fifo() }
  /** Had the last job. */
  private main: Feed
  private running = 0
  private storing = 0
  private meanMs = Number.POSITIVE_INFINITY
  private closing = false

  /** `size` jobs run at once; `take` deals with one that has come. */
  constructor(feeds: readonly Feed[], size: number, take: (message: JsMsg, level: Level) => Promise<void>) {
    this.feeds = feeds
    this.main = feeds.find((feed) => feed.level === 0) as Feed
    this.size = size
    this.take = take
    this.fill()
  }

  /** Waits until a job may run: then it is to be followed by `ran` and `stored`. False: it is to be given back. */
  turn(level: Level): Promise<boolean> {
    if (this.closing) return Promise.resolve(false)
    return new Promise((comes) => {
      this.turns[level].push({ since: performance.now(), comes })
      this.grant()
      if (this.busy.size > this.most) this.shed()
    })
  }

  /** A job has run, for so long. */
  ran(ms: number): void {
    this.meanMs = this.meanMs === Number.POSITIVE_INFINITY ? ms : this.meanMs + WEIGHT * (ms - this.meanMs)
    this.running--
    this.storing++
    this.grant()
  }

  stored(): void {
    this.storing--
    this.grant()
  }

  /** Gives back what has waited for too long, or everything that waits: another worker may have a thread for it. */
  giveBack(all = false): void {
    const latest = all ? Number.POSITIVE_INFINITY : performance.now() - PATIENCE
    for (const level of LEVELS) {
      const turns = this.turns[level]
      for (let turn = turns.peek(); turn !== undefined && turn.since <= latest; turn = turns.peek()) {
        turns.shift()
        turn.comes(false)
        this.meanMs = Math.max(this.meanMs, PATIENCE)
      }
    }
  }

  /** One has come for which there is no room: the least urgent that waits goes back. */
  private shed(): void {
    const level = LEVELS.findLast((level) => this.turns[level].length > 0)
    if (level !== undefined) this.turns[level].shift()?.comes(false)
  }

  /** Asks anew: a server that was away knows nothing of what it was asked for. */
  askAnew(): void {
    for (const feed of this.feeds) feed.stop()
  }

  /** Asks for no more, and waits for what runs. */
  async finish(): Promise<void> {
    this.closing = true
    for (const feed of this.feeds) feed.close()
    this.giveBack(true)
    while (this.busy.size > 0) await Promise.allSettled(this.busy)
  }

  private grant(): void {
    while (this.running < this.size && this.running + this.storing < this.size * MOST_BEGUN) {
      const level = LEVELS.find((level) => this.turns[level].length > 0)
      if (level === undefined) return
      this.running++
      this.turns[level].shift()?.comes(true)
    }
  }

  /** How many it may have in hand. */
  private get most(): number {
    return this.size + Math.min(MOST_AHEAD, Math.floor((this.size * AHEAD_MS) / Math.max(this.meanMs, 0.1)))
  }

  private fill(): void {
    if (this.closing) return
    const { feeds, most } = this
    // Not one by one where there are many: each question is a message of its own.
    const enough = Math.max(1, most / 4)
    for (;;) {
      const room = most - this.busy.size - feeds.reduce((sum, feed) => sum + feed.coming, 0)
      if (room < enough) return
      const feed = Feed.next(feeds.filter((feed) => feed.asked === 0 || feed.known > 0))
      if (feed !== null) void this.ask(feed, Math.max(1, Math.min(room, feed.known)))
      else {
        const rest = room - this.main.asked
        if (rest >= enough) void this.ask(this.main, rest)
        return
      }
    }
  }

  private async ask(feed: Feed, count: number): Promise<void> {
    try {
      await feed.ask(count, ASK, (message) => {
        this.main = feed
        this.begin(message, feed.level)
      })
    } catch {
      // The server is away, or was restarted. Whatever it is, there is nothing to do but to ask again.
      await delay(AGAIN)
    } finally {
      this.fill()
    }
  }

  private begin(message: JsMsg, level: Level): void {
    const taken: Promise<void> = this.take(message, level)
      // The server would not take the result in time. It has not been told that the job is done, so the job comes back.
      .catch(() => {})
      .finally(() => {
        this.busy.delete(taken)
        this.fill()
      })
    this.busy.add(taken)
  }
}
