/**
 * What of a cluster lies on the server, in four streams:
 *
 *     JOBS     fibril.NAME.jobs.QUEUE.ID      a work queue for each version and level (level.ts): a message is gone once its worker
 *                                             has acknowledged it
 *     RESULTS  fibril.NAME.results.ID         one for each id, the first that comes; gone after `resultTtl`. What is stored, and
 *                                             nothing else, the server repeats at fibril.NAME.kept.ID, for those who wait
 *     DEAD     fibril.NAME.dead.ID            jobs that were given up
 *     TRIES    fibril.NAME.tries.ID           how often a job that was delivered more than once was begun, until it has ended
 *
 * and, for what is larger than a message, two buckets of the object store. Whoever comes first makes them.
 */
import {
  AckPolicy,
  type Consumer,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JetStreamPublishOptions,
  jetstream,
  jetstreamManager,
  type PubAck,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
} from '@nats-io/jetstream'
import { type ObjectStore, Objm } from '@nats-io/obj'
import { nanos, nuid } from '@nats-io/transport-node'
import { BrokenError, UsageError } from '../../core/index.ts'
import type { Connection } from './connection.ts'
import { Gate } from './gate.ts'
import { LEVELS, type Level, levelOf } from './level.ts'
import { type JobRecord, type Packed, pack, type ResultRecord, unpack } from './wire.ts'

const DAY = 24 * 3600 * 1000
/** Dead letters, and arguments that are too large for a message, are kept so long, ms. */
const DEAD_TTL = 30 * DAY
/** Within so many ms the server itself drops a job whose id it has seen. */
const DUPLICATE_WINDOW = 120_000
/** How long a stream may be missing on a server that is there, as while it starts, ms. */
const GIVE_UP = 30_000
const AGAIN = 250
/** A server that is there sends what was asked for without such a pause, ms. */
const CUT_OFF = 10_000
/** Room for headers and the rest of a record. */
const MARGIN = 4096
/** How many questions to the server may be without an answer: more make it slow, and each of them late. */
const IN_FLIGHT = 256

const always = (): boolean => true

export class Store {
  readonly connection: Connection
  readonly manager: JetStreamManager
  private readonly stream: JetStreamClient
  private readonly buckets = new Map<string, Promise<ObjectStore>>()
  private readonly gate = new Gate(IN_FLIGHT)

  private constructor(connection: Connection, manager: JetStreamManager) {
    this.connection = connection
    this.manager = manager
    this.stream = jetstream(connection.nats)
  }

  /** Makes what is missing. */
  static async open(connection: Connection, resultTtl: number | undefined): Promise<Store> {
    const store = await Store.reach(connection)
    const { names } = connection
    const { cluster, jobStream, resultStream, deadStream, tryStream } = names
    await store.ensure({
      name: jobStream,
      subjects: [`fibril.${cluster}.jobs.*.*`],
      retention: RetentionPolicy.Workqueue,
      duplicate_window: nanos(DUPLICATE_WINDOW),
    })
    await store.ensure({
      name: resultStream,
      subjects: [names.result('*')],
      republish: { src: names.result('*'), dest: names.kept('{{wildcard(1)}}') },
      max_age: nanos(resultTtl ?? DAY),
      duplicate_window: nanos(Math.min(DUPLICATE_WINDOW, resultTtl ?? DAY)),
    })
    await store.ensure({ name: deadStream, subjects: [names.dead('*')], max_age: nanos(DEAD_TTL) })
    const latest = { max_msgs_per_subject: 1, max_age: nanos(DEAD_TTL) }
    await store.ensure({ name: tryStream, subjects: [names.tries('*')], ...latest })
    if (resultTtl !== undefined) await store.keepResultsFor(nanos(resultTtl))
    return store
  }

  /** Fails if there is nothing. */
  static async find(connection: Connection): Promise<Store> {
    const store = await Store.reach(connection)
    try {
      await store.manager.streams.info(connection.names.deadStream)
      return store
    } catch (error) {
      if (!isApiError(error, JetStreamApiCodes.StreamNotFound)) throw error
      throw new UsageError(
        `the server knows no cluster "${connection.names.cluster}" with durable jobs: its workers and pools make what they need`,
      )
    }
  }

  private static async reach(connection: Connection): Promise<Store> {
    const { cluster } = connection.names
    try {
      await jetstreamManager(connection.nats, { timeout: GIVE_UP }) // It asks whether there is JetStream.
    } catch (cause) {
      throw new BrokenError(
        `durable calls in cluster "${cluster}" need JetStream, which the server does not offer: start it with -js`,
        { cause },
      )
    }
    return new Store(connection, await jetstreamManager(connection.nats, { checkAPI: false }))
  }

