import { type Body, InternalError, openings, run, type Task, type TaskBody, UsageError } from '../core/index.ts'
import { awaitDrive, Drive, type Mode, type Need } from './drive.ts'
import { count, type Leak, LeakError, taskLeak, withDescendants } from './leak-check.ts'
import { noteSeed, placeOf } from './seed-note.ts'
import { WATCHED } from './test-loop.ts'
import { VirtualHost } from './virtual-host.ts'

/** Steps that the cleanup of what a run left behind may take. */
const CLEANUP = 100_000

/** What a test runs: a function that may take the host, or an operation. */
export type TestBody<T> = ((host: TestHost) => Body<T> | PromiseLike<T> | T) | TaskBody<T>

/**
 * A host with a virtual clock, and a schedule that follows from a seed. Time costs nothing: when all tasks are parked,
 * the clock jumps to the earliest deadline. One host serves one test.
 *
 * What is real (a promise of the platform, a socket, a worker) is waited for, and virtual time stands still meanwhile.
 *
 * ```ts
 * import { sleep, spawn } from 'fibril'
 * import { TestHost } from 'fibril/testing'
 *
 * const host = new TestHost()
 * const result = await host.run(function* () {
 *   const task = spawn(function* () {
 *     yield* sleep(1_000_000)
 *     return 'done'
 *   })
 *   return yield* task
 * })
 * console.log(result, host.now()) // prints: done 1000000
 * ```
 */
export class TestHost extends VirtualHost {
  private running = false

  /**
   * Runs `body` as a task until it has ended, with all its children. Gives its result.
   *
   * Rejects with what the body failed with, with failures that nobody waited for, with warnings, and with a `LeakError`
   * if something is left behind; several are an `AggregateError`. A program in which nothing can run any more gets a
   * `DeadlockError`. The stack of what it rejects with ends with the seed that replays the schedule.
   *
   * ```ts
   * import { sleep } from 'fibril'
   * import { TestHost } from 'fibril/testing'
   *
   * const host = new TestHost({ seed: 7 })
   * await host.run(function* () {
   *   yield* sleep(60_000)
   *   console.log(host.now()) // prints: 60000
   * })
   * ```
   */
  async run<T>(body: TestBody<T>): Promise<T> {
    return await awaitDrive(this.loop, this.play(body, 'patient'))
  }

  /**
   * As `run`, but here and now: for programs that wait for nothing outside of the loop. One that does (a promise, a
   * socket) is a `UsageError`. Microtasks do not run meanwhile.
   *
   * ```ts
   * import { sleep } from 'fibril'
   * import { TestHost } from 'fibril/testing'
   *
   * const host = new TestHost()
   * host.runSync(() => sleep(1000))
   * console.log(host.now()) // prints: 1000
   * ```
   */
  runSync<T>(body: TestBody<T>): T {
    for (const play = this.play(body, 'sync'); ; ) {
      const step = play.next()
      if (step.done) return step.value
    }
  }

  /** @internal */
  *play<T>(body: TestBody<T>, mode: Mode): Generator<Need, T, void> {
    if (this.running) throw new UsageError('this TestHost is in a run already: make a new one for each test')
    this.refuseInTurn()
    this.running = true
    openings.watchers++
    openings.places = WATCHED
    try {
      const drive = new Drive(this, mode)
      const errors: unknown[] = []
      this.allow(Infinity)
      const root = this.start(body)
      try {
        yield* drive.until(() => root.state === 'ended')
      } catch (error) {
        errors.push(error)
      }
      const { outcome } = root
      if (outcome !== null && outcome.status !== 'done') errors.push(outcome.error)
      if (outcome === null && errors.length === 0)
        errors.push(new InternalError(`nothing can run, but ${root} has not ended`))
      const leaks = yield* this.cleanUp(drive, mode)
      errors.push(...this.takeUnhandled())
      const warnings = this.takeWarnings()
      if (errors.length === 0 && warnings.length > 0)
        errors.push(new UsageError(`the run gave ${count(warnings.length, 'warning')}:\n${warnings.join('\n')}`))
      if (errors.length === 0 && leaks.length > 0) errors.push(new LeakError(leaks))
      if (errors.length > 0) throw noteSeed(oneOf(errors), this.chose ? this.seed : null)
      return (outcome as { value: T }).value
    } finally {
      this.running = false
      openings.watchers--
    }
  }

  private start<T>(body: TestBody<T>): Task<T> {
    const { loop } = this
    // Where a run was started is told by the test itself.
    const { sites } = loop
    loop.sites = 0
    const task = this.within(() =>
      run(bodyWith(body, this), { loop, name: (typeof body === 'function' && body.name) || 'test' }),
    )
    loop.sites = sites
    awaitQuietly(task)
    return task
  }

  /** Names all that is left, and ends it, so that it cannot disturb what comes next. */
  private *cleanUp(drive: Drive, mode: Mode): Generator<Need, Leak[], void> {
    const { loop } = this
    const leaks: Leak[] = []
    this.allow(CLEANUP)
    try {
      if (loop.externals > 0 && mode !== 'sync') yield* drive.settle()
      for (const task of withDescendants(loop.root)) leaks.push(taskLeak(task))
      this.within(() => {
        for (const child of loop.root) {
          awaitQuietly(child as Task<unknown>)
          ;(child as Task<unknown>).cancel('its test has ended')
        }
      })
      yield* drive.until(() => loop.root.size === 0)
    } catch (error) {
      // Cleanup that does not end: the tasks are named, and their loop does not turn again.
      if (leaks.length === 0) throw error
    }
    for (const end of this.endings.splice(0)) leaks.push(...end())
    this.within(() => {
      for (const opening of openings.list(loop)) {
        const { kind, name, reason, madeAt } = opening
        leaks.push({ kind, name, reason, madeAt })
        opening.letGo()
      }
    })
    for (const { timer, site } of this.testLoop.running()) {
      const madeAt = placeOf(site)
      leaks.push({ kind: 'timer', name: timer.constructor.name, reason: `due at ${timer.bucket?.deadline} ms`, madeAt })
      loop.stopTimer(timer)
    }
    const { timers, externals } = loop.stats()
    if (timers > 0) leaks.push({ kind: 'timer', name: count(timers, 'timer'), reason: 'still running', madeAt: null })
    if (externals > 0) {
      leaks.push({
        kind: 'external wait',
        name: count(externals, 'hold'),
        reason: 'holdExternal() without releaseExternal()',
        madeAt: null,
      })
      loop.externals = 0
    }
    for (const name of yield* drive.handles()) {
      leaks.push({ kind: 'handle', name, reason: 'open in the platform, and keeps the process alive', madeAt: null })
    }
    return leaks
  }
}

/** Waits for a task as whoever runs a program does: it may be told of a deadlock, and its failure is not unhandled. */
function awaitQuietly(task: Task<unknown>): void {
  task.then(
    () => {},
    () => {},
  )
}

function bodyWith<T>(body: TestBody<T>, host: TestHost): TaskBody<T> {
  return typeof body === 'function' ? () => (body as (host: TestHost) => Body<T> | PromiseLike<T> | T)(host) : body
}

function oneOf(errors: readonly unknown[]): unknown {
  if (errors.length === 1) return errors[0]
  const messages = errors.map((error) => (error instanceof Error ? error.message : String(error)))
  return new AggregateError(errors, `${errors.length} failures: ${messages.join('; ')}`)
}
