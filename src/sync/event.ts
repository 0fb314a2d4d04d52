import { Inspectable, KIND, ListedWait, NOT_YET, type Wait, WaitList } from '../core/index.ts'

class Waiting extends ListedWait<void> {
  private readonly event: Event

  constructor(event: Event) {
    super()
    this.event = event
  }

  override get reason(): string {
    return String(this.event)
  }

  override get line(): WaitList<Waiting> {
    return this.event.waiters
  }

  override attempt(): void | typeof NOT_YET {
    return this.event.isSet ? undefined : NOT_YET
  }
}

/**
 * A flag that tasks wait for. `set` wakes all who wait, in the order in which they came, even if `clear` follows at once;
 * who comes while it is set does not wait.
 *
 * ```ts
 * import { run, spawn } from 'fibril'
 * import { Event } from 'fibril/sync'
 *
 * const ready = new Event({ name: 'ready' })
 * await run(function* () {
 *   spawn(function* () {
 *     yield* ready.wait()
 *     console.log('go')
 *   })
 *   ready.set()
 * })
 * // prints: go
 * ```
 */
export class Event extends Inspectable {
  readonly name: string
  /** @internal */
  readonly waiters = new WaitList<Waiting>()
  private flag = false

  constructor(options: { readonly name?: string } = {}) {
    super()
    this.name = options.name ?? ''
  }

  override toString(): string {
    return this.name === '' ? 'an event' : `event "${this.name}"`
  }

  get isSet(): boolean {
    return this.flag
  }

  set(): void {
    this.flag = true
    for (let wait = this.waiters.shift(); wait !== null; wait = this.waiters.shift()) wait.resume()
  }

  /** From now on `wait` waits again. */
  clear(): void {
    this.flag = false
  }

  /** Waits until it is set. */
  wait(): Wait<void> {
    return new Waiting(this)
  }

  /** @internal */
  override get [KIND](): string {
    return 'event'
  }

  /** Plain figures of this moment. */
  override stats(): { readonly name: string; readonly isSet: boolean; readonly waiting: number } {
    return Object.freeze({ name: this.name, isSet: this.flag, waiting: this.waiters.size })
  }
}
