/**
 * Theory of operation: the submitter's side of durable jobs.
 *
 * A job is stored before anything else, and its result is stored before anybody is told: the server repeats what it has stored,
 * so that of a job that ran twice the submitter hears the result that is kept. What was said while the connection was down was
 * not heard: each return of it is a reason to look.
 *
 * A submitter that dies changes nothing: the job is run, and its result kept. One that is cancelled withdraws its job.
 */
import { type Msg, nuid, type Subscription } from '@nats-io/transport-node'
import { UsageError } from '../../core/index.ts'
import { continueStack, decodeThrown } from '../revive-error.ts'
import type { Special } from '../seat.ts'
import type { Thrown } from '../wire-error.ts'
import type { Connection } from './connection.ts'
import { type End, type Engine, failure, type OnEnd } from './engine.ts'
import { tokenOf } from './names.ts'
import { Roster } from './roster.ts'
import { Store } from './store.ts'
import type { Ticket } from './ticket.ts'
import { type JobRecord, pack, type ResultRecord, unpack } from './wire.ts'

/** How durable jobs are made. */
export interface DurableOptions {
  /** How often a job is tried before it becomes a dead letter: whenever its worker dies or is silent. Default 3. */
  readonly tries?: number
  /** What the function throws counts as a failed try, too, in place of being the result at once. Default false. */
  readonly retryErrors?: boolean
  /** ms before a failed job is tried again; twice as many before the next time. Default 1000. */
  readonly retryDelay?: number
  /** How long results are kept, ms. Default: as the cluster has it, or a day. */
  readonly resultTtl?: number
}

/** How long a positive answer to whether workers have our version is believed, ms. */
const BELIEVED = 5000

interface Waiting {
  readonly id: string
  readonly ticket: Ticket
  readonly subscriptions: Subscription[]
  /** The job is ours, and the server has it. */
  posted: boolean
  cancelled: boolean
  /** Its result is known, and being fetched. */
  ends: boolean
}

export class DurableCalls implements Engine {
  private readonly connection: Connection
  private readonly store: Store
  private readonly options: DurableOptions
  private readonly onEnd: OnEnd
  private readonly roster: Roster
  private readonly waiting = new Map<Ticket, Waiting>()
  private checked: Promise<void> | null = null

  private constructor(connection: Connection, store: Store, options: DurableOptions, onEnd: OnEnd) {
    this.connection = connection
    this.store = store
    this.options = options
    this.onEnd = onEnd
    this.roster = new Roster(connection)
    connection.onReturn(() => {
      for (const one of this.waiting.values()) void this.look(one)
    })
    connection.onEnd((error) => {
      for (const { ticket } of this.waiting.values()) this.end(ticket, failure(error))
    })
  }

  static async open(connection: Connection, options: DurableOptions, onEnd: OnEnd): Promise<DurableCalls> {
    return new DurableCalls(connection, await Store.open(connection, options.resultTtl), options, onEnd)
  }

  begin(ticket: Ticket): void {
    void this.make(ticket)
  }

  private async make(ticket: Ticket): Promise<void> {
    const id = nuid.next()
    const wanted = (): boolean => ticket.waits
    try {
      const { name, args, special } = ticket
      const record = await this.record(id, name, args, special)
      if (!wanted()) return
      const one = this.listen(id, ticket)
      await this.store.postJob(id, record, id, wanted)
      one.posted = true
      if (one.cancelled) await this.withdraw(id)
    } catch (error) {
      this.end(ticket, failure(error))
    }
  }

  /** Stores a job under an id, to be waited for by `resultOf`, here or elsewhere. False if there is one of this id. */
  async post(id: string, name: string, args: readonly unknown[], special: Special): Promise<boolean> {
    tokenOf(id, 'the id of a job')
    const record = await this.record(id, name, args, special)
    if ((await this.store.result(id)) !== null) return false
    // The server sees to it only among those of one level, and for a while among all.
    if ((await this.store.job(id)) !== null) return false
    const ack = await this.store.postJob(id, record, id, () => true)
    return ack !== null && !ack.duplicate
  }

  /** Waits for the result of a job that somebody stored. */
  async await(ticket: Ticket, id: string): Promise<void> {
    try {
      tokenOf(id, 'the id of a job')
      const one = this.listen(id, ticket)
      const { names, version } = this.connection
      await this.look(one)
      if (!ticket.waits) return
      if ((await this.store.job(id)) !== null) return
      const result = await this.store.result(id) // It may have ended in between.
      if (result !== null) return this.finish(one, result)
      throw new UsageError(
        `cluster "${names.cluster}" has neither a job nor a result ${id} of version ${version}: post it first. Results are kept for a while only`,
      )
    } catch (error) {
      this.end(ticket, failure(error))
    }
  }

