import { BusyError, type LoopView, machine, Wait, type Waiter } from '../core/index.ts'

/** A wait until the platform has opened something. A cancel gives it up, and leaves nothing behind. */
export abstract class Opening<T, H> extends Wait<T> {
  /** What is being opened, until it is, or was given up. */
  protected opening: H | null = null
  private waiter: Waiter<T> | null = null
  private held: LoopView | null = null

  /** Lets go of what is not open yet. */
  protected abstract giveUp(handle: H): void

  protected checkFree(): void {
    if (this.waiter !== null) throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
  }

  protected begin(handle: H, waiter: Waiter<T>): void {
    this.opening = handle
    this.waiter = waiter
    this.held = machine.loop
    this.held?.holdExternal()
  }

  /** The opening is over: gives whom to tell, or null if nobody waits any more. */
  protected done(): Waiter<T> | null {
    const { waiter } = this
    this.waiter = null
    this.opening = null
    this.held?.releaseExternal()
    this.held = null
    return waiter
  }

  override uninstall(): void {
    if (this.opening !== null) this.giveUp(this.opening)
    this.done()
  }
}
