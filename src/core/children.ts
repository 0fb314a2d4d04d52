import type { Host } from './host.ts'
import type { Frame, LoopView, TaskView, Unwind, Waiter } from './machine.ts'

/** What a set of children needs of each: a place in the set, and a way to cancel it. */
export interface Child extends TaskView {
  elder: Child | null
  younger: Child | null
  /** Its innermost open scope: the sets of children that a cancel goes down to. */
  readonly scopes: Children | null
  readonly cancelled: boolean
  /** A cancel was carried out on it: what failed since is its cleanup. One that had been woken before may end by itself. */
  readonly cutShort: boolean
  /** Cancels this task, and not its children. */
  cancelAlone(reason: unknown, by: TaskView | null): void
}

/** What a set of children needs of the task that it belongs to. */
export interface ChildrenOwner extends TaskView {
  /** Unwinds it to a frame, or all of it. */
  interrupt(unwind: Unwind): void
  /** The last child of its whole body has ended. */
  childrenEnded(): void
}

/** What tasks need of the loop. */
export interface TaskLoop extends LoopView {
  readonly host: Host
  /** Whole milliseconds at the start of this turn. */
  readonly tick: number
  /** Spawn sites that may still be recorded for now. */
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
  /** The body is over. */
  closing = false
  /** No more tasks. */
  closed = false
  /** Who waits for the last of them; null where that is the owner, at its end. */
  drained: Waiter<undefined> | null = null
  failures: unknown[] | null = null
  /** Told of each child as it ends, and then its failure is no affair of this set; see `Scope.supervise`. */
  ended: ((child: Child) => void) | null = null
  /** Failures among supervised ones that nobody joined. */
  late: { readonly cancelled: boolean; readonly error: unknown }[] | null = null
  /** The interrupt that the first failure caused. */
  private unwind: Unwind | null = null
  /** @internal The first of them; the others by `younger`. */
  eldest: Child | null = null
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

  /** Takes out a child that has ended; `failed` tells that `error` is why, `claimed` that somebody joined it. */
  remove(child: Child, failed: boolean, error: unknown, claimed: boolean): void {
    const { elder, younger } = child
    if (elder === null) this.eldest = younger
    else elder.younger = younger
    if (younger === null) this.youngest = elder
    else younger.elder = elder
    child.elder = null
    child.younger = null
    // It may add another child, which is to be waited for, too.
    if (this.ended !== null) this.tell(child, this.ended)
    else if (failed && this.owner !== null) this.childFailed(child, error, claimed)
    if (--this.count > 0) return
    const { drained } = this
    if (drained !== null) {
      this.drained = null
      drained.resume(undefined)
    } else if (this.frame === null && this.owner !== null) this.owner.childrenEnded()
  }

  private tell(child: Child, ended: (child: Child) => void): void {
    try {
      ended(child)
    } catch (error) {
      this.childFailed(child, error, false)
    }
  }

  private childFailed(child: Child, error: unknown, claimed: boolean): void {
    if (this.supervised) {
      // Whoever gathers it has the failure. What fails later is not lost: its cleanup, or a second one in the same turn.
      if (!claimed) (this.late ??= []).push({ cancelled: child.cutShort, error })
      return
    }
    if (this.failures !== null) {
      this.failures.push(error)
      return
    }
    this.failures = [error]
    // The owner first: a sibling that never ran ends at once, and must not wake it as if its wait were over.
    if (!this.closing) {
      this.unwind = { target: this.frame, error, failures: null, void: false }
      this.owner?.interrupt(this.unwind)
    }
    this.cancel(error, this.owner)
  }

  /** The body is over: from here on failures are recorded, and nobody is interrupted any more. */
  closes(): void {
    this.closing = true
    if (this.unwind !== null) this.unwind.void = true
  }

  /** Cancels them all and all below them, the youngest first: cleanup in the reverse order of making. */
  cancel(reason: unknown, by: TaskView | null): void {
    // A tree may be a million deep, so this keeps a list and does not recurse. A child that never started ends at once, and
    // signals and undo functions run code of users, so it walks over a copy.
    const sets: Children[] = [this]
    for (let set = sets.pop(); set !== undefined; set = sets.pop()) {
      const children = [...set]
      for (let i = children.length - 1; i >= 0; i--) {
        const child = children[i] as Child
        for (let scope = child.scopes; scope !== null; scope = scope.outer) if (scope.count > 0) sets.push(scope)
        child.cancelAlone(reason, by)
      }
    }
  }

  *[Symbol.iterator](): Iterator<Child> {
    for (let child = this.eldest; child !== null; child = child.younger) yield child
  }
}
