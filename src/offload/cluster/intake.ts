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
 */
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import { Fifo } from '../../core/index.ts'
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
  private readonly consumer: Consumer
  private readonly size: number
  private readonly take: (message: JsMsg) => Promise<void>
  private readonly pulls = new Set<ConsumerMessages>()
  private readonly busy = new Set<Promise<void>>()
  private readonly turns = new Fifo<Turn>()
  private asked = 0
  private running = 0
  private storing = 0
  private meanMs = Number.POSITIVE_INFINITY
  private closing = false

  /** `size` jobs run at once; `take` deals with one that has come. */
  constructor(consumer: Consumer, size: number, take: (message: JsMsg) => Promise<void>) {
    this.consumer = consumer
    this.size = size
    this.take = take
    this.fill()
  }

  /** Waits until a job may run: then it is to be followed by `ran` and `stored`. False: it is to be given back. */
  turn(): Promise<boolean> {
    if (this.closing) return Promise.resolve(false)
    return new Promise((comes) => {
      this.turns.push({ since: performance.now(), comes })
      this.grant()
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
    for (let turn = this.turns.peek(); turn !== undefined && turn.since <= latest; turn = this.turns.peek()) {
      this.turns.shift()
      turn.comes(false)
      this.meanMs = Math.max(this.meanMs, PATIENCE)
    }
  }

  /** Asks anew: a server that was away knows nothing of what it was asked for. */
  askAnew(): void {
    for (const pull of this.pulls) pull.stop()
  }

  /** Asks for no more, and waits for what runs. */
  async finish(): Promise<void> {
    this.closing = true
    this.askAnew()
    this.giveBack(true)
    while (this.busy.size > 0) await Promise.allSettled(this.busy)
  }

  private grant(): void {
    while (this.running < this.size && this.running + this.storing < this.size * MOST_BEGUN) {
      const turn = this.turns.shift()
      if (turn === undefined) return
      this.running++
      turn.comes(true)
    }
  }

  private fill(): void {
    if (this.closing) return
    const ahead = Math.min(MOST_AHEAD, Math.floor((this.size * AHEAD_MS) / Math.max(this.meanMs, 0.1)))
    const most = this.size + ahead
    const room = most - this.asked - this.busy.size
    // Not one by one where there are many: each question is a message of its own.
    if (room >= most / 4) void this.ask(room)
  }

  private async ask(count: number): Promise<void> {
    let left = count
    this.asked += count
    try {
      const pull = await this.consumer.fetch({ max_messages: count, expires: ASK })
      this.pulls.add(pull)
      try {
        if (this.closing) return
        for await (const message of pull) {
          left--
          this.asked--
          this.begin(message)
        }
      } finally {
        this.pulls.delete(pull)
      }
    } catch {
      // The server is away, or was restarted. Whatever it is, there is nothing to do but to ask again.
      await delay(AGAIN)
    } finally {
      this.asked -= left
      this.fill()
    }
  }

  private begin(message: JsMsg): void {
    const taken: Promise<void> = this.take(message)
      // The server would not take the result in time. It has not been told that the job is done, so the job comes back.
      .catch(() => {})
      .finally(() => {
        this.busy.delete(taken)
        this.fill()
      })
    this.busy.add(taken)
  }
}