  private async ensure(config: Partial<StreamConfig> & { name: string }): Promise<void> {
    const { streams } = this.manager
    try {
      await this.insist(() => streams.info(config.name), always)
    } catch (error) {
      if (!isApiError(error, JetStreamApiCodes.StreamNotFound)) throw error
      await this.insist(() => streams.add({ storage: StorageType.File, allow_direct: true, ...config }), always)
    }
  }

  private async keepResultsFor(age: number): Promise<void> {
    const { resultStream } = this.connection.names
    const { config } = await this.manager.streams.info(resultStream)
    if (config.max_age === age) return
    const window = Math.min(age, nanos(DUPLICATE_WINDOW)) // may not be longer than the age
    await this.manager.streams.update(resultStream, { ...config, max_age: age, duplicate_window: window })
  }

  /** What workers of our version are fed by with jobs of a level. */
  async openQueue(level: Level, lease: number): Promise<Consumer> {
    const { names, version } = this.connection
    const queue = names.queue(version, level)
    const config = {
      durable_name: queue,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(lease),
      max_deliver: -1,
      max_ack_pending: -1,
      filter_subject: names.job(queue, '*'),
    }
    await this.insist(() => this.manager.consumers.add(names.jobStream, config), always)
    return this.insist(() => this.stream.consumers.get(names.jobStream, queue), always)
  }

  /**
   * Stores a message, however often the connection breaks meanwhile: the server knows a message that it has. Gives null if
   * there is one already where `first` was asked for. Stops with an error when `wanted` gives false.
   */
  async publish(
    subject: string,
    record: object,
    options: Partial<JetStreamPublishOptions>,
    wanted: () => boolean,
  ): Promise<PubAck | null> {
    const bytes = pack(record, 'a record')
    try {
      return await this.insist(() => this.stream.publish(subject, bytes, options), wanted)
    } catch (error) {
      if (isApiError(error, JetStreamApiCodes.StreamWrongLastSequence)) return null
      throw error
    }
  }

  /** Asks the server until it answers. */
  private async insist<T>(ask: () => Promise<T>, wanted: () => boolean): Promise<T> {
    for (let since = performance.now(); ; ) {
      try {
        return await this.gate.pass(ask)
      } catch (error) {
        if (error instanceof JetStreamApiError && error.status !== 503) throw error
        if (!this.connection.up) since = performance.now()
        if (!wanted() || this.connection.nats.isClosed()) throw error
        if (performance.now() - since > GIVE_UP) {
          const message = `the NATS server of cluster "${this.connection.names.cluster}" has not answered for ${GIVE_UP} ms`
          throw new BrokenError(message, { cause: error })
        }
        await delay(AGAIN)
      }
    }
  }

  /** The last message of a subject; null if there is none. */
  last(stream: string, subject: string): Promise<StoredMsg | null> {
    return this.insist(() => this.manager.streams.getMessage(stream, { last_by_subj: subject }), always)
  }

  /** The messages of a stream whose subjects match, the first first. */
  async *messages(stream: string, subject: string): AsyncGenerator<StoredMsg, void, void> {
    for (let seq = 1; ; ) {
      const message = await this.manager.direct.getMessage(stream, { seq, next_by_subj: subject })
      if (message === null) return
      yield message
      seq = message.seq + 1
    }
  }

  /** The result of a job, if it is there. */
  async result(id: string): Promise<ResultRecord | null> {
    const { names } = this.connection
    const message = await this.last(names.resultStream, names.result(id))
    return message === null ? null : (unpack(message.data) as ResultRecord)
  }

  /** Keeps the result of a job unless there is one. False if there was. */
  async keepResult(id: string, record: ResultRecord, wanted: () => boolean): Promise<boolean> {
    const options = { expect: { lastSubjectSequence: 0 } }
    return (await this.publish(this.connection.names.result(id), record, options, wanted)) !== null
  }

  /** Stores a job. Null if there is one of this id and level. */
  postJob(id: string, record: JobRecord, messageId: string, wanted: () => boolean): Promise<PubAck | null> {
    const { version } = this.connection
    return this.postJobOf(version, id, record, messageId, wanted)
  }

