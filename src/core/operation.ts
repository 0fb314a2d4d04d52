/**
 * Operations: everything that a task can wait for.
 *
 * An operation starts nothing by being made. `yield* operation` waits for it in a task, `await operation` outside of
 * one, green code calls it as a plain function. It serves one waiter at a time and may be used again after.
 *
 * Two kinds exist: a `Wait` parks by itself (a sleep, an item of a queue, a socket's bytes); a `Call` (frame.ts) runs a
 * function, which parks where it meets a `Wait`.
 */
import { BusyError, UsageError } from './errors.ts'
import { delegatedReturnSite } from './issued-return.ts'
import {
  type Callable,
  type LoopView,
  type Parked,
  DONE as THE_DONE,
  PARK as THE_PARK,
  machine as theMachine,
  type Waiter,
} from './machine.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const PARK = THE_PARK
const DONE = THE_DONE

declare const instruction: unique symbol

/** What tasks yield to the engine. Only operations make it: `yield` it by `yield* operation`. */
export interface Instruction {
  readonly [instruction]: never
}

/** What `yield*` on an operation runs. Opaque. */
export type OperationIterator<T> = Iterator<Instruction, T, unknown>

/** The generator that an operation's body is: it yields what operations yield, and nothing else, or nothing, to give way. */
export type Body<T> = Generator<Instruction | undefined, T, unknown>

/**
 * Something that a task can wait for, with a result of type `T`.
 *
 * ```ts
 * import { run, sleep } from 'fibril'
 *
 * await sleep(1) // outside any task
 * await run(function* () {
 *   yield* sleep(1) // in a task
 * })
 * ```
 */
export abstract class Operation<T> implements PromiseLike<T> {
  /** For `yield*`. */
  [Symbol.iterator](): OperationIterator<T> {
    return this as unknown as OperationIterator<T>
  }

  /** For `await`: runs the operation as a task of its own, on the current loop. */
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (starter === null) throw new UsageError('await on an operation needs the loop: import from "fibril"')
    return Promise.resolve(starter(this) as PromiseLike<T>).then(fulfilled, rejected)
  }

  /** @internal The first `next()` starts it; the second is given its value by the engine. */
  abstract next(value?: unknown): IteratorResult<unknown, unknown>
  /** @internal */
  abstract throw(error: unknown): IteratorResult<unknown, unknown>
  /** @internal */
  abstract return(value?: unknown): IteratorResult<unknown, unknown>
}

let starter: ((op: Operation<unknown>) => PromiseLike<unknown>) | null = null

/** @internal Set by what knows the loop (run.ts): how `await operation` starts one. */
export function startOperationsWith(start: (op: Operation<unknown>) => PromiseLike<unknown>): void {
  starter = start
}

/** What `attempt` answers when there is nothing to take without waiting. */
export const NOT_YET: unique symbol = Symbol('not yet')

/** How many of those who hold a wait up must let go before it can end. */
export type HoldersNeeded = 'one' | 'all' | 'none'

/**
 * A place where a task parks. Subclass it to write a primitive; `suspend` is the short form.
 *
 * The engine calls, in this order: `attempt()`, and if that answers `NOT_YET` `install(waiter)`; then either the primitive calls
 * `waiter.resume(value)` or `waiter.reject(error)`, once, or the engine calls `uninstall()`, once: the wait was
 * cancelled. After either, nothing of the wait may be left in the primitive.
 */
export abstract class Wait<T> extends Operation<T> implements Parked {
  /** The task that parked here, until it is resumed. */
  private parked: object | null

  constructor() {
    super()
    this.parked = null
  }

  /** What a task waits for here, in words: `queue "jobs": an item`. The inspector and every report print it. */
  abstract get reason(): string

  /** Takes the result without waiting, if it is there; otherwise answers `NOT_YET`. May throw. */
  attempt(): T | typeof NOT_YET {
    return NOT_YET
  }

  /** Wait: keep the waiter and wake it once. May wake it at once, must not throw after it did. */
  abstract install(waiter: Waiter<T>): void

  /** Undo `install`: never wake that waiter. What it throws is a failure of the cleanup. */
  abstract uninstall(): void

  /** It was asked for, but will not be installed: the task was cancelled, or another of several came first. */
  abandon(): void {}

  /** Tasks that could end this wait, for wait graphs: the owner of a lock, a task that is joined. */
  holders(): Iterable<object> {
    return []
  }

  /** How many of `holders()` must let go before this can end: `none` if it may end without them. For wait graphs. */
  get needs(): HoldersNeeded {
    return 'one'
  }

