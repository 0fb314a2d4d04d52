/**
 * Theory of operation: the worker's side of durable jobs.
 *
 * A job comes (intake.ts), runs, its result is stored, and only then is it acknowledged. A worker that dies has not acknowledged,
 * and the server gives the job to another when its lease is over. While a job is in hand, its lease is extended. So a job runs at
 * least once, and more than once only if a worker died, or was cut off for longer than a lease, between its beginning and its
 * acknowledgement.
 *
 *     take ─▶ is there a result? ─▶ run ─▶ store the result, unless one is there ─▶ acknowledge
 *               ├ its thread died, or threw and errors are to be tried again ─▶ give back, for later
 *               └ that was the last try, or it was begun as often as it may be ─▶ dead letter, its error as result ─▶ acknowledge
 *
 * Of two workers that both finish, the server keeps what comes first: a result is stored on the condition that its
 * subject is empty.
 *
 * A try is counted when it begins. The server counts deliveries, and a job that waited in the hand of a worker that was killed has
 * been delivered, but not begun. So who is given a job for the second time writes down, before it begins, which try it is. Nor is
 * the count of deliveries to be relied on: nats-server 2.9 begins anew at one where the worker that died had asked for more
 * jobs. That a job was given out before this worker was there is known nevertheless, by its number in the stream; but for the
 * last one of these, of which it is not certain: so that one is written down the first time, too.
 *
 * A job that kills its process takes a try of those that run beside it. They come again together, so last tries are made one at a
 * time: a job that harms nobody does not die of its neighbour.
 */
import type { Consumer, JsMsg } from '@nats-io/jetstream'
import { BrokenError } from '../../core/index.ts'
import { inWords } from '../crew.ts'
import { encodeThrown } from '../wire-error.ts'
import type { Connection } from './connection.ts'
import { Feed } from './feed.ts'
import { Gate } from './gate.ts'
import { Intake } from './intake.ts'
import { LEVELS, type Level } from './level.ts'
import { idIn } from './names.ts'
import type { Run } from './runs.ts'
import { delay, Store } from './store.ts'
import { type CallExtra, type DeadRecord, type JobRecord, pack, type ResultRecord, unpack } from './wire.ts'

const AGAIN = 500

/** What runs functions. */
export interface Runner {
  /** Its id. */
  readonly worker: string
  run(id: string, name: string, args: readonly unknown[], extra: CallExtra | undefined): Promise<Run>
}

/** A job that has come, and is not acknowledged yet. */
interface Hand {
  readonly id: string
  readonly level: Level
  /** The latest, if it was delivered again meanwhile. */
  message: JsMsg
  cancelled: boolean
}

/** Where jobs of a level come from. */
interface Queue {
  readonly level: Level
  readonly consumer: Consumer
}

export class DurableService {
  private readonly connection: Connection
  private readonly runner: Runner
  private readonly size: number
  private readonly lease: number
  private readonly hands = new Map<string, Hand>()
  private readonly lastTries = new Gate(1)
  private store!: Store
  private intake!: Intake
  private beats: NodeJS.Timeout | undefined
  private closing = false
  /** Sweeps that were begun: the latest goes on. */
  private sweeps = 0
  /** By level: messages up to this one were given to others before we came. */
  private readonly given: Record<Level, number> = { 1: 0, 0: 0, [-1]: 0 }
  /** Messages up to this one were stored before we were connected: they may have a result. */
  private old = Number.POSITIVE_INFINITY
  duplicates = 0

  constructor(connection: Connection, runner: Runner, size: number, lease: number) {
    this.connection = connection
    this.runner = runner
    this.size = size
    this.lease = lease
  }

  async start(resultTtl: number | undefined): Promise<void> {
    this.store = await Store.open(this.connection, resultTtl)
    const queues = await Promise.all(LEVELS.map((level) => this.open(level)))
    const feeds = queues.map(({ level, consumer }) => new Feed(level, consumer))
    this.intake = new Intake(feeds, this.size, (message, level) => this.take(message, level))
    this.connection.onReturn(() => {
      this.old = Number.POSITIVE_INFINITY
      this.intake.askAnew()
      void this.sweep(queues)
    })
    this.connection.onEnd(() => void this.finish())
    void this.sweep(queues)
    this.beats = setInterval(() => this.beat(), Math.min(1000, this.lease / 3))
  }

