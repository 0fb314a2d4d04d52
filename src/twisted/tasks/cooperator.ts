import { UsageError } from '../../core/index.ts'
import { Deferred } from '../deferred.ts'
import { Failure } from '../failure.ts'
import { succeed } from '../make.ts'
import { reactor } from '../reactor/reactor.ts'

/** What a cooperator or one of its tasks was asked for cannot be done: base of those below. */
export class SchedulerError extends UsageError {}
/** The cooperator was stopped. */
export class SchedulerStopped extends SchedulerError {}
/** The task is over: base of those below. */
export class TaskFinished extends SchedulerError {}
/** Its iterator was exhausted. */
export class TaskDone extends TaskFinished {}
/** It was stopped. */
export class TaskStopped extends TaskFinished {}
/** Its iterator threw, or a Deferred that it yielded failed. */
export class TaskFailed extends TaskFinished {}
/** It was resumed more often than paused. */
export class NotPaused extends SchedulerError {}
for (const [name, type] of Object.entries({
  SchedulerError,
  SchedulerStopped,
  TaskFinished,
  TaskDone,
  TaskStopped,
  TaskFailed,
  NotPaused,
})) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

/** An iterator whose items are steps of work. A Deferred, or a promise, among them makes it wait. */
export type WorkIterator = Iterator<unknown, unknown, undefined>

/** An iterator that a `Cooperator` works off, step by step. */
export class CooperativeTask {
  private readonly iterator: WorkIterator
  private readonly cooperator: Cooperator
  private readonly waiters: Deferred<WorkIterator>[] = []
  private pauses = 0
  private ended: SchedulerError | null = null
  private result: WorkIterator | Failure | null = null

  /** @internal Use `cooperate`. */
  constructor(iterator: WorkIterator, cooperator: Cooperator) {
    this.iterator = iterator
    this.cooperator = cooperator
    cooperator.add(this)
  }

  /** Fires with the iterator when that is exhausted; fails with what it threw, or as it was stopped. */
  whenDone(): Deferred<WorkIterator> {
    if (this.result !== null) return succeed(this.result as WorkIterator)
    const deferred = new Deferred<WorkIterator>()
    this.waiters.push(deferred)
    return deferred
  }

  /** Takes no steps until it was resumed as often as paused. A `TaskFinished` when it is over. */
  pause(): void {
    this.checkRunning()
    if (this.pauses++ === 0) this.cooperator.remove(this)
  }

  /** Takes one `pause` back; a `NotPaused` if there is none. */
  resume(): void {
    if (this.pauses === 0) throw new NotPaused('the task was resumed, but it is not paused')
    if (--this.pauses === 0 && this.ended === null) this.cooperator.add(this)
  }

  /** Ends it: `whenDone` fails with `TaskStopped`. A `TaskFinished` when it is over. The iterator is told by its `return`. */
  stop(): void {
    this.checkRunning()
    const stopped = new TaskStopped('the task was stopped')
    this.end(stopped, new Failure(stopped))
  }

  /** @internal One step. */
  step(): void {
    let next: IteratorResult<unknown, unknown>
    try {
      next = this.iterator.next()
    } catch (error) {
      this.end(new TaskFailed('the task has failed'), new Failure(error, true))
      return
    }
    if (next.done) {
      this.end(new TaskDone('the task is done'), this.iterator)
      return
    }
    const { value } = next
    if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return
    // It may have stopped itself in the step.
    if (this.ended !== null) return
    this.pause()
    const work = value instanceof Deferred ? value : succeed(value)
    work.addCallbacks(
      () => this.resume(),
      (failure) => {
        if (this.ended === null) this.end(new TaskFailed('the task has failed'), failure)
      },
    )
  }

  /** @internal */
  end(state: SchedulerError, result: WorkIterator | Failure): void {
    this.ended = state
    this.result = result
    if (this.pauses === 0) this.cooperator.remove(this)
    // Those who hear of it may do anything, this task being gone already.
    for (const waiter of this.waiters.splice(0)) if (!waiter.called) waiter.callback(result)
    if (state instanceof TaskStopped || state instanceof SchedulerStopped) this.iterator.return?.(undefined)
  }

  private checkRunning(): void {
    if (this.ended !== null) throw this.ended
  }
}

