/**
 * Theory of operation: the worker's side of durable jobs.
 *
 * As many lanes as jobs may run at once; each fetches a job, runs it, stores the result, and only then acknowledges. A worker
 * that dies has not acknowledged, and the server gives the job to another when its lease is over. While a job runs, its lease
 * is extended. So a job runs at least once, and more than once only if a worker died, or was cut off for longer than a lease,
 * between its beginning and its acknowledgement.
 *
 *     fetch ─▶ is there a result? ─▶ run ─▶ store the result, unless one is there ─▶ acknowledge
 *               ├ its thread died, or threw and errors are to be tried again ─▶ give back, for later
 *               └ that was the last try, or more tries than allowed were begun ─▶ dead letter, its error as result ─▶ acknowledge
 *
 * Of two workers that both finish, the server keeps what comes first: a result is stored on the condition that its
 * subject is empty.
 */
import type { Consumer, JsMsg } from '@nats-io/jetstream'
import { BrokenError } from '../../core/index.ts'
import { inWords } from '../crew.ts'
import { encodeThrown } from '../wire-error.ts'
import type { Connection } from './connection.ts'
import { idIn } from './names.ts'
import { delay, Store } from './store.ts'
import { type DeadRecord, type JobRecord, pack, type ResultRecord, unpack } from './wire.ts'

/** How long a lane waits for a job before it asks anew, ms. The client takes no less than 1000. */
const ASK = 5000
const AGAIN = 500
/** How often a sweep that fails is begun anew. */
const SWEEPS = 20

/** How one run of a function ended. `lost`: its thread died. `cancelled`: somebody asked for that. */
export type Run =
  | { readonly how: 'returned'; readonly value: unknown; readonly micros: number }
  | { readonly how: 'threw' | 'lost'; readonly error: unknown; readonly micros: number }
  | { readonly how: 'cancelled' }

/** What runs functions. */
export interface Runner {
  /** Its id. */
  readonly worker: string
  run(key: string, name: string, args: readonly unknown[], beat: () => void): Promise<Run>
}

export class DurableService {
  private readonly connection: Connection
  private readonly runner: Runner
  private readonly size: number
  private readonly lease: number
  private readonly busy = new Set<Promise<void>>()
  private closing = false
  duplicates = 0

  constructor(connection: Connection, runner: Runner, size: number, lease: number) {
    this.connection = connection
    this.runner = runner
    this.size = size
    this.lease = lease
  }

  async start(resultTtl: number | undefined): Promise<void> {
    const store = await Store.open(this.connection, resultTtl)
    const consumer = await store.openQueue(this.lease)
    const sweep = (): void => void this.sweep(store, consumer)
    this.connection.onReturn(sweep)
    sweep()
    for (let i = 0; i < this.size; i++) void this.lane(store, consumer)
  }

  /** Fetches no more, and waits for what runs. */
  async finish(): Promise<void> {
    this.closing = true
    await Promise.allSettled(this.busy)
  }

  /**
   * Throws away jobs that have a result already. A server that was killed comes back with the acknowledgements that it took, and with
   * some of the messages that it had dropped for these: nobody would ever be given them.
   */
  private async sweep(store: Store, consumer: Consumer): Promise<void> {
    const { names, version } = this.connection
    for (let attempt = 1; attempt <= SWEEPS && !this.closing; attempt++) {
      try {
        const { delivered } = await consumer.info()
        for await (const { seq, subject } of store.messages(names.jobStream, names.job(version, '*'))) {
          if (seq > delivered.stream_seq) return
          if ((await store.result(idIn(subject))) !== null) {
            await store.manager.streams.deleteMessage(names.jobStream, seq)
          }
        }
        return
      } catch {
        // The server is not ready yet, or another worker was quicker.
        await delay(AGAIN)
      }
    }
  }

  private async lane(store: Store, consumer: Consumer): Promise<void> {
    while (!this.closing) {
      let message: JsMsg | null
      try {
        message = await consumer.next({ expires: ASK })
      } catch {
        // The server is away, or was restarted. Whatever it is, there is nothing to do but to ask again.
        if (this.connection.nats.isClosed()) return
        await delay(AGAIN)
        continue
      }
      if (message === null) continue
      const handled = this.handle(store, message)
      this.busy.add(handled)
      try {
        await handled
      } catch {
        // The server would not take the result in time. It has not been told that the job is done, so the job comes back.
      } finally {
        this.busy.delete(handled)
      }
    }
  }

  private async handle(store: Store, message: JsMsg): Promise<void> {
    if (this.closing) return message.nak()
    const id = idIn(message.subject)
    const { deliveryCount } = message.info
    // Not only if the server says that it gives it out again: one that was killed forgets its latest acknowledgements.
    if ((await store.result(id)) !== null) {
      this.duplicates++
      return message.ack()
    }
    let job: JobRecord
    try {
      job = unpack(message.data) as JobRecord
    } catch (error) {
      const unread = {
        name: 'unreadable',
        args: message.data,
        tries: 1,
        retryErrors: false,
        retryDelay: 0,
        postedAt: 0,
      }
      return this.bury(store, message, id, unread, error, deliveryCount)
    }
    if (deliveryCount > job.tries) {
      const lost = new BrokenError(`each time that it was tried, its worker died or was silent for ${this.lease} ms`)
      return this.bury(store, message, id, job, lost, job.tries)
    }
    const { names } = this.connection
    let args: unknown[]
    try {
      args = (await store.fetch(job.args, names.argumentBucket)) as unknown[]
    } catch (error) {
      return this.failed(store, message, id, job, error)
    }
    const run = await this.runner.run(id, job.name, args, () => message.working())
    // It was withdrawn, or this worker is closed at once.
    if (run.how === 'cancelled') return message.nak()
    if (run.how === 'lost' || (run.how === 'threw' && job.retryErrors))
      return this.failed(store, message, id, job, run.error)
    // A beat for each who waits for the server to take the result.
    const beats = setInterval(() => {
      if (!this.connection.nats.isClosed()) message.working()
    }, this.lease / 3)
    try {
      let record: ResultRecord
      const { micros } = run
      const common = { name: job.name, worker: this.runner.worker, micros, tries: deliveryCount } as const
      try {
        if (run.how !== 'returned') throw run.error
        const bytes = pack(run.value, `the result of ${job.name}(…)`)
        record = { ...common, how: 'returned', value: await store.putAside(bytes, names.resultBucket, id) }
      } catch (error) {
        const bytes = pack(encodeThrown(error), 'an error')
        record = { ...common, how: 'threw', value: await store.putAside(bytes, names.resultBucket, id) }
      }
      if (!(await store.keepResult(id, record, () => true))) {
        this.duplicates++
        await store.drop(record.value, names.resultBucket)
      } else if (!(job.args instanceof Uint8Array)) await store.drop(job.args, names.argumentBucket)
      message.ack()
    } finally {
      clearInterval(beats)
    }
  }

  /** A try came to nothing. */
  private async failed(store: Store, message: JsMsg, id: string, job: JobRecord, error: unknown): Promise<void> {
    const { deliveryCount } = message.info
    if (deliveryCount >= job.tries) return this.bury(store, message, id, job, error, deliveryCount)
    message.nak(job.retryDelay * 2 ** (deliveryCount - 1))
  }

  /** It is given up. */
  private async bury(
    store: Store,
    message: JsMsg,
    id: string,
    job: JobRecord,
    error: unknown,
    tries: number,
  ): Promise<void> {
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
    message.ack()
  }
}
