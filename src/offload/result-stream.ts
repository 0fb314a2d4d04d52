/**
 * Theory of operation: one call whose results are taken one by one.
 *
 *     function ──yield──▶ credit, `ahead` at first ──batches──▶ here, in a line ──▶ next()
 *                              ▲─────────────── granted again, half of them at a time ──┘
 *
 * The worker makes a result only while it has credit, so no more than `ahead` of them are ever anywhere between it and who
 * takes them: memory is bounded, and a consumer that stops taking stops the worker too. The call itself is a detached
 * task, for it outlives the `next()` that started it; `close`, or leaving by `using`, cancels it like any call.
 */
import { type Body, Fifo, Future, type Operation, spawn, type Task } from '../core/index.ts'
import { Taking } from './call-stream.ts'

/** A call whose results come one by one, as an engine makes it. */
export interface StreamedCall {
  /** The call: ends after its last result was handed over. */
  readonly done: Operation<unknown>
  /** So many more may be made. */
  grant(count: number): void
}

/** What `pool.stream` gives. One task may take at a time. */
export class ResultStream<R> extends Taking<R> {
  private readonly ahead: number
  private readonly open: (take: (results: readonly unknown[]) => void) => StreamedCall
  private call: StreamedCall | null = null
  private task: Task<void> | null = null
  private line = new Fifo<R>()
  /** Taken since the last grant. */
  private taken = 0
  /** Resolved when something comes, while somebody waits for it. */
  private arrival: Future<void> | null = null
  private ended = false
  private failure: { readonly error: unknown } | null = null

  constructor(name: string, ahead: number, open: (take: (results: readonly unknown[]) => void) => StreamedCall) {
    super(name)
    this.ahead = ahead
    this.open = open
  }

  override close(): void {
    this.ended = true
    this.failure = null
    this.line = new Fifo()
    this.task?.cancel(`${this.name} is needed no more`)
    this.arrived()
  }

  protected override *takeNext(): Body<IteratorResult<R, undefined>> {
    try {
      if (this.task === null && !this.ended) this.start()
      while (this.line.length === 0 && !this.ended) {
        this.arrival = new Future<void>(this.name)
        yield* this.arrival
      }
      if (this.line.length > 0) return { value: this.takeOne(), done: false }
      const { failure } = this
      this.failure = null
      if (failure !== null) throw failure.error
      return { value: undefined, done: true }
    } finally {
      this.arrival = null
    }
  }

  private takeOne(): R {
    const result = this.line.shift() as R
    if (++this.taken * 2 >= this.ahead && !this.ended) {
      this.call?.grant(this.taken)
      this.taken = 0
    }
    return result
  }

  private start(): void {
    const call = this.open((results) => {
      if (this.ended) return
      for (const result of results) this.line.push(result as R)
      this.arrived()
    })
    this.call = call
    this.task = spawn.detached(
      // A failure is kept for its turn.
      function* (this: ResultStream<R>): Body<void> {
        try {
          yield* call.done
        } catch (error) {
          if (!this.ended) this.failure = { error }
        } finally {
          this.ended = true
          this.arrived()
        }
      }.bind(this),
      { name: this.name },
    )
  }

  private arrived(): void {
    this.arrival?.resolve()
    this.arrival = null
  }
}
