import { UsageError } from './errors.ts'
import { type LoopView, machine, type Waiter } from './machine.ts'
import { busy, Wait } from './operation.ts'

/** Waits for a promise, or for what a function given an `AbortSignal` promises. */
export class PromiseWait<T> extends Wait<T> {
  private readonly source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)
  private waiter: Waiter<T> | null = null
  private loop: LoopView | null = null
  private abort: AbortController | null = null
  private waits = 0

  constructor(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)) {
    super()
    this.source = source
    // Outside a task the wait begins later, which is too late for a promise that has failed already.
    if (machine.task === null) this.abandon()
  }

  override get reason(): string {
    return 'a promise'
  }

  override install(waiter: Waiter<T>): void {
    if (this.waiter !== null) throw busy(this.reason)
    this.waiter = waiter
    this.loop = machine.loop
    this.loop?.holdExternal()
    // A promise cannot be let go of: one that settles after its wait was cancelled finds another count here.
    const wait = ++this.waits
    try {
      const promise = this.promise()
      if (typeof (promise as Partial<PromiseLike<T>> | undefined)?.then !== 'function') {
        throw new UsageError(`wait((signal) => …): the function gave ${String(promise)}, which is no promise`)
      }
      promise.then(
        (value) => this.settled(wait)?.resume(value),
        (error) => this.settled(wait)?.reject(error),
      )
    } catch (error) {
      this.settled(wait)?.reject(error)
    }
  }

  override uninstall(): void {
    this.waits++
    const { abort } = this
    this.over()
    abort?.abort()
  }

  /** Whoever hands a promise over to be waited for need not look after its failure. */
  override abandon(): void {
    // Not any thenable: the `then` of some (query builders) does the work, each time that it is called.
    if (this.source instanceof Promise) this.source.then(undefined, () => {})
  }

  private promise(): PromiseLike<T> {
    if (typeof this.source !== 'function') return this.source
    this.abort = new AbortController()
    return this.source(this.abort.signal)
  }

  private settled(wait: number): Waiter<T> | null {
    const { waiter } = this
    if (waiter === null || wait !== this.waits) return null
    this.over()
    return waiter
  }

  private over(): void {
    this.waiter = null
    this.abort = null
    const { loop } = this
    this.loop = null
    loop?.releaseExternal()
  }
}
