import type { Host } from './host.ts'
import type { Frame, LoopView, TaskView, Waiter } from './machine.ts'

/** What a set of children needs of each: a place in the set, and a way to cancel it. */
export interface Child extends TaskView {
  elder: Child | null
  younger: Child | null
  /** Its innermost open scope: the sets of children that a cancel goes down to. */
  readonly scopes: Children | null
  /** Cancels this task, and not its children. */
  cancelAlone(reason: unknown, by: TaskView | null): void
}

/** What a set of children needs of the task that it belongs to. */
export interface ChildrenOwner extends TaskView {
  /** The first failure among them, unless they are supervised. */
  childFailed(children: Children, error: unknown): void
  /** The last child of its whole body has ended. */
  childrenEnded(): void
}

/** What tasks need of the loop. */
export interface TaskLoop extends LoopView {
  readonly host: Host
  /** Whole milliseconds at the start of this turn. */
  readonly tick: number
  /** Spawn sites that may still be recorded in this turn. */
  sites: number
  ready(task: object): void
  unclaimed(task: object): void
}

/**
 * The tasks that one scope owns: of a task's body, of a `scope` block inside it, or of the loop. A failure among them goes
 * to the owner and cancels the others, unless `supervised`.
 */
export class Children implements Iterable<Child> {
  readonly loop: TaskLoop
  readonly owner: ChildrenOwner | null
  /** The frame of the block; null for a whole task or the loop. */
  readonly frame: Frame | null
  /** The scope that was innermost when this one opened. */
  outer: Children | null
  readonly supervised: boolean
  /** The body is over: failures are recorded, nobody is interrupted. */
  closing = false
  /** No more tasks. */
  closed = false
  /** Who waits for the last of them; null where that is the owner, at its end. */
  drained: Waiter<undefined> | null = null
  failures: unknown[] | null = null
  private eldest: Child | null = null
  private youngest: Child | null = null
  private count = 0

  constructor(
    loop: TaskLoop,
    owner: ChildrenOwner | null,
    frame: Frame | null,
    outer: Children | null,
    supervised: boolean,
  ) {
    this.loop = loop
    this.owner = owner
    this.frame = frame
    this.outer = outer
    this.supervised = supervised
  }

  get size(): number {
    return this.count
  }

  add(child: Child): void {
    child.elder = this.youngest
    if (this.youngest === null) this.eldest = child
    else this.youngest.younger = child
    this.youngest = child
    this.count++
  }

  /** Takes out a child that has ended; `failed` tells that `error` is why. */
  remove(child: Child, failed: boolean, error: unknown): void {
    const { elder, younger } = child
    if (elder === null) this.eldest = younger
    else elder.younger = younger
    if (younger === null) this.youngest = elder
    else younger.elder = elder
    child.elder = null
    child.younger = null
    this.count--
    if (failed && !this.supervised && this.owner !== null) {
      if (this.failures === null) {
        this.failures = [error]
        this.cancel(error, this.owner)
        if (!this.closing) this.owner.childFailed(this, error)
      } else this.failures.push(error)
    }
    if (this.count > 0) return
    const { drained } = this
    if (drained !== null) {
      this.drained = null
      drained.resume(undefined)
    } else if (this.frame === null && this.owner !== null) this.owner.childrenEnded()
  }

  /** Cancels them all and all below them, the youngest first: cleanup in the reverse order of making. */
  cancel(reason: unknown, by: TaskView | null): void {
    // A tree may be a million deep, so this keeps a list and does not recurse.
    let below: Children[] | null = null
    for (let set: Children | undefined = this; set !== undefined; set = below?.pop()) {
      for (let child = set.youngest; child !== null; ) {
        // A child that never started ends at once and leaves the set.
        const elder: Child | null = child.elder
        for (let scope = child.scopes; scope !== null; scope = scope.outer) {
          if (scope.count > 0) (below ??= []).push(scope)
        }
        child.cancelAlone(reason, by)
        child = elder
      }
    }
  }

  *[Symbol.iterator](): Iterator<Child> {
    for (let child = this.eldest; child !== null; child = child.younger) yield child
  }
}
