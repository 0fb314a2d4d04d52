import { issueReturn } from './issued-return.ts'
import { machine, type Steppable } from './machine.ts'
import type { Operation, OperationIterator } from './operation.ts'
import { addCallerByName, callersOf } from './task-stack.ts'

// What the next step does to the generator.
const NEXT = 0
const THROW = 1
const RETURN = 2

/**
 * A frame's body that is a generator of a dialect: besides `yield* operation` it may hold a plain `yield value`, to
 * which a subclass gives a meaning. What is ready already is answered in a loop, so a million ready values take constant
 * stack. A `yield` in a `finally` of the generator itself waits as elsewhere while it is cancelled; in a generator to
 * which that one delegates by `yield*` it cannot be told apart from the outer one's: write `yield*` there.
 *
 * ```ts
 * import { DialectBody, type Operation, run, sleep } from 'fibril'
 *
 * class Sleepy extends DialectBody {
 *   protected override meaning(yielded: unknown): Operation<unknown> {
 *     return sleep(Number(yielded))
 *   }
 * }
 * await run(() => new Sleepy((function* () {
 *   yield 5
 *   yield 10
 * })()))
 * ```
 */
export abstract class DialectBody implements Steppable {
  private readonly generator: Iterator<unknown, unknown, unknown>
  /** The operation that stands for what was yielded, while it is parked. */
  private waiting: OperationIterator<unknown> | null = null
  /** What was thrown into the generator last, and how many callers it had been given then. */
  private passing: { readonly error: unknown; readonly callers: number } | null = null
  /** A cancel has begun: what the generator does from here on is cleanup. */
  private unwinding = false

  constructor(generator: Iterator<unknown, unknown, unknown>) {
    this.generator = generator
  }

  /** For reports: what knows where it stands. */
  get standing(): unknown {
    return this.generator
  }

  /** What `yield yielded` waits for. What it throws is thrown at the `yield`. */
  protected abstract meaning(yielded: unknown): Operation<unknown>

  /** The generator returned `value`: gives the body's result. What it throws is its failure. */
  protected ended(value: unknown): unknown {
    return value
  }

  /** The generator threw: gives the body's result, or throws its failure. */
  protected failed(error: unknown): unknown {
    throw error
  }

  /** A cancel made it return, and its cleanup is over. */
  protected unwound(): void {}

  next(value: unknown): IteratorResult<unknown, unknown> {
    const { waiting } = this
    if (waiting === null) return this.drive(NEXT, value)
    this.waiting = null
    return this.drive(NEXT, waiting.next(value).value)
  }

  throw(error: unknown): IteratorResult<unknown, unknown> {
    const { waiting } = this
    if (waiting === null) return this.drive(THROW, error)
    this.waiting = null
    try {
      waiting.throw?.(error)
    } catch (failure) {
      return this.drive(THROW, failure)
    }
    return this.drive(THROW, error)
  }

  return(value: unknown): IteratorResult<unknown, unknown> {
    const { waiting } = this
    this.waiting = null
    this.unwinding = true
    waiting?.return?.()
    return this.drive(RETURN, value)
  }

  private drive(kind: number, slot: unknown): IteratorResult<unknown, unknown> {
    const { generator } = this
    let verb = kind
    let value = slot
    for (;;) {
      let result: IteratorResult<unknown, unknown>
      if (verb === THROW) this.passing = { error: value, callers: callersOf(value) }
      try {
        if (verb === NEXT) result = generator.next(value)
        else if (verb === THROW) result = (generator as unknown as Steppable).throw(value)
        else result = issueReturn(generator as unknown as Steppable)
      } catch (error) {
        // It passed a plain `yield`, and maybe a `finally` that waits: by `yield*` it was given the line of that.
        const { passing } = this
        if (passing !== null && error === passing.error && callersOf(error) === passing.callers)
          addCallerByName(error, machine.task?.name ?? 'anonymous')
        return { value: this.failed(error), done: true }
      }
      if (result.done) {
        if (!this.unwinding) return { value: this.ended(result.value), done: true }
        this.unwound()
        return result
      }
      // An operation, reached by `yield*`, has parked.
      if (machine.registers.op !== null) return result
      try {
        const waiting = this.meaning(result.value)[Symbol.iterator]()
        const first = waiting.next()
        if (!first.done) {
          this.waiting = waiting
          return first
        }
        verb = NEXT
        value = first.value
      } catch (error) {
        verb = THROW
        value = error
      }
    }
  }
}