  private async open(level: Level): Promise<Queue> {
    const consumer = await this.store.openQueue(level, this.lease)
    this.given[level] = (await consumer.info()).delivered.stream_seq
    return { level, consumer }
  }

  /** A job is not wanted any more. One that runs is the runner's to cancel. */
  cancel(id: string): void {
    const hand = this.hands.get(id)
    if (hand !== undefined) hand.cancelled = true
  }

  /** Takes no more, gives back what waits, and waits for what runs. */
  async finish(): Promise<void> {
    this.closing = true
    await this.intake?.finish()
    clearInterval(this.beats)
  }

  private beat(): void {
    if (this.connection.nats.isClosed()) return clearInterval(this.beats)
    for (const { message } of this.hands.values()) message.working()
    // The server gives away what a worker has that is cut off.
    this.intake.giveBack(!this.connection.up)
  }

  /**
   * Throws away jobs that have a result already. A server that was killed comes back with the acknowledgements that it took, and with
   * some of the messages that it had dropped for these: nobody would ever be given them. Nor does it take an acknowledgement of
   * what it believes to be done. So those that were given out by then are looked at, once in a lease, until all are gone.
   */
  private async sweep(queues: readonly Queue[]): Promise<void> {
    const { store } = this
    const { names } = this.connection
    const mine = ++this.sweeps
    let last: readonly number[] | null = null
    while (!this.closing && mine === this.sweeps) {
      try {
        if (last === null) {
          last = await Promise.all(queues.map(async ({ consumer }) => (await consumer.info()).delivered.stream_seq))
          this.old = (await store.manager.streams.info(names.jobStream)).state.last_seq
        }
        let left = 0
        for (const [i, { level }] of queues.entries()) left += await this.sweepUpTo(level, last[i] as number)
        if (left === 0) return
        // Nobody is kept from ending by it.
        await new Promise((resolve) => setTimeout(resolve, this.lease).unref())
      } catch {
        // The server is not ready yet, or another worker was quicker.
        await delay(AGAIN)
      }
    }
  }

  /** How many of the jobs of a level up to this one are left. */
  private async sweepUpTo(level: Level, last: number): Promise<number> {
    const { store } = this
    const { names, version } = this.connection
    let left = 0
    for await (const { seq, subject } of store.messages(names.jobStream, names.job(names.queue(version, level), '*'))) {
      if (seq > last) break
      const id = idIn(subject)
      if (this.hands.has(id) || (await store.result(id)) === null) left++
      else await store.manager.streams.deleteMessage(names.jobStream, seq)
    }
    return left
  }

  private async take(message: JsMsg, level: Level): Promise<void> {
    const id = idIn(message.subject)
    const known = this.hands.get(id)
    if (known !== undefined) {
      known.message = message // It came again, since this process had been stopped.
      return
    }
    const hand: Hand = { id, level, message, cancelled: false }
    this.hands.set(id, hand)
    try {
      await this.handle(hand)
    } finally {
      this.hands.delete(id)
    }
  }

  private async handle(hand: Hand): Promise<void> {
    const { store } = this
    const { id, message } = hand
    const given = this.given[hand.level]
    const isAgain = message.info.deliveryCount > 1 || message.seq <= given
    // nats-server 2.9 takes back what it says of the last one that it gave to a worker which died.
    const again = isAgain || message.seq === given + 1
    // Not only if the server says that it gives it out again: one that was killed forgets its latest acknowledgements.
    if ((again || message.seq <= this.old) && (await store.result(id)) !== null) {
      this.duplicates++
      return this.done(hand, again)
    }
    const attempt = again ? (await store.begun(id, isAgain ? 1 : 0)) + 1 : 1
    let job: JobRecord
    try {
      job = unpack(message.data) as JobRecord
    } catch (error) {
      const nothing = { tries: 1, retryErrors: false, retryDelay: 0, postedAt: 0 }
      return this.bury(hand, { name: 'unreadable', args: message.data, ...nothing }, error, attempt)
    }
    if (attempt > job.tries) {
      const lost = new BrokenError(`each time that it was tried, its worker died or was silent for ${this.lease} ms`)
      return this.bury(hand, job, lost, job.tries)
    }
    const { names } = this.connection
    let args: unknown[]
    try {
      args = (await store.fetch(job.args, names.argumentBucket)) as unknown[]
    } catch (error) {
      return this.failed(hand, job, error, attempt)
    }
    const make = (): Promise<void> => this.make(hand, job, args, attempt, again)
    return attempt > 1 && attempt === job.tries ? this.lastTries.pass(make) : make()
  }

