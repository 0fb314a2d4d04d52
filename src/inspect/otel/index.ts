/** Tasks as spans of OpenTelemetry, by the optional peer `@opentelemetry/api`. */
import {
  type Context,
  context,
  type Exception,
  type Span,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { addInstrument, type Task, type TaskEnding, type TaskView, UsageError } from '../../core/index.ts'

export interface SpanOptions {
  /** Which tasks get a span: all unless said. Asked once for each task, when it is spawned. */
  readonly filter?: (task: TaskView) => boolean
  /** Spans that are begun in one second at most: 1000 unless said. Tasks beyond have none. Infinity: as many as there are tasks. */
  readonly maxPerSecond?: number
  /** A wait of so many milliseconds is an event of the span: 1000 unless said. Infinity: none. */
  readonly longParkMs?: number
  /** In place of the one that is registered globally. */
  readonly tracerProvider?: TracerProvider
}

/**
 * From now on each task of this thread is a span, from its spawn to its end. It is active while the task runs, so spans that
 * libraries begin there are its children, and so are those of the tasks that it spawns; a span that is active at the spawn is its parent.
 * A failure is the span's error; a cancelled task has the attribute `fibril.task.cancelled`. For the active span there must be a context manager, as any OpenTelemetry SDK for
 * Node registers one; without it, parents are those of the tasks.
 *
 * A task without a span, by `filter` or beyond `maxPerSecond`, runs in the span of who spawned it. Disposing the result ends
 * it, and the spans that are open. A `UsageError` for a limit that is none.
 *
 * ```ts
 * import { run, sleep } from 'fibril'
 * import { traceTasks } from 'fibril/inspect/otel'
 *
 * // Once, where the SDK is started.
 * using tracing = traceTasks({ filter: ({ name }) => name !== 'heartbeat' })
 * await run(function* main() {
 *   yield* sleep(1)
 * })
 * ```
 */
export function traceTasks(options: SpanOptions = {}): Disposable {
  const { maxPerSecond = 1000, longParkMs = 1000 } = options
  for (const [name, value] of Object.entries({ maxPerSecond, longParkMs }))
    if (!(value > 0)) throw new UsageError(`traceTasks({ ${name}: ${value} }): it must be above 0`)
  return new TaskSpans({ ...options, maxPerSecond, longParkMs })
}

/** The span of a task, and its wait. */
interface Open {
  readonly span: Span
  reason: string
  parkedAt: number
}

type Settings = SpanOptions & Required<Pick<SpanOptions, 'maxPerSecond' | 'longParkMs'>>

class TaskSpans implements Disposable {
  private readonly settings: Settings
  private readonly open = new Map<TaskView, Open>()
  private readonly remove: () => void
  /** Spans that may still be begun in this second. */
  private left = 0
  private second = -1

  constructor(settings: Settings) {
    this.settings = settings
    this.remove = addInstrument({
      spawned: (task) => this.spawned(task as Task<unknown>),
      ...(settings.longParkMs === Infinity
        ? {}
        : { parked: (task, reason) => this.parked(task, reason), ready: (task) => this.woken(task) }),
      ended: (task, status) => this.ended(task as Task<unknown>, status),
    })
  }

  private spawned(task: Task<unknown>): void {
    const { filter, tracerProvider = trace } = this.settings
    if ((filter !== undefined && !filter(task)) || !this.mayBegin()) return
    const parent = this.parentOf(task)
    const attributes = { 'fibril.task.id': task.id }
    const span = tracerProvider.getTracer('fibril').startSpan(task.name, { attributes }, parent)
    this.open.set(task, { span, reason: '', parkedAt: 0 })
    // What is captured in there is what the task's steps run in.
    context.with(trace.setSpan(parent, span), () => task.captureContext())
  }

  private mayBegin(): boolean {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.second) {
      this.second = second
      this.left = this.settings.maxPerSecond
    }
    return this.left-- > 0
  }

  /** The span that is active where it is spawned, or else that of the nearest task above it. */
  private parentOf(task: Task<unknown>): Context {
    const active = context.active()
    if (trace.getSpan(active) !== undefined) return active
    for (let above = task.parent; above !== null; above = above.parent) {
      const open = this.open.get(above)
      if (open !== undefined) return trace.setSpan(active, open.span)
    }
    return active
  }

  private parked(task: TaskView, reason: string): void {
    const open = this.open.get(task)
    if (open === undefined) return
    open.reason = reason
    open.parkedAt = Date.now()
  }

  private woken(task: TaskView): void {
    const open = this.open.get(task)
    if (open === undefined || open.parkedAt === 0) return
    const { span, reason, parkedAt } = open
    open.parkedAt = 0
    const ms = Date.now() - parkedAt
    if (ms >= this.settings.longParkMs)
      span.addEvent('park', { 'fibril.park.reason': reason, 'fibril.park.ms': ms }, parkedAt)
  }

  private ended(task: Task<unknown>, status: TaskEnding): void {
    const open = this.open.get(task)
    if (open === undefined) return
    this.open.delete(task)
    const { span } = open
    const { outcome } = task
    if (status === 'cancelled') span.setAttribute('fibril.task.cancelled', true)
    else if (outcome?.status === 'failed') {
      const { error } = outcome
      span.recordException(error instanceof Error ? (error as Exception) : String(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
    }
    span.end()
  }

  [Symbol.dispose](): void {
    this.remove()
    for (const { span } of this.open.values()) span.end()
    this.open.clear()
  }
}
