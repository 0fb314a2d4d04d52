import { addCaller, machine, NOT_YET, type Registers, Wait, type Waiter } from '../core/index.ts'
import type { Chain } from './chain.ts'
import type { Driven, Link } from './drive.ts'
import { Failure } from './failure.ts'

/** Hears of a result and passes it on. A failure that it has heard of is not unhandled. */
export class Observer<T> implements Link {
  waiter: Waiter<T> | null
  private readonly over: (() => void) | null

  /** `over` is called when the result has come. */
  constructor(waiter: Waiter<T>, over: (() => void) | null = null) {
    this.waiter = waiter
    this.over = over
  }

  reached(chain: Driven): null {
    const { outcome } = chain
    const { waiter } = this
    this.waiter = null
    this.over?.()
    if (outcome instanceof Failure) {
      chain.see(outcome)
      waiter?.reject(outcome.value)
    } else waiter?.resume(outcome as T)
    return null
  }

  get gone(): boolean {
    return this.waiter === null
  }

  describe(): string {
    const task = this.waiter?.waitingTask ?? null
    return task === null ? 'a promise' : String(task)
  }
}

const nobody: Waiter<unknown> = { resume: () => {}, reject: () => {}, waitingTask: null }

/** @internal The registers in which a body of `inlineCallbacks` is stepped now, or null. */
export const inline: { registers: Registers | null } = { registers: null }

/**
 * A task waits for a Deferred. When the wait is cancelled and nobody else waits for the Deferred, so is that. In a body of
 * `inlineCallbacks` the Deferred itself is what is yielded.
 */
export class DeferredWait<T> extends Wait<T> {
  private readonly deferred: Chain
  private observer: Observer<T> | null = null
  private yielded = false

  constructor(deferred: Chain) {
    super()
    this.deferred = deferred
  }

  override get reason(): string {
    return String(this.deferred)
  }

  /** @internal */
  override next(value?: unknown): IteratorResult<unknown, unknown> {
    if (this.yielded) {
      this.yielded = false
      return { done: true, value }
    }
    if (inline.registers === null || inline.registers !== machine.registers) return super.next(value)
    this.yielded = true
    return { done: false, value: this.deferred }
  }

  /** @internal */
  override throw(error: unknown): IteratorResult<unknown, unknown> {
    // The generator that waits is on the stack for this moment, at the line of its `yield*`.
    if (this.yielded) addCaller(error, this.throw)
    this.yielded = false
    return super.throw(error)
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
    this.deferred.addLink(this.observer)
  }

  override uninstall(): void {
    const { observer, deferred } = this
    this.observer = null
    if (observer === null) return
    observer.waiter = null
    deferred.dropLink()
    if (deferred.links > 0) return
    // What becomes of it is nobody's concern any more.
    deferred.addLink(new Observer(nobody))
    deferred.cancel()
  }
}
