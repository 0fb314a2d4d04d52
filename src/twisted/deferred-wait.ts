import { NOT_YET, Wait, type Waiter } from '../core/index.ts'
import type { Chain, Link } from './chain.ts'
import { Failure } from './failure.ts'

/** What can be waited for: a chain that can be cancelled. */
export interface Cancellable extends Chain {
  cancel(): void
}

/** Hears of a result and passes it on. A failure that it has heard of is not unhandled. */
export class Observer<T> implements Link {
  waiter: Waiter<T> | null

  constructor(waiter: Waiter<T>) {
    this.waiter = waiter
  }

  reached(chain: Chain): null {
    const { outcome } = chain
    const { waiter } = this
    this.waiter = null
    if (outcome instanceof Failure) {
      chain.see(outcome)
      waiter?.reject(outcome.value)
    } else waiter?.resume(outcome as T)
    return null
  }

  describe(): string | null {
    if (this.waiter === null) return null
    const { waitingTask } = this.waiter
    return waitingTask === null ? 'a promise' : String(waitingTask)
  }
}

/** A task waits for a Deferred. When the wait is cancelled and nobody else waits for that, so is it. */
export class DeferredWait<T> extends Wait<T> {
  private readonly deferred: Cancellable
  private observer: Observer<T> | null = null

  constructor(deferred: Cancellable) {
    super()
    this.deferred = deferred
  }

  override get reason(): string {
    return String(this.deferred)
  }

  override attempt(): T | typeof NOT_YET {
    const { deferred } = this
    if (!deferred.settled) return NOT_YET
    const { outcome } = deferred
    if (!(outcome instanceof Failure)) return outcome as T
    deferred.see(outcome)
    throw outcome.value
  }

  override install(waiter: Waiter<T>): void {
    this.observer = new Observer(waiter)
    this.deferred.add(this.observer, this.observer)
  }

  override uninstall(): void {
    const { observer, deferred } = this
    this.observer = null
    if (observer !== null) observer.waiter = null
    for (const step of deferred.callbacks)
      if (step instanceof Object && 'describe' in step && step.describe() !== null) return
    deferred.cancel()
  }
}
