import { NOT_YET, type Operation, WaitList } from '../core/index.ts'
import { getHub } from './hub.ts'
import { type Linkable, type LinkCallback, Links } from './links.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'

class EventWait extends TimedWait<boolean> {
  private readonly event: Event

  constructor(event: Event, limit: TimeLimit) {
    super(limit)
    this.event = event
  }

  override get reason(): string {
    return 'an event to be set'
  }

  override get line(): WaitList<EventWait> {
    return this.event.waits
  }

  override attempt(): boolean | typeof NOT_YET {
    return this.event.isSet() ? true : NOT_YET
  }

  protected override expired(): void {
    this.resume(false)
  }
}

/**
 * A flag that greenlets wait for. `set` wakes all who wait, also if `clear` follows at once; who comes while it is set does not
 * wait.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { Event, spawn } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const event = new Event()
 *   spawn(() => event.set())
 *   console.log(yield* event.wait()) // prints: true
 *   event.clear()
 *   console.log(yield* event.wait(5)) // prints: false
 * })
 * ```
 */
export class Event implements Linkable {
  /** @internal */
  readonly waits = new WaitList<EventWait>()
  private links: Links<this> | null = null
  private flag = false

  isSet(): boolean {
    return this.flag
  }

  /** The same as `isSet`. */
  ready(): boolean {
    return this.flag
  }

  set(): void {
    this.flag = true
    for (let wait = this.waits.shift(); wait !== null; wait = this.waits.shift()) wait.resume(true)
    this.links?.notify(getHub(), this, () => 'value')
  }

  clear(): void {
    this.flag = false
  }

  /** Waits until it is set: true; false if that takes longer than `timeout` milliseconds. */
  wait(timeout?: TimeLimit): Operation<boolean> {
    return new EventWait(this, timeout)
  }

  /** Has `callback` called in the loop when it is set, or if it is. */
  rawlink(callback: LinkCallback<this>): void {
    this.links ??= new Links()
    this.links.add(callback, 'any', null)
    if (this.flag) this.links.notify(getHub(), this, () => 'value')
  }

  unlink(callback: LinkCallback<this>): void {
    this.links?.remove(callback)
  }

  toString(): string {
    return `an event (${this.flag ? 'set' : 'not set'}, ${this.waits.size} waiting)`
  }
}
