import type { StoredMsg } from '@nats-io/jetstream'
import { nuid } from '@nats-io/transport-node'
import { type Operation, UsageError, wait } from '../../core/index.ts'
import { decodeThrown } from '../revive-error.ts'
import type { Thrown } from '../wire-error.ts'
import { type ClusterOptions, type Connection, openConnection } from './connection.ts'
import { idIn, queueIn, tokenOf, versionIn } from './names.ts'
import { Store } from './store.ts'
import { type DeadRecord, type JobRecord, type ResultRecord, unpack } from './wire.ts'

/**
 * `queued`: no worker has had it yet; `out`: a worker has it, or had it and it will be given to another; `done` and `failed`:
 * its result is kept, or what it threw; `dead`: it was given up.
 */
export type JobState = 'queued' | 'out' | 'done' | 'failed' | 'dead'

/** One durable job, as it stands. */
export interface JobInfo {
  readonly id: string
  readonly state: JobState
  /** Its function. */
  readonly name: string
  /** Of the module; null where that is not kept. */
  readonly version: string | null
  /** Null where it does not matter any more. */
  readonly priority: number | null
  /** When it came into this state, in ms since 1970. */
  readonly at: number
  /** How often it was tried; null where that is not known. */
  readonly tries: number | null
}

/** One durable job with all that is known of it. */
export interface JobDetails extends JobInfo {
  readonly arguments?: readonly unknown[]
  readonly result?: unknown
  readonly error?: unknown
}

/** How many jobs of a cluster there are. */
export interface JobCounts {
  readonly queued: number
  readonly out: number
  /** Ended, well or not, and kept; those that were given up included. */
  readonly results: number
  readonly dead: number
}

/** What can be purged: jobs that have not ended, results, or dead letters. */
export type Purgeable = 'jobs' | 'results' | 'dead'

/** The durable jobs of a cluster, for those who look after it. */
export class ClusterJobs implements AsyncDisposable {
  readonly #store: Store
  readonly #connection: Connection

  /** @internal */
  constructor(store: Store) {
    this.#store = store
    this.#connection = store.connection
  }

  /** How many there are. */
  counts(): Operation<JobCounts> {
    return wait(async () => {
      const { jobStream, resultStream, deadStream } = this.#connection.names
      const { streams, consumers } = this.#store.manager
      // Jobs of a version that never had a worker are known to no consumer.
      const { subjects = {} } = (await streams.info(jobStream, { subjects_filter: '>' })).state
      const queues = new Set<string>()
      let queued = 0
      // Not what the stream has besides: nats-server 2.9 counts messages that are gone when it comes back from a kill.
      let out = 0
      for await (const { name, num_pending, num_ack_pending, delivered } of consumers.list(jobStream)) {
        queues.add(name)
        queued += num_pending
        // … and, of what it gave out, some that are gone as well: it waits for their acknowledgement for ever.
        out += num_pending > 0 ? num_ack_pending : await this.#out(name, delivered.stream_seq, num_ack_pending)
      }
      for (const subject of Object.keys(subjects)) if (!queues.has(queueIn(subject))) queued++
      const results = (await streams.info(resultStream)).state.messages
      const dead = (await streams.info(deadStream)).state.messages
      return { queued, out, results, dead }
    })
  }

