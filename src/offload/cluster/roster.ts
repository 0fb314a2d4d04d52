import { createInbox } from '@nats-io/transport-node'
import { UsageError } from '../../core/index.ts'
import type { Connection } from './connection.ts'
import { type Introduction, unpack } from './wire.ts'

/** How long workers are given to say who they are, ms. */
const LISTEN_MS = 1000

/** Asks the workers who they are. Ends with the first of our version, or when all had time to answer. */
export class Roster {
  private readonly connection: Connection
  private asking: Promise<Introduction[]> | null = null

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** True if a worker of our version is there, false if there is none at all; throws if all are of other versions. */
  async hasWorker(): Promise<boolean> {
    const { version, names } = this.connection
    this.asking ??= this.ask().finally(() => (this.asking = null))
    const workers = await this.asking
    if (workers.some((worker) => worker.version === version)) return true
    if (workers.length === 0) return false
    const theirs = workers.map((worker) => `${worker.worker} has ${worker.version}`).join(', ')
    throw new UsageError(
      `no worker of cluster "${names.cluster}" has version ${version} of the module, as this submitter has: ${theirs}. Start workers from the same source, or give both sides one \`version\``,
    )
  }

  private ask(): Promise<Introduction[]> {
    const { nats, names, version } = this.connection
    const inbox = createInbox()
    return new Promise((resolve) => {
      const workers: Introduction[] = []
      const done = (): void => {
        clearTimeout(timer)
        subscription.unsubscribe()
        resolve(workers)
      }
      const timer = setTimeout(done, LISTEN_MS)
      const subscription = nats.subscribe(inbox, {
        callback(error, message) {
          if (error !== null || message.headers?.code === 503) return done()
          const worker = unpack(message.data) as Introduction
          workers.push(worker)
          if (worker.version === version) done()
        },
      })
      try {
        nats.publish(names.who, undefined, { reply: inbox })
      } catch {
        done() // The connection was closed: nobody can be asked.
      }
    })
  }
}