  /** @internal */
  override next(value?: unknown): IteratorResult<unknown, unknown> {
    const { registers } = machine
    const { task } = registers
    if (task === null) throw new UsageError(outside)
    if (this.parked !== null) {
      if (this.parked !== task) throw busy(this.reason)
      this.parked = null
      DONE.value = value
      return DONE
    }
    if (registers.budget > 0) {
      registers.budget--
      const value = this.attempt()
      if (value !== NOT_YET) {
        DONE.value = value
        return DONE
      }
    }
    if (registers.returning && carried(this, this.next)) {
      DONE.value = undefined
      return DONE
    }
    if (registers.op !== null) throw strayOperation()
    this.parked = task
    registers.op = this
    return PARK
  }

  /** @internal */
  override throw(error: unknown): IteratorResult<unknown, unknown> {
    this.parked = null
    throw error
  }

  /** @internal */
  override return(value?: unknown): IteratorResult<unknown, unknown> {
    this.parked = null
    DONE.value = value
    return DONE
  }
}

/** @internal The error for a second waiter on one operation. */
export function busy(reason: string): BusyError {
  return new BusyError(`two tasks wait on one operation (${reason}): it serves one at a time, make one for each`)
}

/** @internal The error for an operation that was started, but whose `PARK` did not come out of the generator. Takes it back. */
export function strayOperation(): UsageError {
  const { registers } = machine
  const { op } = registers
  const reason = op?.reason
  op?.abandon()
  registers.op = null
  registers.top = null
  registers.tail = null
  return new UsageError(
    `an operation (${reason}) was iterated, but not waited for: write \`yield* operation\`, not a spread, destructuring or for…of`,
  )
}

/** @internal */
export const outside =
  'an operation was waited for outside any task: use `yield*` in a function that `run`, `spawn` or `fn` was given, or `await` elsewhere'

/** @internal True if `op`, started inside an engine-issued `return()`, was handed to the task to be waited for at its end. */
export function carried(op: Operation<unknown>, next: Callable): boolean {
  const site = delegatedReturnSite(next)
  if (site === null) return false
  machine.task?.carry({ op, site })
  return true
}

/** How the code inside `suspend` ends the wait. Only the first call counts. */
export interface Wake<in T> {
  (value: T): void
  fail(error: unknown): void
}

class Suspend<T> extends Wait<T> {
  readonly reason: string
  private readonly begin: (wake: Wake<T>) => (() => void) | void
  private waiter: Waiter<T> | null = null
  private readonly external: boolean
  private loop: LoopView | null = null
  private undo: (() => void) | null = null
  private waits = 0

  constructor(reason: string, begin: (wake: Wake<T>) => (() => void) | void, external: boolean) {
    super()
    this.reason = reason
    this.begin = begin
    this.external = external
  }

  override install(waiter: Waiter<T>): void {
    if (this.waiter !== null) throw busy(this.reason)
    this.waiter = waiter
    // A wake that comes after its wait was cancelled finds another count here.
    const wait = ++this.waits
    if (this.external) {
      this.loop = machine.loop
      this.loop?.holdExternal()
    }
    let woken = false
    const settled = (): boolean => {
      if (woken || wait !== this.waits) return false
      woken = true
      this.over()
      return true
    }
    const wake = (value: T): void => {
      if (settled()) waiter.resume(value)
    }
    wake.fail = (error: unknown): void => {
      if (settled()) waiter.reject(error)
    }
    let undo: (() => void) | void
    try {
      undo = this.begin(wake)
    } catch (error) {
      wake.fail(error)
      return
    }
    if (woken || typeof undo !== 'function') return
    if (wait === this.waits) this.undo = undo
    // `begin` itself had the wait cancelled: `uninstall` came before there was anything to undo.
    else undo()
  }

  override uninstall(): void {
    const { undo } = this
    this.waits++
    this.over()
    undo?.()
  }

  private over(): void {
    const { loop } = this
    this.waiter = null
    this.undo = null
    this.loop = null
    loop?.releaseExternal()
  }
}

/**
 * Parks the task until `wake(value)` or `wake.fail(error)` is called; the first call counts.
 *
 * `begin` runs each time that the operation is waited for, and returns how to undo it: called if the wait is cancelled,
 * never after a wake. `reason` is what every report shows for a task that is parked here. `external` says that something
 * outside the loop will end the wait: no virtual time passes meanwhile, and no deadlock is reported.
 *
 * ```ts
 * import { suspend } from 'fibril'
 * import type { ChildProcess } from 'node:child_process'
 *
 * const exit = (child: ChildProcess) =>
 *   suspend<number | null>(
 *     `exit of process ${child.pid}`,
 *     (wake) => {
 *       child.once('exit', wake)
 *       return () => child.off('exit', wake)
 *     },
 *     { external: true },
 *   )
 * ```
 */
export function suspend<T>(
  reason: string,
  begin: (wake: Wake<T>) => (() => void) | void,
  options: { readonly external?: boolean } = {},
): Wait<T> {
  return new Suspend(reason, begin, options.external ?? false)
}
