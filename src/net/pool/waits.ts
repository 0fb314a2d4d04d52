import {
  currentLoop,
  currentTask,
  ListedWait,
  NOT_YET,
  type TaskView,
  type Timer,
  type TimerBucket,
  type Waiter,
  type WaitList,
} from '../../core/index.ts'
import type { Lease } from './lease.ts'

/** What an acquire needs of its pool. */
export interface Lending<C> {
  readonly waiters: WaitList<Acquire<C>>
  /** Lends a connection that is ready, if nobody waits before. */
  lend(acquire: Acquire<C>): Lease<C> | typeof NOT_YET
  /** Somebody waits who did not. */
  provide(): void
  waited(ms: number): void
  timeoutError(task: TaskView | null, ms: number): Error
  /** The leases of the running task. */
  shelf(): Set<Lease<C>>
  holders(): Iterable<object>
}

/** Waits for a connection. */
export class Acquire<C> extends ListedWait<Lease<C>> implements Timer {
  bucket: TimerBucket | null = null
  index = 0
  /** The task that will hold the lease. */
  caller: TaskView | null = null
  /** Where that task's leases are kept, so that it cannot end and leave one behind. */
  home: Set<Lease<C>> | null = null
  private readonly pool: Lending<C>
  private readonly ms: number
  private readonly watched: boolean
  /** It is waited for by code outside any task. */
  private outside = false
  private since = 0

  constructor(pool: Lending<C>, ms: number, watched: boolean) {
    super()
    this.pool = pool
    this.ms = ms
    this.watched = watched
  }

  override get reason(): string {
    return `a connection of ${this.pool}`
  }

  override get line(): WaitList<Acquire<C>> {
    return this.pool.waiters
  }

  override holders(): Iterable<object> {
    return this.pool.holders()
  }

  /** For `await`. The task that is made for it ends at once; the lease is for the code that awaits. */
  override then<A = Lease<C>, B = never>(
    fulfilled?: ((value: Lease<C>) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.outside = true
    return super.then(fulfilled, rejected)
  }

  override attempt(): Lease<C> | typeof NOT_YET {
    if (!this.outside) {
      this.caller = currentTask()
      // Now, as it cannot be asked for while another task hands the lease over.
      if (this.watched && this.caller !== null) this.home = this.pool.shelf()
    }
    return this.pool.lend(this)
  }

  override install(waiter: Waiter<Lease<C>>): void {
    super.install(waiter)
    if (this.waiter === null) return
    this.since = currentLoop().now()
    this.pool.provide()
    if (this.waiter !== null && this.ms !== Infinity) currentLoop().startTimer(this, this.ms)
  }

  override uninstall(): void {
    this.stop()
    super.uninstall()
  }

  override resume(lease: Lease<C>): void {
    this.stop()
    this.pool.waited(currentLoop().now() - this.since)
    super.resume(lease)
  }

  override reject(error: unknown): void {
    this.stop()
    super.reject(error)
  }

  /** Its time is over. */
  fire(): void {
    this.line.remove(this)
    this.reject(this.pool.timeoutError(this.caller, this.ms))
  }

  private stop(): void {
    this.bucket?.loop.stopTimer(this)
  }
}

/** What a wait for the end of a pool needs of it. */
export interface Draining {
  readonly drainers: WaitList<Drained>
  readonly size: number
  holders(): Iterable<object>
}

/** Waits until the last connection of a pool is gone. */
export class Drained extends ListedWait<void> {
  private readonly pool: Draining

  constructor(pool: Draining) {
    super()
    this.pool = pool
  }

  override get reason(): string {
    return `the ${this.pool.size} connections of ${this.pool} to be returned and closed`
  }

  override get line(): WaitList<Drained> {
    return this.pool.drainers
  }

  override holders(): Iterable<object> {
    return this.pool.holders()
  }

  override attempt(): void | typeof NOT_YET {
    return this.pool.size === 0 ? undefined : NOT_YET
  }
}
