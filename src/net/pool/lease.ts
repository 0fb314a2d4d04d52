import { currentTask, type TaskView, UsageError } from '../../core/index.ts'
import type { Member } from './member.ts'

/**
 * In what state a connection comes back: after a body that ended well; after one that failed or was cancelled and may
 * have left a request half done; not to be used again; or nobody knows, but there was no sign of trouble.
 */
export type Condition = 'clean' | 'unclean' | 'discarded' | 'suspect'

/** What a lease needs of its pool. */
export interface Lessor<C> {
  returned(lease: Lease<C>, condition: Condition, fault?: unknown): void
}

/**
 * A connection of a pool, lent to a task until it is released. It belongs to the task that acquired it: if that ends and still
 * holds it, there is a warning, and the connection is closed, as nobody can say in what state it is. `detach` makes it
 * belong to nobody.
 */
export class Lease<C> implements Disposable {
  /** @internal */
  readonly member: Member<C>
  /** @internal Milliseconds on the loop's clock. */
  readonly since: number
  /** @internal The leases of its task, where those are looked after. */
  shelf: Set<Lease<C>> | null = null
  readonly #lessor: Lessor<C>
  #holder: TaskView | null
  #over: 'released' | 'revoked' | null = null

  /** @internal Use `pool.acquire()`. */
  constructor(lessor: Lessor<C>, member: Member<C>, holder: TaskView | null, since: number) {
    this.#lessor = lessor
    this.member = member
    this.#holder = holder
    this.since = since
  }

  /** The connection. A `UsageError` once it was given back: it may be another task's by now. */
  get connection(): C {
    if (this.#over === null) return this.member.connection as C
    throw new UsageError(
      this.#over === 'released'
        ? `this lease of ${this.member} is over: do not use a connection after its release`
        : `this lease of ${this.member} was revoked, as its pool was closed and the grace is over`,
    )
  }

  /** The task that holds it; null for code outside any task, or after `detach`. */
  get holder(): TaskView | null {
    return this.#holder
  }

  /** True once it was released, discarded or revoked. */
  get over(): boolean {
    return this.#over !== null
  }

  /**
   * Gives the connection back: to the first who waits, at once. In a task that is being cancelled it counts as left amid a
   * request: it is closed, unless the pool's `isUsable` vouches for it. Once over, nothing happens.
   */
  release(): void {
    this.end(currentTask()?.cancelled === true ? 'unclean' : 'clean')
  }

  /** Gives it back to be closed. `fault` is why, and is handed to the pool's `close`. */
  discard(fault?: unknown): void {
    this.end('discarded', fault)
  }

  /** Lets the lease outlive its task. It is then up to you that it is released. */
  detach(): this {
    this.shelf?.delete(this)
    this.shelf = null
    this.#holder = null
    return this
  }

  /** For `using`: the same as `release`. A block that failed is not known of here; `pool.use` does know. */
  [Symbol.dispose](): void {
    this.release()
  }

  /** @internal */
  end(condition: Condition, fault?: unknown): void {
    if (this.#over !== null) return
    this.#over = 'released'
    this.shelf?.delete(this)
    this.#lessor.returned(this, condition, fault)
  }

  /** @internal The pool takes it back. */
  revoke(): void {
    this.#over = 'revoked'
    this.shelf?.delete(this)
  }
}
