import { DialectBody, KIND, type Operation } from '../core/index.ts'
import { StackContextInconsistentError } from './errors.ts'
import type { Future } from './future.ts'
import { closeContexts, openContexts } from './stack-context.ts'
import { type YieldContext, YieldPoint } from './yield-points.ts'
import { operationFor } from './yieldable.ts'

/**
 * What `throw new Return(value)` in a coroutine ends it with: from the days when a generator could not return one. `return
 * value` does the same.
 */
export class Return extends Error {
  override readonly name = 'Return'
  readonly value: unknown

  constructor(value?: unknown) {
    super('a Return is thrown to end a coroutine: this one was thrown elsewhere')
    this.value = value
  }
}

/**
 * Drives one generator: gives each value that it yields to whoever knows how to wait for it, and settles the future with
 * what comes of it. There is one for each call of a coroutine; it is the body of that call's task.
 */
export class Runner<T> extends DialectBody {
  readonly future: Future<T>
  private readonly points: YieldContext | null
  /** It has yielded inside of a stack context: it is told when it goes on. */
  private leftOpen = false

  constructor(generator: Iterator<unknown, unknown, unknown>, future: Future<T>, points: YieldContext | null) {
    super(generator)
    this.future = future
    this.points = points
  }

  /** For reports. */
  get [KIND](): string {
    return 'tornado'
  }

  override next(value: unknown): IteratorResult<unknown, unknown> {
    if (this.leftOpen) {
      this.leftOpen = false
      return this.throw(new StackContextInconsistentError())
    }
    const before = openContexts()
    const result = super.next(value)
    if (!result.done && openContexts() !== before) {
      closeContexts(before)
      this.leftOpen = true
    }
    return result
  }

  override throw(error: unknown): IteratorResult<unknown, unknown> {
    if (this.points !== null) this.points.hadException = true
    return super.throw(error)
  }

  protected override meaning(yielded: unknown): Operation<unknown> {
    const { points } = this
    if (points !== null && YieldPoint.in(yielded)) return points.operationFor(yielded)
    return operationFor(yielded)
  }

  protected override ended(value: unknown): unknown {
    try {
      this.points?.finish()
    } catch (error) {
      this.future.fail(error)
      return undefined
    }
    this.future.tryResolve(value as T)
    return undefined
  }

  protected override failed(error: unknown): unknown {
    if (error instanceof Return) return this.ended(error.value)
    this.future.fail(error)
    return undefined
  }

  protected override unwound(): void {
    this.future.setCancelled()
  }
}
