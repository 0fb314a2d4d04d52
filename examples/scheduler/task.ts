import { CancelledError } from './errors.ts'
import { Future } from './future.ts'
import type { Request, Requests } from './requests.ts'

/** A generator on its way, as others see it. */
export interface Task<T = unknown> {
  readonly name: string
  /** Settled once the task has ended, `finally` blocks included: with what it returned, threw or was cancelled for. */
  readonly done: Future<T>
  /** Ends the task at its present or next request. Whoever waits for `done` gets `why`. The first cancel stands. */
  cancel(why?: Error): void
}

/** The same, as the scheduler sees it: a generator and where it stands. */
export class Coroutine<T = unknown> implements Task<T> {
  readonly name: string
  readonly done: Future<T>
  /** Whether it is in the queue of those that can go on. It is never there twice. */
  queued = false
  /** What it waits for, from its request until it goes on; so a woken task still has its place. */
  wait: { readonly request: Request; undo: () => void } | undefined
  /** What is wrong with its last request, to be thrown there. */
  fault: { readonly error: unknown } | undefined
  cancelled: Error | undefined
  readonly #body: Requests<T>
  readonly #enqueue: (task: Coroutine) => void
  #begun = false
  #complaint: Error | undefined

  constructor(body: Requests<T>, name: string, enqueue: (task: Coroutine) => void) {
    this.name = name
    this.done = new Future(`the end of ${name}`)
    this.#body = body
    this.#enqueue = enqueue
  }

  cancel(why?: Error): void {
    if (this.done.settled) return
    this.cancelled ??= why ?? new CancelledError(`${this.name} was cancelled`)
    this.#enqueue(this)
  }

  /** Runs the body to its next request or to its end; throws what the body throws, or why it was cancelled. */
  resume(): IteratorResult<Request, T> {
    const { fault } = this
    this.fault = undefined
    if (this.cancelled && this.#begun) return this.#unwind(this.cancelled)
    this.#begun = true
    return fault ? this.#body.throw(fault.error) : this.#body.next()
  }

  #unwind(why: Error): IteratorResult<Request, T> {
    const step = this.#body.return(undefined as T)
    if (step.done) throw this.#complaint ?? why
    this.#complaint = new Error(`a finally of ${this.name} waited while being cancelled`, { cause: why })
    return step
  }
}
