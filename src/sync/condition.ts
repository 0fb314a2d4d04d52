/**
 * Theory of operation: whoever waits on a condition lets go of its lock, and has it again when the wait ends, however it ends.
 *
 *     holds the lock ──wait()──▶ in the condition's line ──notify──▶ in the lock's line ──handed on──▶ holds the lock
 *                                        └────────── cancelled ──────────▶ waits for the lock, then unwinds
 *
 * A notified wait does not wake its task: it moves to the end of the lock's line, so that notifying a thousand tasks wakes
 * one at a time, each with the lock in its hand. A cancel cannot skip the lock either: the code around is about to release
 * it. So the cancelled wait acquires it in a `finally`, which nothing cuts short (core/task.ts, rule 4), and the unwinding
 * goes on from there. A cancelled wait that had been notified passes the notification on to the next.
 */
import {
  type Body,
  fn,
  Inspectable,
  KIND,
  machine,
  NOT_YET,
  type Operation,
  type TaskView,
  WaitList,
} from '../core/index.ts'
import { Acquire, Lock } from './lock.ts'

class Notified extends Acquire {
  private readonly condition: Condition
  private notified = false

  constructor(condition: Condition, caller: TaskView | null) {
    super(condition.lock, caller)
    this.condition = condition
  }

  override get reason(): string {
    return this.notified ? super.reason : String(this.condition)
  }

  override get line(): WaitList<Acquire> {
    return this.notified ? super.line : this.condition.waiters
  }

  override attempt(): typeof NOT_YET {
    return NOT_YET
  }

  override uninstall(): void {
    super.uninstall()
    if (this.notified) this.condition.notify()
  }

  override holders(): Iterable<object> {
    return this.notified ? super.holders() : []
  }

  /** Called when it was taken out of the condition's line. */
  notify(): void {
    this.notified = true
    if (this.lock.take(this.caller)) this.resume(this.lock)
    else this.line.push(this)
  }
}

const waitOn = fn(function* wait(condition: Condition, caller: TaskView | null): Body<void> {
  const { lock } = condition
  lock.assertHeldBy(caller, 'wait()')
  const { depth } = lock
  lock.handOn()
  let held = false
  try {
    yield* new Notified(condition, caller)
    held = true
  } finally {
    if (!held) yield* new Acquire(lock, caller)
    lock.depth = depth
  }
})

const waitUntil = fn(function* waitFor(
  condition: Condition,
  caller: TaskView | null,
  holds: () => boolean,
): Body<void> {
  while (!holds()) yield* waitOn(condition, caller)
})

/**
 * Waits for a change of what a lock protects. `wait` lets go of the lock until somebody calls `notify`, and has it again
 * when it returns. The same is true when it is cancelled or timed out: the unwinding goes on once it has the lock.
 *
 * ```ts
 * import { run, spawn } from 'fibril'
 * import { Condition } from 'fibril/sync'
 *
 * const changed = new Condition({ name: 'stock' })
 * let stock = 0
 * await run(function* () {
 *   spawn(function* () {
 *     using held = yield* changed.lock.acquire()
 *     yield* changed.waitFor(() => stock >= 2)
 *     console.log(`sold, ${(stock -= 2)} left`)
 *   })
 *   for (let i = 0; i < 3; i++) {
 *     using held = yield* changed.lock.acquire()
 *     stock++
 *     changed.notify()
 *   }
 * })
 * // prints: sold, 1 left
 * ```
 */
export class Condition extends Inspectable {
  readonly name: string
  /** The lock that a task must hold to wait. */
  readonly lock: Lock
  /** @internal */
  readonly waiters = new WaitList<Acquire>()

  /** With a lock of its own, of the same name, unless it is given one; that may be a `ReentrantLock`. */
  constructor(options: { readonly name?: string; readonly lock?: Lock } = {}) {
    super()
    const { name = '', lock = new Lock({ name }) } = options
    this.name = name
    this.lock = lock
  }

  override toString(): string {
    return this.name === '' ? 'a condition' : `condition "${this.name}"`
  }

  /**
   * Waits to be notified. The caller must hold the lock (otherwise a `UsageError`), lets go of it meanwhile, and holds it
   * again afterwards, also after a cancel. Others may have run in between: look again at what you waited for.
   */
  wait(): Operation<void> {
    return waitOn(this, machine.task)
  }

  /** Waits until `holds()` is true: looks at once, and after each notification. The rules are those of `wait`. */
  waitFor(holds: () => boolean): Operation<void> {
    return waitUntil(this, machine.task, holds)
  }

  /** Ends the wait of the `count` tasks that have waited longest. May be called by anybody, with the lock or without. */
  notify(count = 1): void {
    for (let left = count; left > 0; left--) {
      const next = this.waiters.shift()
      if (next === null) return
      ;(next as Notified).notify()
    }
  }

  /** Ends the wait of all who wait now. */
  notifyAll(): void {
    this.notify(this.waiters.size)
  }

  /** @internal */
  override get [KIND](): string {
    return 'condition'
  }

  /** Plain figures of this moment. Who was notified and waits for the lock is counted there. */
  override stats(): { readonly name: string; readonly waiting: number } {
    return Object.freeze({ name: this.name, waiting: this.waiters.size })
  }
}