  /** Up to `limit` jobs of each kind, the oldest first. */
  list(limit = 100): Operation<JobInfo[]> {
    return wait(async () => {
      const { names } = this.#connection
      const delivered = await this.#delivered()
      const jobs: JobInfo[] = []
      for await (const message of this.#messages(names.jobStream, limit)) jobs.push(jobInfo(message, delivered))
      for await (const message of this.#messages(names.resultStream, limit)) {
        const { how, name, tries } = unpack(message.data) as ResultRecord
        // A dead one is told of once, below.
        if (how === 'dead') continue
        const state = how === 'returned' ? 'done' : 'failed'
        jobs.push({ id: idOf(message), state, name, version: null, priority: null, at: message.time.getTime(), tries })
      }
      for await (const message of this.#messages(names.deadStream, limit)) jobs.push(deadInfo(message))
      return jobs
    })
  }

  /** All that is known of one. `UsageError` if there is none. */
  show(id: string): Operation<JobDetails> {
    return wait(async () => {
      const { names } = this.#connection
      tokenOf(id, 'the id of a job')
      const waiting = await this.#find(names.jobStream, names.job('*', id))
      if (waiting !== null) {
        const { args } = unpack(waiting.data) as JobRecord
        return { ...jobInfo(waiting, await this.#delivered()), arguments: await this.#arguments(args) }
      }
      const dead = await this.#find(names.deadStream, names.dead(id))
      if (dead !== null) {
        const { job, thrown } = unpack(dead.data) as DeadRecord
        return { ...deadInfo(dead), arguments: await this.#arguments(job.args), error: decodeThrown(thrown) }
      }
      const ended = await this.#find(names.resultStream, names.result(id))
      if (ended === null) throw this.#unknown(id)
      const { how, value, name, tries } = unpack(ended.data) as ResultRecord
      const content = await this.#store.fetch(value, names.resultBucket)
      const outcome = how === 'returned' ? { result: content } : { error: decodeThrown(content as Thrown) }
      const state = how === 'returned' ? 'done' : 'failed'
      return { id, state, name, version: null, priority: null, at: ended.time.getTime(), tries, ...outcome }
    })
  }

  /** Makes a dead letter a job again, with all its tries. `UsageError` if there is no such dead letter. */
  retry(id: string): Operation<void> {
    return wait(async () => {
      const { names } = this.#connection
      tokenOf(id, 'the id of a job')
      const dead = await this.#find(names.deadStream, names.dead(id))
      if (dead === null) throw this.#unknown(id, 'dead letter')
      const { job, version } = unpack(dead.data) as DeadRecord
      // In this order: whatever breaks in between, the dead letter is there for another attempt.
      const { streams } = this.#store.manager
      await streams.purge(names.resultStream, { filter: names.result(id) })
      const record: JobRecord = { ...job, postedAt: Date.now() }
      await this.#store.forgetBegun(id)
      await this.#store.postJobOf(version, id, record, `${id}.${nuid.next()}`)
      await streams.purge(names.deadStream, { filter: names.dead(id) })
    })
  }

  /** Throws them all away; gives how many there were. Jobs that run go on, and their results are kept. */
  purge(what: Purgeable): Operation<number> {
    return wait(async () => {
      const { jobStream, resultStream, deadStream, tryStream } = this.#connection.names
      const stream = { jobs: jobStream, results: resultStream, dead: deadStream }[what]
      const { streams } = this.#store.manager
      if (what === 'jobs') await streams.purge(tryStream)
      return (await streams.purge(stream)).purged
    })
  }

  close(): Operation<void> {
    return wait(this.#connection.nats.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection.nats.close()
  }

  #unknown(id: string, what = 'job, result or dead letter'): UsageError {
    return new UsageError(
      `cluster "${this.#connection.names.cluster}" has no ${what} ${id}: \`fibril jobs\` lists them`,
    )
  }

  #arguments(packed: JobRecord['args']): Promise<readonly unknown[]> {
    return this.#store.fetch(packed, this.#connection.names.argumentBucket) as Promise<readonly unknown[]>
  }

  #find(stream: string, subject: string): Promise<StoredMsg | null> {
    return this.#store.last(stream, subject)
  }

  /** How many jobs of a queue are there of those up to `last`, and no more than so many. */
  async #out(queue: string, last: number, most: number): Promise<number> {
    const { names } = this.#connection
    let count = 0
    if (most === 0) return count
    for await (const { seq } of this.#store.messages(names.jobStream, names.job(queue, '*')))
      if (seq > last || ++count === most) break
    return count
  }

  /** By queue: the last message of the job stream that was given to a worker. */
  async #delivered(): Promise<Map<string, number>> {
    const delivered = new Map<string, number>()
    for await (const consumer of this.#store.manager.consumers.list(this.#connection.names.jobStream)) {
      delivered.set(consumer.name, consumer.delivered.stream_seq)
    }
    return delivered
  }

  /** The first messages of a stream. */
  async *#messages(stream: string, limit: number): AsyncGenerator<StoredMsg, void, void> {
    if (limit < 1) return
    let count = 0
    for await (const message of this.#store.messages(stream, '>')) {
      yield message
      if (++count >= limit) return
    }
  }
}

const idOf = (message: StoredMsg): string => idIn(message.subject)

function jobInfo(message: StoredMsg, delivered: ReadonlyMap<string, number>): JobInfo {
  const { name, postedAt, extra } = unpack(message.data) as JobRecord
  const state = message.seq > (delivered.get(queueIn(message.subject)) ?? 0) ? 'queued' : 'out'
  const priority = extra?.priority ?? 0
  return { id: idOf(message), state, name, version: versionIn(message.subject), priority, at: postedAt, tries: null }
}

function deadInfo(message: StoredMsg): JobInfo {
  const { job, version, tries, diedAt } = unpack(message.data) as DeadRecord
  const priority = job.extra?.priority ?? 0
  return { id: idOf(message), state: 'dead', name: job.name, version, priority, at: diedAt, tries }
}

/** The durable jobs of the cluster `name`. Fails with `BrokenError` if there is no server, or none with JetStream, and with `UsageError` if the cluster never had any. */
export function openJobs(name: string, options: ClusterOptions = {}): Operation<ClusterJobs> {
  return wait(async () => {
    const connection = await openConnection(null, { ...options, name }, 'jobs')
    try {
      return new ClusterJobs(await Store.find(connection))
    } catch (error) {
      await connection.nats.close()
      throw error
    }
  })
}