/** How a cooperator works. */
export interface CooperatorOptions {
  /** Called when a slice of work begins: gives what tells, after each step, that it is over. If left out, that is 10 ms later. */
  readonly terminationPredicateFactory?: () => () => boolean
  /** Has a slice made later: gives how to take that back. `reactor.callLater(0, slice)` if left out. */
  readonly scheduler?: (slice: () => void) => { cancel(): void }
  /** False: `start` is still to be called. */
  readonly started?: boolean
}

/** How long a slice is, in milliseconds. */
const SLICE_MS = 10

/**
 * Works off iterators in turn, one step of each, in slices of time between which everything else gets its own.
 *
 * ```ts
 * import { cooperate } from 'fibril/twisted'
 *
 * function* count(name: string) {
 *   for (let i = 1; i <= 2; i++) {
 *     console.log(name, i)
 *     yield
 *   }
 * }
 * cooperate(count('a'))
 * await cooperate(count('b')).whenDone()
 * // prints: a 1
 * // prints: b 1
 * // prints: a 2
 * // prints: b 2
 * ```
 */
export class Cooperator {
  /** In the order of their turns; the one that has its turn goes to the end. */
  private readonly tasks = new Set<CooperativeTask>()
  private readonly terminationPredicateFactory: () => () => boolean
  private readonly scheduler: (slice: () => void) => { cancel(): void }
  private scheduled: { cancel(): void } | null = null
  private stopped = false
  private started: boolean

  constructor(options: CooperatorOptions = {}) {
    this.terminationPredicateFactory = options.terminationPredicateFactory ?? sliceOfTime
    this.scheduler = options.scheduler ?? ((slice) => reactor.callLater(0, slice))
    this.started = options.started ?? true
  }

  /** Works `iterator` off; gives how to pause, stop and wait for it. */
  cooperate(iterator: WorkIterator): CooperativeTask {
    return new CooperativeTask(iterator, this)
  }

  /** Works `iterator` off: a Deferred that fires with it when it is exhausted. */
  coiterate(iterator: WorkIterator, doneDeferred: Deferred<WorkIterator> = new Deferred()): Deferred<WorkIterator> {
    this.cooperate(iterator).whenDone().chainDeferred(doneDeferred)
    return doneDeferred
  }

  /** Whether it takes steps, once there is something to do. */
  get running(): boolean {
    return this.started && !this.stopped
  }

  start(): void {
    this.stopped = false
    this.started = true
    this.schedule()
  }

  /** Takes no steps any more: all its tasks, and those that are still to be added, fail with `SchedulerStopped`. */
  stop(): void {
    this.stopped = true
    for (const task of [...this.tasks]) this.refuse(task)
    this.cancelSlice()
  }

  /** @internal */
  add(task: CooperativeTask): void {
    if (this.stopped) return this.refuse(task)
    this.tasks.add(task)
    this.schedule()
  }

  /** @internal */
  remove(task: CooperativeTask): void {
    this.tasks.delete(task)
    if (this.tasks.size === 0) this.cancelSlice()
  }

  private refuse(task: CooperativeTask): void {
    const error = new SchedulerStopped('the cooperator was stopped')
    task.end(error, new Failure(error))
  }

  private cancelSlice(): void {
    this.scheduled?.cancel()
    this.scheduled = null
  }

  private schedule(): void {
    if (this.started && this.scheduled === null && this.tasks.size > 0)
      this.scheduled = this.scheduler(() => this.slice())
  }

  private slice(): void {
    this.scheduled = null
    const isOver = this.terminationPredicateFactory()
    for (const task of this.tasks) {
      this.tasks.delete(task)
      this.tasks.add(task)
      task.step()
      if (isOver()) break
    }
    this.schedule()
  }
}

function sliceOfTime(): () => boolean {
  const end = performance.now() + SLICE_MS
  return () => performance.now() >= end
}

const theCooperator = new Cooperator()

/** Works `iterator` off, in turn with all others that were given to this function and `coiterate`. See `Cooperator`. */
export function cooperate(iterator: WorkIterator): CooperativeTask {
  return theCooperator.cooperate(iterator)
}

/** As `cooperate`, but gives a Deferred that fires when the iterator is exhausted. */
export function coiterate(iterator: WorkIterator): Deferred<WorkIterator> {
  return theCooperator.coiterate(iterator)
}
