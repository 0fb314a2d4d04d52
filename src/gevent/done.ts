import { Wait, type Waiter } from '../core/index.ts'

/** What has happened already: gives `value` without waiting. */
export class Done<T> extends Wait<T> {
  private readonly value: T

  constructor(value: T) {
    super()
    this.value = value
  }

  override get reason(): string {
    return 'nothing'
  }

  override attempt(): T {
    return this.value
  }

  override install(waiter: Waiter<T>): void {
    waiter.resume(this.value)
  }

  override uninstall(): void {}
}
