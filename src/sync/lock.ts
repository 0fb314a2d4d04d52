import {
  Inspectable,
  KIND,
  ListedWait,
  machine,
  NOT_YET,
  type Operation,
  type TaskBody,
  type TaskView,
  UsageError,
  type Wait,
  WaitList,
} from '../core/index.ts'
import { holding } from './holding.ts'

/** @internal Waits for the lock on behalf of `caller`; null stands for code outside any task. */
export class Acquire extends ListedWait<Disposable> {
  caller: TaskView | null
  protected readonly lock: Lock

  constructor(lock: Lock, caller: TaskView | null) {
    super()
    this.lock = lock
    this.caller = caller
  }

  override get reason(): string {
    return this.lock.owner?.state === 'ended'
      ? `${this.lock}, whose owner ended without releasing it`
      : String(this.lock)
  }

  override get line(): WaitList<Acquire> {
    return this.lock.waiters
  }

  /** For `await`. An async function is outside its task from then on, so that is where the lock will be. */
  override then<A = Disposable, B = never>(
    fulfilled?: ((value: Disposable) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.caller = null
    return super.then(fulfilled, rejected)
  }

  override attempt(): Disposable | typeof NOT_YET {
    if (this.lock.take(this.caller)) return this.lock
    if (this.caller === null || this.lock.owner !== this.caller) return NOT_YET
    throw new UsageError(`${this.caller} holds ${this.lock} already and would wait for itself: use a ReentrantLock`)
  }

  override holders(): Iterable<object> {
    const { owner } = this.lock
    return owner === null ? [] : [owner]
  }
}

/**
 * Mutual exclusion: one task at a time holds it, and a lock that is released goes to whoever has waited longest, at once.
 * It belongs to the task that called `acquire` or `tryAcquire`, and to the code outside any task if that was awaited; only
 * the owner may release it. A report of a deadlock names the owners.
 *
 * ```ts
 * import { run, sleep, spawn } from 'fibril'
 * import { Lock } from 'fibril/sync'
 *
 * const lock = new Lock({ name: 'account' })
 * let balance = 100
 * await run(function* () {
 *   for (const amount of [30, 50]) {
 *     spawn(function* () {
 *       using held = yield* lock.acquire() // released at the end of the block
 *       const before = balance
 *       yield* sleep(1)
 *       balance = before - amount
 *     })
 *   }
 * })
 * console.log(balance) // => 20
 * ```
 */
export class Lock extends Inspectable implements Disposable {
  readonly name: string
  /** @internal */
  readonly waiters = new WaitList<Acquire>()
  /** @internal How many releases will free it: 0 or 1, more for a lock that its owner may acquire again. */
  depth = 0
  private holder: TaskView | null = null

  constructor(options: { readonly name?: string } = {}) {
    super()
    this.name = options.name ?? ''
  }

  override toString(): string {
    return this.name === '' ? 'a lock' : `lock "${this.name}"`
  }

  get locked(): boolean {
    return this.depth > 0
  }

  /** The task that holds it; null if nobody does, or code outside any task. */
  get owner(): TaskView | null {
    return this.holder
  }

  /**
   * Takes the lock; waits while another holds it. The result releases it at the end of a `using` block. A cancelled wait
   * leaves the line. For a task that holds it already it is a `UsageError`.
   */
  acquire(): Wait<Disposable> {
    return new Acquire(this, machine.task)
  }

  /** Takes the lock if it is free. */
  tryAcquire(): boolean {
    return this.take(machine.task)
  }

  /** Hands the lock to the first who waits, or frees it. A `UsageError` unless called by its owner. */
  release(): void {
    this.assertHeldBy(machine.task, 'release()')
    if (this.depth === 1) this.handOn()
    else this.depth--
  }

  /** Runs `body` while holding the lock. */
  with<T>(body: TaskBody<T>): Operation<T> {
    return holding(this, body)
  }

  /** For `using`: the same as `release`. */
  [Symbol.dispose](): void {
    this.release()
  }

  /** @internal */
  take(caller: TaskView | null): boolean {
    if (this.depth > 0) return false
    this.depth = 1
    this.holder = caller
    return true
  }

  /** @internal */
  handOn(): void {
    const next = this.waiters.shift()
    this.depth = next === null ? 0 : 1
    this.holder = next === null ? null : next.caller
    next?.resume(this)
  }

  /** @internal */
  assertHeldBy(caller: TaskView | null, call: string): void {
    if (this.depth > 0 && this.holder === caller) return
    const who = caller ?? 'code outside any task'
    const owner = this.depth === 0 ? 'nobody holds' : `is held by ${this.holder ?? 'code outside any task'}`
    const hint = caller === null && this.holder !== null ? ' (async functions are outside after their first await)' : ''
    throw new UsageError(`${who} called ${call} on ${this}, which ${owner}: only its owner may${hint}`)
  }

  /** @internal */
  override get [KIND](): string {
    return 'lock'
  }

  /** Plain figures of this moment; `owner` as a report would name it. */
  override stats(): {
    readonly name: string
    readonly locked: boolean
    readonly owner: string | null
    readonly waiting: number
  } {
    const owner = this.holder === null ? null : String(this.holder)
    return Object.freeze({ name: this.name, locked: this.locked, owner, waiting: this.waiters.size })
  }
}
