import { readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { CancelledError, currentTask, TimeoutError, UsageError } from '../core/index.ts'
import { type IDelayedCall, type IReactorTime, loopTime } from './clock.ts'
import { Deferred } from './deferred.ts'
import { AlreadyTryingToLockError } from './errors.ts'
import { fail } from './make.ts'

/** Milliseconds between two attempts. */
const INTERVAL = 1000

/**
 * A lock between processes: a symbolic link at `name` whose target is the number of the process that holds it. One that
 * was left by a process that is gone is taken over; then `clean` is false.
 *
 * ```ts
 * import { mkdtempSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { DeferredFilesystemLock } from 'fibril/twisted'
 *
 * const lock = new DeferredFilesystemLock(`${mkdtempSync(`${tmpdir()}/`)}/lock`)
 * await lock.deferUntilLocked(5000)
 * console.log(lock.locked) // => true
 * lock.unlock()
 * ```
 */
export class DeferredFilesystemLock {
  readonly name: string
  locked = false
  /** False if it was taken over from a process that is gone. */
  clean = true
  private readonly scheduler: IReactorTime
  private trying = false

  /** The time of the attempts is that of the loop, or of `scheduler`. */
  constructor(name: string, scheduler: IReactorTime = loopTime) {
    this.name = name
    this.scheduler = scheduler
  }

  /** Tries to lock it, here and now. True if this one holds it now. */
  lock(): boolean {
    let clean = true
    for (;;) {
      try {
        symlinkSync(String(process.pid), this.name)
        this.locked = true
        this.clean = clean
        return true
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
      const owner = ownerOf(this.name)
      if (owner === null) continue
      if (isAlive(owner)) return false
      clean = false
      try {
        unlinkSync(this.name)
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
      }
    }
  }

  /** Gives it up. A `UsageError` if another process holds it. */
  unlock(): void {
    const owner = ownerOf(this.name)
    if (owner !== process.pid) throw new UsageError(`${this.name} is not locked by this process (but by ${owner})`)
    unlinkSync(this.name)
    this.locked = false
  }

  /**
   * Tries to lock it now, and every second from then on; fires when it is locked. Fails with a `TimeoutError` after `ms`
   * milliseconds, with an `AlreadyTryingToLockError` if an earlier call is still trying. A cancel, like the timeout,
   * tries once more.
   */
  deferUntilLocked(ms?: number | null): Deferred<void> {
    if (this.trying) return fail(new AlreadyTryingToLockError(this.name))
    let attempt: IDelayedCall | null = null
    let timeout: IDelayedCall | null = null
    const deferred = new Deferred<void>(() => end(() => new CancelledError(null, undefined, currentTask())))
    const stop = (): void => {
      for (const call of [attempt, timeout]) if (call?.active()) call.cancel()
      this.trying = false
    }
    const tryNow = (): boolean => {
      try {
        if (!this.lock()) return false
        stop()
        deferred.callback()
      } catch (error) {
        stop()
        deferred.errback(error)
      }
      return true
    }
    const end = (why: () => Error): void => {
      stop()
      if (!tryNow()) deferred.errback(why())
    }
    const retry = (): void => {
      if (!tryNow()) attempt = this.scheduler.callLater(INTERVAL, retry)
    }
    this.trying = true
    retry()
    if (ms != null && !deferred.called)
      timeout = this.scheduler.callLater(ms, () => end(() => new TimeoutError(ms, `locking ${this.name}`)))
    return deferred
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}

/** The process that holds the lock; null if none does. */
function ownerOf(name: string): number | null {
  try {
    return Number(readlinkSync(name))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}
