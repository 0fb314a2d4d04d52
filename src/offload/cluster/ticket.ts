import { BusyError, type LoopView, machine, NOT_YET, Wait, type Waiter } from '../../core/index.ts'
import { continueStack } from '../revive-error.ts'
import { PLAIN, type Special } from '../seat.ts'
import { linesOf, type Site, siteOf } from '../site.ts'

/** A call under way: from the moment that somebody waits for it until nobody does. */
export class Ticket {
  readonly name: string
  readonly args: readonly unknown[]
  readonly special: Special
  private waiter: Waiter<unknown> | null
  private readonly loop: LoopView | null
  private readonly site: Site | null
  readonly submittedAt = performance.now()

  constructor(
    name: string,
    args: readonly unknown[],
    waiter: Waiter<unknown>,
    loop: LoopView | null,
    site: Site | null,
    special: Special,
  ) {
    this.name = name
    this.args = args
    this.special = special
    this.waiter = waiter
    this.loop = loop
    this.site = site
    loop?.holdExternal()
  }

  get waits(): boolean {
    return this.waiter !== null
  }

  resolve(value: unknown): void {
    this.leave()?.resume(value)
  }

  reject(error: unknown): void {
    if (this.waiter !== null) continueStack(error, linesOf(this.site))
    this.leave()?.reject(error)
  }

  /** Nobody waits from now on. Gives who did. */
  leave(): Waiter<unknown> | null {
    const { waiter } = this
    if (waiter === null) return null
    this.waiter = null
    this.loop?.releaseExternal()
    return waiter
  }
}

/** Who takes tickets. */
export interface Counter {
  toString(): string
  /** Throws if it takes none. */
  check(name: string): void
  take(ticket: Ticket): void
  /** Whoever waited for it was cancelled. */
  cancel(ticket: Ticket): void
  /** So many more results of a stream may be made. */
  grant(ticket: Ticket, count: number): void
}

/** What `submit` of a cluster gives. */
export class ClusterCall<T> extends Wait<T> {
  private readonly counter: Counter
  private readonly name: string
  private readonly args: readonly unknown[]
  private readonly site: Site | null
  private readonly special: Special
  private ticket: Ticket | null = null

  /** `skip` is the function whose caller makes the call. */
  constructor(
    counter: Counter,
    name: string,
    args: readonly unknown[],
    skip: (...args: never[]) => unknown,
    special: Special = PLAIN,
  ) {
    super()
    this.special = special
    this.counter = counter
    this.name = name
    this.args = args
    this.site = machine.task === null ? siteOf(skip) : null
  }

  override get reason(): string {
    return `${this.name}(…) in ${this.counter}`
  }

  override attempt(): T | typeof NOT_YET {
    this.counter.check(this.name)
    return NOT_YET
  }

  override install(waiter: Waiter<T>): void {
    if (this.ticket?.waits) throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
    // The engine skips the attempt when the budget of a step is spent.
    this.attempt()
    this.ticket = new Ticket(this.name, this.args, waiter as Waiter<unknown>, machine.loop, this.site, this.special)
    this.counter.take(this.ticket)
  }

  grant(count: number): void {
    if (this.ticket?.waits) this.counter.grant(this.ticket, count)
  }

  override uninstall(): void {
    const { ticket } = this
    if (ticket === null) return
    ticket.leave()
    this.counter.cancel(ticket)
  }

  /** @internal The task's code is on the stack now, at the line that waits: the error is given that line. */
  override throw(error: unknown): IteratorResult<unknown, unknown> {
    continueStack(error, linesOf(siteOf(this.throw)))
    return super.throw(error)
  }
}