  cancel(ticket: Ticket): void {
    const one = this.waiting.get(ticket)
    if (one === undefined) return
    one.cancelled = true
    this.forget(one)
    // One that is on its way is withdrawn on arrival. One that was only waited for is somebody else's.
    if (one.posted) void this.withdraw(one.id)
  }

  /** A job has one result. */
  grant(): void {}

  async close(): Promise<void> {
    for (const one of this.waiting.values()) this.forget(one)
    await this.connection.flush()
  }

  private async record(
    id: string,
    name: string,
    args: readonly unknown[],
    { priority, extra }: Special,
  ): Promise<JobRecord> {
    const { tries = 3, retryErrors = false, retryDelay = 1000 } = this.options
    const bytes = pack(args, `an argument of ${name}(…)`)
    await this.checkVersion()
    const packed = await this.store.putAside(bytes, this.connection.names.argumentBucket, id)
    const record = { name, args: packed, tries, retryErrors, retryDelay, postedAt: Date.now() }
    if (extra === null && priority === 0) return record
    return { ...record, extra: priority === 0 ? { ...extra } : { ...extra, priority } }
  }

  /** Jobs wait for a worker as long as it takes; but where all workers are of other versions, something is wrong. */
  private checkVersion(): Promise<void> {
    if (this.checked === null) {
      const forget = (): void => {
        this.checked = null
      }
      this.checked = this.roster.hasWorker().then(() => {})
      this.checked.then(() => setTimeout(forget, BELIEVED).unref(), forget)
    }
    return this.checked
  }

  private listen(id: string, ticket: Ticket): Waiting {
    const { nats, names } = this.connection
    const one: Waiting = { id, ticket, subscriptions: [], posted: false, cancelled: false, ends: false }
    const listen = (subject: string, heard: (data: Uint8Array) => void): void => {
      const callback = (error: Error | null, message: Msg): void => {
        if (error === null) heard(message.data)
      }
      one.subscriptions.push(nats.subscribe(subject, { callback }))
    }
    listen(names.kept(id), (data) => void this.heard(one, data))
    if (ticket.special.onProgress !== null) listen(names.progress(id), (data) => this.progressed(one, data))
    this.waiting.set(ticket, one)
    return one
  }

  private async heard(one: Waiting, data: Uint8Array): Promise<void> {
    try {
      await this.finish(one, unpack(data) as ResultRecord)
    } catch (error) {
      this.end(one.ticket, failure(error))
    }
  }

  private progressed(one: Waiting, data: Uint8Array): void {
    try {
      one.ticket.special.onProgress?.(unpack(data))
    } catch (error) {
      this.cancel(one.ticket)
      this.onEnd(one.ticket, failure(error))
    }
  }

  /** Finishes it if there is a result. */
  private async look(one: Waiting): Promise<void> {
    try {
      const result = await this.store.result(one.id)
      if (result !== null) await this.finish(one, result)
    } catch (error) {
      // Its bytes cannot be read. Whatever else it is, it passes with the next return of the connection.
      if (error instanceof UsageError) this.end(one.ticket, failure(error))
    }
  }

  private async finish(one: Waiting, { how, value, worker, micros, usage }: ResultRecord): Promise<void> {
    // It may be heard of again meanwhile.
    if (one.ends) return
    one.ends = true
    const { ticket } = one
    let result: unknown
    try {
      result = await this.store.fetch(value, this.connection.names.resultBucket)
    } catch (error) {
      return this.end(ticket, failure(error, micros))
    }
    if (how === 'returned') return this.end(ticket, { failed: false, value: result, micros, usage })
    const error = decodeThrown(result as Thrown)
    if (how === 'threw')
      continueStack(error, `    at ${ticket.name} (worker ${worker} of cluster "${this.connection.names.cluster}")`)
    this.end(ticket, { failed: true, value: error, micros, usage })
  }

  /** Takes a job out of the queue, and tells whoever runs it. */
  private async withdraw(id: string): Promise<void> {
    const { nats, names } = this.connection
    try {
      const message = await this.store.job(id)
      if (message === null) return // It has ended.
      await this.store.manager.streams.deleteMessage(names.jobStream, message.seq)
      nats.publish(names.cancel, id)
    } catch {
      // A server that is away keeps the job; nobody waits here to be told.
    }
  }

  private forget(one: Waiting): void {
    this.waiting.delete(one.ticket)
    if (this.connection.nats.isClosed()) return
    for (const subscription of one.subscriptions) subscription.unsubscribe()
  }

  private end(ticket: Ticket, end: End): void {
    const one = this.waiting.get(ticket)
    if (one !== undefined) this.forget(one)
    this.onEnd(ticket, end)
  }
}