  /** A try, when its turn has come. */
  private async make(hand: Hand, job: JobRecord, args: unknown[], attempt: number, again: boolean): Promise<void> {
    if (!(await this.intake.turn(hand.level))) {
      if (attempt === 1) await this.store.keepBegun(hand.id, 0)
      return hand.message.nak()
    }
    try {
      const run = await this.runIn(hand, job, args, attempt, again)
      // It was withdrawn, or this worker is closed at once.
      if (run.how === 'cancelled') return hand.message.nak()
      if (run.how === 'lost' || (run.how === 'threw' && job.retryErrors))
        return await this.failed(hand, job, run.error, attempt)
      await this.keep(hand, job, run, attempt)
      this.done(hand, again)
    } finally {
      this.intake.stored()
    }
  }

  private async runIn(hand: Hand, job: JobRecord, args: unknown[], attempt: number, again: boolean): Promise<Run> {
    const start = performance.now()
    try {
      if (again) await this.store.keepBegun(hand.id, attempt)
      return hand.cancelled ? { how: 'cancelled' } : await this.runner.run(hand.id, job.name, args, job.extra)
    } finally {
      this.intake.ran(performance.now() - start)
    }
  }

  /** Stores what a function returned or threw, unless there is a result already. */
  private async keep({ id }: Hand, job: JobRecord, run: Exclude<Run, { how: 'cancelled' }>, tries: number) {
    const { store } = this
    const { names } = this.connection
    const { micros, usage } = run
    const measured = usage === undefined ? {} : { usage }
    const common = { name: job.name, worker: this.runner.worker, micros, tries, ...measured } as const
    let how: ResultRecord['how'] = 'returned'
    let bytes: Uint8Array
    try {
      if (run.how !== 'returned') throw run.error
      bytes = pack(run.value, `the result of ${job.name}(…)`)
    } catch (error) {
      how = 'threw'
      bytes = pack(encodeThrown(error), 'an error')
    }
    // Should the server take neither, the job is done again: that it cannot be reached is no result.
    const record: ResultRecord = { ...common, how, value: await store.putAside(bytes, names.resultBucket, id) }
    if (!(await store.keepResult(id, record, () => true))) {
      this.duplicates++
      await store.drop(record.value, names.resultBucket)
    } else await store.drop(job.args, names.argumentBucket)
  }

  private done({ id, message }: Hand, again: boolean): void {
    message.ack()
    if (again) void this.store.forgetBegun(id)
  }

  /** A try came to nothing. */
  private async failed(hand: Hand, job: JobRecord, error: unknown, attempt: number): Promise<void> {
    if (attempt >= job.tries) return this.bury(hand, job, error, attempt)
    hand.message.nak(job.retryDelay * 2 ** (attempt - 1))
  }

  /** It is given up. */
  private async bury(hand: Hand, job: JobRecord, error: unknown, tries: number): Promise<void> {
    const { store } = this
    const { id, message } = hand
    const { names, version } = this.connection
    const thrown = encodeThrown(error)
    const dead: DeadRecord = { job, version, thrown, tries, diedAt: Date.now() }
    // The same death told twice is told once.
    await store.publish(names.dead(id), dead, { msgID: `${id}.${message.seq}` }, () => true)
    const end = new BrokenError(
      `${job.name}(…) was given up after ${tries} tries: ${inWords(error)}. Job ${id} is a dead letter of cluster "${names.cluster}": fibril jobs ${names.cluster} show ${id}`,
      { cause: error },
    )
    const value = pack(encodeThrown(end), 'an error')
    const { worker } = this.runner
    await store.keepResult(id, { how: 'dead', value, name: job.name, worker, micros: 0, tries }, () => true)
    this.done(hand, true)
  }
}
