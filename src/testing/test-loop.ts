import { type Host, Loop, type TaskView, type Timer, Wait } from '../core/index.ts'
import type { ReadyLine } from './schedule.ts'

/** @internal Places recorded in one run: those of a burst of tasks would cost more than the tasks. */
export const WATCHED = 2000

/** A timer that no wait of a task owns, and where it was started. */
interface Started {
  readonly timer: Timer
  readonly site: { stack?: string }
}

/** A loop that tells what its host needs to know: which tasks are ready, and what keeps running. */
export class TestLoop extends Loop {
  readonly line = new Line()
  private readonly watched: boolean
  private started: Started[] = []
  private prune = 64

  /** `watched`: record where tasks and timers are made. */
  constructor(host: Host, watched: boolean) {
    super(host)
    this.watched = watched
    this.sites = watched ? WATCHED : 0
  }

  override ready(task: object): void {
    this.line.push(task as TaskView)
    super.ready(task)
  }

  override startTimer(timer: Timer, ms: number): void {
    super.startTimer(timer, ms)
    // What a task waits for is told by the task.
    if (!this.watched || timer instanceof Wait) return
    this.started.push({ timer, site: new Error('started') })
    if (this.started.length < this.prune) return
    this.started = this.started.filter(({ timer }) => timer.bucket !== null)
    this.prune = Math.max(64, this.started.length * 2)
  }

  /** As `startTimer`, for one that is let go of at the end of the run by whoever starts it. */
  startSimulated(timer: Timer, ms: number): void {
    super.startTimer(timer, ms)
  }

  /** The timers that run and belong to no wait, as far as they were watched. */
  running(): Started[] {
    return this.started.filter(({ timer }) => timer.bucket !== null)
  }
}

/**
 * The ring of ready tasks as its host can see it: what is put in is told by `TestLoop.ready`, what is taken out
 * follows from the length, for the loop takes from the head, where `promote` has put its choice.
 */
export class Line implements ReadyLine {
  private tasks: TaskView[] = []
  private head = 0

  get length(): number {
    return this.tasks.length - this.head
  }

  push(task: TaskView): void {
    this.tasks.push(task)
  }

  at(index: number): TaskView {
    return this.tasks[this.head + index] as TaskView
  }

  /** Forgets what was taken out: `length` tasks are left. */
  trim(length: number): void {
    this.head = this.tasks.length - length
    if (this.head < 64 || this.head * 2 < this.tasks.length) return
    this.tasks = this.tasks.slice(this.head)
    this.head = 0
  }

  /** As the loop's ring does: the item at `index` to the head, and the head to its place. */
  promote(index: number): void {
    const first = this.at(0)
    this.tasks[this.head] = this.at(index)
    this.tasks[this.head + index] = first
  }
}
