import { BusyError } from './errors.ts'
import { type LoopView, machine, type Waiter } from './machine.ts'
import { Wait } from './operation.ts'

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
    // Outside a task the wait begins a macrotask later, which is too late for a promise that has failed already.
    if (machine.task === null && typeof source !== 'function') source.then(undefined, () => {})
  }

  override get reason(): string {
    return 'a promise'
  }

  override install(waiter: Waiter<T>): void {
    if (this.waiter !== null) throw new BusyError('two tasks wait on one operation (a promise): make one for each')
    let promise: PromiseLike<T>
    if (typeof this.source === 'function') {
      this.abort = new AbortController()
      promise = this.source(this.abort.signal)
    } else promise = this.source
    this.waiter = waiter
    this.loop = machine.loop
    this.loop?.holdExternal()
    // A promise cannot be let go of: one that settles after its wait was cancelled finds another count here.
    const wait = ++this.waits
    promise.then(
      (value) => this.settled(wait)?.resume(value),
      (error) => this.settled(wait)?.reject(error),
    )
  }

  override uninstall(): void {
    this.waiter = null
    this.loop?.releaseExternal()
    this.loop = null
    const abort = this.abort
    this.abort = null
    abort?.abort()
  }

  private settled(wait: number): Waiter<T> | null {
    const waiter = this.waiter
    if (waiter === null || wait !== this.waits) return null
    this.waiter = null
    this.loop?.releaseExternal()
    this.loop = null
    this.abort = null
    return waiter
  }
}
