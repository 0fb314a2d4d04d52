/** What runs on the threads of a worker, each under a key: the subject of its replies, or the id of its job. */
import { BrokenError, run } from '../../core/index.ts'
import { inWords } from '../crew.ts'
import { ResultSource, Unsendable } from '../result-source.ts'
import { isRevived } from '../revive-error.ts'
import type { ThreadPool } from '../threads.ts'
import type { CallExtra, Used } from './wire.ts'

/** How one run of a function ended. `lost`: its thread died. `cancelled`: somebody asked for that. */
export type Run =
  | { readonly how: 'returned'; readonly value: unknown; readonly micros: number; readonly usage: Used | undefined }
  | {
      readonly how: 'threw' | 'lost'
      readonly error: unknown
      readonly micros: number
      readonly usage: Used | undefined
    }
  | { readonly how: 'cancelled' }

/** Who is told of a call while it runs. */
export interface Listener {
  /** It still runs; `sent`: how many results of a stream have been sent. */
  beat(sent: number | undefined): void
  progress(value: unknown): void
  /** Results of a stream, and how many came before. */
  results(results: readonly unknown[], first: number): void
}

interface Running {
  readonly listener: Listener
  readonly end: (reason: string) => void
  stream: { readonly source: ResultSource; sent: number; granted: number } | null
  cancelled: boolean
}

export class Runs {
  private readonly threads: ThreadPool
  /** Who runs them, for messages. */
  private readonly owner: { toString(): string }
  private readonly running = new Map<string, Running>()
  finished = 0

  constructor(threads: ThreadPool, owner: { toString(): string }) {
    this.threads = threads
    this.owner = owner
  }

  get size(): number {
    return this.running.size
  }

  async run(
    key: string,
    name: string,
    args: readonly unknown[],
    extra: CallExtra | undefined,
    listener: Listener,
  ): Promise<Run> {
    const start = performance.now()
    let usage: Used | undefined
    const ended = () => ({ micros: (performance.now() - start) * 1000, usage })
    const { results, priority, context } = extra ?? {}
    const calls = this.threads.with({
      ...(priority === undefined ? {} : { priority }),
      ...(context === undefined ? {} : { context }),
      ...(results === undefined ? {} : { ahead: results }),
      ...(extra?.usage ? { onUsage: ({ cpuMs, maxRssMb }) => (usage = { cpuMs, maxRssMb }) } : {}),
      onProgress: (value) => listener.progress(value),
    })
    let running: Running
    let result: PromiseLike<unknown>
    if (results === undefined) {
      const task = run(calls.submit(name, ...args))
      running = { listener, end: (reason) => task.cancel(reason), stream: null, cancelled: false }
      result = task
    } else {
      const stream = calls.stream(name, ...args)
      const source = new ResultSource(stream, results, (batch) => {
        listener.results(batch, one.sent)
        one.sent += batch.length
      })
      const one = { source, sent: 0, granted: results }
      const end = (): void => {
        stream.close()
        source.end()
      }
      running = { listener, end, stream: one, cancelled: false }
      result = source.run().then(() => one.sent)
    }
    this.running.set(key, running)
    try {
      const value = await result
      return running.cancelled ? { how: 'cancelled' } : { how: 'returned', value, ...ended() }
    } catch (failure) {
      if (running.cancelled) return { how: 'cancelled' }
      const error = failure instanceof Unsendable ? failure.cause : failure
      // What the function threw came through a message. What did not is about its thread.
      if (!(error instanceof BrokenError) || isRevived(error)) return { how: 'threw', error, ...ended() }
      const why = error.cause ?? error
      const lost = new BrokenError(`${name}(…) was lost with its thread on ${this.owner}: ${inWords(why)}`, {
        cause: why,
      })
      return { how: 'lost', error: lost, ...ended() }
    } finally {
      this.running.delete(key)
      this.finished++
    }
  }

  cancel(key: string, reason: string): void {
    const running = this.running.get(key)
    if (running === undefined) return
    running.cancelled = true
    running.end(reason)
  }

  cancelAll(reason: string): void {
    for (const key of [...this.running.keys()]) this.cancel(key, reason)
  }

  /** A stream may make so many results, all in all. */
  grant(key: string, total: number): void {
    const stream = this.running.get(key)?.stream
    if (!stream || total <= stream.granted) return
    stream.source.grant(total - stream.granted)
    stream.granted = total
  }

  beat(): void {
    for (const { listener, stream } of this.running.values()) listener.beat(stream?.sent)
  }
}
