import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { closeSync, openSync } from 'node:fs'
import {
  addInstrument,
  currentLoop,
  currentTask,
  type TaskEnding,
  type TaskView,
  UsageError,
} from '../../core/index.ts'
import type { OffloadedCall } from '../../offload/index.ts'
import { Lag } from '../lag.ts'
import { TaskWalk } from '../task-walk.ts'
import { writeAll } from '../write-all.ts'
import { Batch, BEGAN, ENDED, PARKED, READY, SPAWNED, STOPPED } from './batch.ts'
import { Events } from './events.ts'

/** Tasks that were there before the trace, and are drawn before they do anything. */
const FOUND = 10_000
/** Where pools tell of their calls. */
const CALLS = 'fibril:offload:call'

export interface TraceOptions {
  /** The trace ends by itself after so many events, about: 2,000,000 unless said, which are some 250 MB. */
  readonly maxEvents?: number
}

/** `asked`: by `stop`. `full`: it has `maxEvents`. `failed`: it could not be written; `error` says why. */
export type TraceEnd = 'asked' | 'full' | 'failed'

/** A trace that is being recorded. */
export interface Trace extends Disposable {
  /** How many events it has. */
  readonly events: number
  /** Milliseconds that it has been recorded, or was. */
  readonly ms: number
  /** Why it ended; null while it is recorded. */
  readonly ended: TraceEnd | null
  readonly error: unknown
  /** Ends it: what was recorded is complete from then on. */
  stop(): void
}

/**
 * Records what the tasks of this thread do, in the trace-event format that Perfetto (https://ui.perfetto.dev) and Chrome
 * (chrome://tracing) open: a track for each task with its steps and waits, who woke whom, the loop's lag, and the calls in
 * pools. To a file, or to a function that is given one piece of the text after the other. Memory does not grow with the
 * trace, but with the tasks that live.
 *
 * Whoever traces pays for it, several hundred nanoseconds a step; nothing is left of it after `stop`. A file that cannot be
 * written later on ends the trace, not the program. Throws what opening the file throws; a `UsageError` for a bad option.
 *
 * ```ts
 * import { run, sleep } from 'fibril'
 * import { recordTrace } from 'fibril/inspect'
 *
 * let text = ''
 * const trace = recordTrace((part) => {
 *   text += part
 * })
 * await run(function* main() {
 *   yield* sleep(1)
 * })
 * trace.stop()
 * const { traceEvents } = JSON.parse(text)
 * const parks = traceEvents.filter(({ cat }: { cat?: string }) => cat === 'park')
 * console.log(parks[0].name) // prints: 1 ms to pass
 * ```
 */
export function recordTrace(to: string | URL | ((text: string) => void), options: TraceOptions = {}): Trace {
  const { maxEvents = 2_000_000 } = options
  if (!(maxEvents >= 1)) throw new UsageError(`recordTrace(…, { maxEvents: ${maxEvents} }): it must be at least 1`)
  return new Recorder(
    typeof to === 'function' ? { write: (bytes) => to(bytes.toString('latin1')), close() {} } : openFile(to),
    maxEvents,
  )
}

/** Where the text goes. */
interface Sink {
  write(bytes: Buffer): void
  close(): void
}

/** Written at once, so that the file is whole also when the process leaves. */
function openFile(path: string | URL): Sink {
  const file = openSync(path, 'w')
  return { write: (bytes) => writeAll(file, bytes), close: () => closeSync(file) }
}

class Recorder implements Trace {
  ended: TraceEnd | null = null
  error: unknown = null
  private readonly sink: Sink
  private readonly maxEvents: number
  private readonly batch = new Batch()
  private readonly begunAt = performance.now()
  private readonly startedAt = new Date().toISOString()
  private endedAt = 0
  private readonly output: Events
  private readonly removals: (() => void)[] = []

  constructor(sink: Sink, maxEvents: number) {
    this.sink = sink
    this.maxEvents = maxEvents
    this.output = new Events(process.pid, this.begunAt)
    this.output.frame('{"traceEvents":[')
    this.output.process(['node', ...process.argv.slice(1)].join(' '))
    this.find()
    this.removals.push(addInstrument(this.instrument()), this.watchLoop(), this.watchCalls())
    this.flush()
  }

  get events(): number {
    return this.output.count
  }

  get ms(): number {
    return (this.ended === null ? performance.now() : this.endedAt) - this.begunAt
  }

  stop(): void {
    this.end('asked')
  }

  [Symbol.dispose](): void {
    this.end('asked')
  }

  /** The tasks that there are already: their waits began before the trace did. */
  private find(): void {
    let left = FOUND
    for (const walk = new TaskWalk(currentLoop()); walk.next(); ) {
      const { task } = walk
      if (left-- === 0) return
      this.output.found(task.id, task.name, task.reason, this.begunAt - (task.parkedMs ?? 0))
    }
  }

  private instrument(): Parameters<typeof addInstrument>[0] {
    const { batch } = this
    const waker = (): number => currentTask()?.id ?? 0
    const note = (kind: number, id: number, other: number, text: string): void => {
      if (batch.add(kind, id, other, text)) this.flush()
    }
    return {
      spawned: ({ id, name, parent }: TaskView) => {
        note(SPAWNED, id, parent?.id ?? 0, name)
        // Whoever spawned it made it ready, and need not be its parent.
        note(READY, id, waker(), '')
      },
      ready: ({ id }: TaskView) => note(READY, id, waker(), ''),
      stepBegins: ({ id, name }: TaskView) => note(BEGAN, id, 0, name),
      stepEnds: ({ id }: TaskView) => note(STOPPED, id, 0, ''),
      parked: ({ id }: TaskView, reason: string) => note(PARKED, id, 0, reason),
      ended: ({ id }: TaskView, status: TaskEnding) => note(ENDED, id, 0, status),
    }
  }

  private watchLoop(): () => void {
    const lag = new Lag(({ lastMs }) => this.output.loop(performance.now(), lastMs, currentLoop().stats().ready))
    return () => lag[Symbol.dispose]()
  }

  private watchCalls(): () => void {
    let calls = 0
    const tell = (call: unknown): void => {
      const { name, task, submittedAt, endedAt, ...rest } = call as OffloadedCall
      const { pool, worker, queueMs, runMs, status } = rest
      const args = { pool, worker, queueMs, runMs, status }
      this.output.call({ id: ++calls, name, task: task ?? 0, begunAt: submittedAt, endedAt, args })
    }
    subscribe(CALLS, tell)
    return () => void unsubscribe(CALLS, tell)
  }

  private flush(): void {
    this.output.add(this.batch)
    this.write(this.output.take())
    if (this.output.count >= this.maxEvents) this.end('full')
  }

  private end(why: TraceEnd): void {
    if (this.ended !== null) return
    this.ended = why
    for (const remove of this.removals) remove()
    this.endedAt = performance.now()
    const { output, startedAt } = this
    output.add(this.batch)
    output.finish(this.endedAt)
    const other = JSON.stringify({
      version: 1,
      startedAt,
      ms: Math.round(this.ms * 1000) / 1000,
      events: output.count,
      ended: why,
    })
    output.frame(`\n],"displayTimeUnit":"ms","otherData":${other}}\n`)
    this.write(output.take())
    try {
      this.sink.close()
    } catch (error) {
      this.error ??= error
    }
  }

  private write(bytes: Buffer): void {
    if (this.error !== null) return
    try {
      this.sink.write(bytes)
    } catch (error) {
      this.error = error
      this.end('failed')
    }
  }
}
