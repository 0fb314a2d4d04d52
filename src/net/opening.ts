import { BusyError, type LoopView, machine, Wait, type Waiter } from '../core/index.ts'

/** A wait until the platform has opened something. A cancel gives it up, and leaves nothing behind. */
export abstract class Opening<T, H> extends Wait<T> {
  /** What is being opened, until it is, or was given up. */
  protected opening: H | null = null
  private waiter: Waiter<T> | null = null
  private held: LoopView | null = null

  /** Lets go of what is not open yet. */
  protected abstract giveUp(handle: H): void

  /** Makes what is to be opened, which it hands to `begin` at once, and begins to open it. */
  protected abstract open(waiter: Waiter<T>): void

  protected begin(handle: H): void {
    this.opening = handle
  }

  override install(waiter: Waiter<T>): void {
    if (this.waiter !== null) throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
    this.waiter = waiter
    this.held = machine.loop
    this.held?.holdExternal()
    try {
      this.open(waiter)
    } catch (error) {
      this.uninstall()
      throw error
    }
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
