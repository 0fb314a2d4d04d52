import { type LoopView, machine, Wait, type Waiter } from '../core/index.ts'

/**
 * Waits for what workers do besides calls. A test host waits for it as for a socket: as long as it takes, while its time stands
 * still. A promise from unknown hands it would give up soon.
 */
export class Outside<T> extends Wait<T> {
  readonly reason: string
  private readonly begin: () => Promise<T>
  private waiter: Waiter<T> | null = null
  private loop: LoopView | null = null

  constructor(reason: string, begin: () => Promise<T>) {
    super()
    this.reason = reason
    this.begin = begin
  }

  override install(waiter: Waiter<T>): void {
    this.waiter = waiter
    this.loop = machine.loop
    this.loop?.holdExternal()
    const left = (): Waiter<T> | null => (this.waiter === waiter ? this.leave() : null)
    this.begin().then(
      (value) => left()?.resume(value),
      (error: unknown) => left()?.reject(error),
    )
  }

  override uninstall(): void {
    this.leave()
  }

  private leave(): Waiter<T> | null {
    const { waiter } = this
    this.waiter = null
    this.loop?.releaseExternal()
    this.loop = null
    return waiter
  }
}