  postJobOf(
    version: string,
    id: string,
    record: JobRecord,
    messageId: string,
    wanted: () => boolean = always,
  ): Promise<PubAck | null> {
    const { names } = this.connection
    const options = { msgID: messageId, expect: { lastSubjectSequence: 0 } }
    return this.publish(names.job(names.queue(version, levelOf(record.extra?.priority)), id), record, options, wanted)
  }

  /** A job of our version that has not ended, of whatever level; null if there is none. */
  async job(id: string): Promise<StoredMsg | null> {
    const { names, version } = this.connection
    for (const level of LEVELS) {
      const message = await this.last(names.jobStream, names.job(names.queue(version, level), id))
      if (message !== null) return message
    }
    return null
  }

  /** How often a job was begun, as far as it is written down; `otherwise` if it is not, as mostly of the first time. */
  async begun(id: string, otherwise: number): Promise<number> {
    const { names } = this.connection
    const message = await this.last(names.tryStream, names.tries(id))
    return message === null ? otherwise : Number(message.string())
  }

  async keepBegun(id: string, count: number): Promise<void> {
    await this.insist(() => this.stream.publish(this.connection.names.tries(id), String(count)), always)
  }

  /** What it leaves behind if the server is away is gone some day. */
  async forgetBegun(id: string): Promise<void> {
    const { names } = this.connection
    await this.manager.streams.purge(names.tryStream, { filter: names.tries(id) }).catch(() => {})
  }

  /** A serialized value as it can go into a record: itself, or put aside, however often the connection breaks meanwhile. */
  async putAside(bytes: Uint8Array, bucket: string, id: string): Promise<Packed> {
    if (bytes.length + MARGIN <= this.connection.maxPayload) return bytes
    return this.insist(async () => {
      // What an attempt leaves behind that was broken off is gone some day.
      const blob = `${id}.${nuid.next()}`
      const store = await this.bucket(bucket)
      await store.putBlob({ name: blob }, bytes)
      return { blob, bytes: bytes.length }
    }, always)
  }

  async fetch(packed: Packed, bucket: string): Promise<unknown> {
    if (packed instanceof Uint8Array) return unpack(packed)
    const bytes = await this.insist(() => this.read(packed.blob, bucket), always)
    if (bytes === null)
      throw new BrokenError(`${packed.bytes} bytes of a job, kept as ${packed.blob} in bucket ${bucket}, are gone`)
    return unpack(bytes)
  }

  /** What was put aside; null if it is not there. */
  private async read(blob: string, bucket: string): Promise<Uint8Array | null> {
    const found = await (await this.bucket(bucket)).get(blob)
    if (found === null) return null
    // The stream tells of it as well.
    found.error.catch(() => {})
    const reader = found.data.getReader()
    const parts: Uint8Array[] = []
    try {
      for (;;) {
        const { done, value } = await this.unlessCutOff(reader.read())
        if (done) return Buffer.concat(parts)
        parts.push(value)
      }
    } catch (error) {
      reader.cancel().catch(() => {})
      throw error
    }
  }

  /**
   * Fails if the connection comes back first, or nothing comes for long. A reader whose connection broke would wait: it looks for a
   * sign of life once in a minute.
   */
  private async unlessCutOff<T>(promise: Promise<T>): Promise<T> {
    let release = (): void => {}
    const cutOff = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came for ${CUT_OFF} ms`)), CUT_OFF).unref()
      const unlisten = this.connection.onReturn(() => reject(new Error('the connection was lost meanwhile')))
      release = () => {
        clearTimeout(timer)
        unlisten()
      }
    })
    try {
      return await Promise.race([promise, cutOff])
    } finally {
      release()
    }
  }

  /** Throws away what was put aside. What cannot be reached is gone some day. */
  async drop(packed: Packed, bucket: string): Promise<void> {
    if (packed instanceof Uint8Array) return
    try {
      await (await this.bucket(bucket)).delete(packed.blob)
    } catch {}
  }

  private bucket(name: string): Promise<ObjectStore> {
    let bucket = this.buckets.get(name)
    if (bucket === undefined) {
      bucket = this.openBucket(name)
      // The next who needs it tries again.
      bucket.catch(() => this.buckets.delete(name))
      this.buckets.set(name, bucket)
    }
    return bucket
  }

  private async openBucket(name: string): Promise<ObjectStore> {
    const { names } = this.connection
    const { config } = await this.manager.streams.info(names.resultStream)
    const ttl = name === names.resultBucket ? config.max_age : nanos(DEAD_TTL)
    return new Objm(this.stream).create(name, { ttl, storage: StorageType.File })
  }
}

export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
