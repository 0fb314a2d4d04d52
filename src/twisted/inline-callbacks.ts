/**
 * Theory of operation: a generator that waits for Deferreds, driven by them.
 *
 * A `Coroutine` stands as a link in the chain of the Deferred that its generator has yielded, and steps the generator
 * when its place is reached: inside `callback()`, as Twisted does and as tests and protocols rely on. A task of the
 * engine would go on one turn of the loop later, so these are not tasks. What has its result already is given back in the
 * same loop, without recursion; what the generator returns goes to the Deferred for it, which the chain's own driver runs
 * next: any depth of nesting unwinds in a bounded stack.
 *
 * A cancel goes to the Deferred that is waited for, through any number of levels, and comes back as its error, thrown at
 * the `yield`. So a body may catch it, translate it, or go on; the Deferred for it fires when the body has ended.
 *
 * An async function is driven by the platform. Its Deferreds are known by the context (AsyncLocalStorage) in which they are
 * awaited.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { addCallerByName, type Context, callersOf, currentLoop, machine, Registers, UsageError } from '../core/index.ts'
import type { Chain } from './chain.ts'
import { Deferred, type Result, watchAwaits } from './deferred.ts'
import { inline } from './deferred-wait.ts'
import type { Driven, Link } from './drive.ts'
import { Failure } from './failure.ts'
import { log } from './log.ts'
import { callerOfReturnValue, ReturnValue } from './return-value.ts'

type Body = Generator<unknown, unknown, unknown>

/** The Deferred of a coroutine: whoever cancels it cancels what the coroutine waits for. */
class CoroutineDeferred extends Deferred<unknown> {
  readonly coroutine: Coroutine

  constructor(coroutine: Coroutine) {
    super()
    this.coroutine = coroutine
  }

  override get awaits(): Chain | null {
    return this.called ? super.awaits : this.coroutine.waitingFor
  }

  /** It is amid a step. */
  override end(): void {
    this.coroutine.cancelled = true
  }
}

class Coroutine implements Link {
  readonly deferred: CoroutineDeferred
  waitingFor: Chain | null = null
  /** What was thrown into the body last, and how many callers it had been given then. */
  private passing: { readonly error: unknown; readonly callers: number } | null = null
  /** It was cancelled in its own step: what it waits for next is. */
  cancelled = false
  private readonly body: Body
  private readonly name: string
  private readonly context: Context | null

  constructor(body: Body, name: string) {
    this.body = body
    this.name = name
    this.context = currentLoop().host.captureContext()
    this.deferred = new CoroutineDeferred(this)
  }

  /** @internal What it waits for has come. */
  reached(chain: Driven): Driven | null {
    const { outcome } = chain
    this.waitingFor = null
    if (outcome instanceof Failure) chain.see(outcome)
    const { context } = this
    return context === null ? this.step(outcome) : context.runInAsyncScope(this.step, this, outcome)
  }

  get gone(): boolean {
    return false
  }

  describe(): string {
    return `${this.name}()`
  }

  /** Steps the body until it waits or ends. Gives the Deferred, if it is to be run. */
  step(input: unknown): Driven | null {
    const outer = machine.registers
    const outerInline = inline.registers
    const registers = new Registers(outer.loop)
    machine.registers = registers
    inline.registers = registers
    try {
      return this.advance(input)
    } finally {
      machine.registers = outer
      inline.registers = outerInline
    }
  }

  private advance(input: unknown): Driven | null {
    const { body } = this
    let given = input
    for (;;) {
      let answer: IteratorResult<unknown, unknown>
      if (given instanceof Failure) this.passing = { error: given.value, callers: callersOf(given.value) }
      try {
        answer = given instanceof Failure ? body.throw(given.value) : body.next(given)
      } catch (error) {
        // It passed a plain `yield`, and maybe a `finally` that waits: by `yield*` it was given the line of that.
        const { passing } = this
        if (passing !== null && error === passing.error && callersOf(error) === passing.callers)
          addCallerByName(error, this.name)
        return this.ended(error instanceof ReturnValue ? this.returned(error) : new Failure(error, true))
      }
      if (answer.done) return this.ended(answer.value)
      const { value } = answer
      if (typeof value !== 'object' || value === null) {
        given = value
        continue
      }
      const chain = chainFor(value, this.name)
      if (this.cancelled) {
        this.cancelled = false
        chain.cancel()
      }
      if (!chain.settled) {
        this.waitingFor = chain
        chain.addLink(this)
        return null
      }
      given = chain.outcome
      if (given instanceof Failure) chain.see(given)
    }
  }

  private ended(result: unknown): Driven | null {
    const { deferred } = this
    if (!deferred.called) return deferred.take(result, this.step)
    // Somebody else has fired it.
    if (result instanceof Failure) log.err(result, `${this.name} failed when its Deferred had fired already:`)
    return null
  }

  private returned(by: ReturnValue): unknown {
    const caller = callerOfReturnValue(by)
    if (caller !== null && caller !== this.name) {
      currentLoop().host.warn(
        `returnValue() in ${caller} made ${this.name} return: call it in the body given to inlineCallbacks only`,
      )
    }
    return by.value
  }
}

/** What is to be waited for in place of a yielded object. What cannot be waited for is its own result. */
function chainFor(value: object, name: string): Chain {
  if (value instanceof Deferred) return value
  if (isGenerator(value)) return start(value, `${name}: a generator`)
  const deferred = new Deferred<unknown>()
  deferred.callback(value)
  return deferred
}

function isGenerator(value: object): value is Body {
  return Object.prototype.toString.call(value) === '[object Generator]'
}

function start(body: Body, name: string): Deferred<unknown> {
  const coroutine = new Coroutine(body, name)
  // The Deferred has no callbacks yet.
  coroutine.step(undefined)
  return coroutine.deferred
}

/** Runs a generator that waits for Deferreds; null for anything else. */
export function coroutineOf(value: unknown): Deferred<unknown> | null {
  return typeof value === 'object' && value !== null && isGenerator(value) ? start(value, 'a generator') : null
}

/** The Deferred of an async function: a cancel goes to all Deferreds that it awaits, or to the next that it will. */
class AsyncDeferred extends Deferred<unknown> {
  private readonly awaited = new Set<Chain>()
  private cancelled = false

  begins(chain: Chain): () => void {
    const { awaited } = this
    awaited.add(chain)
    if (this.cancelled) chain.cancel()
    this.cancelled = false
    return () => awaited.delete(chain)
  }

  override end(): void {
    this.cancelled = this.awaited.size === 0
    for (const chain of [...this.awaited]) chain.cancel()
  }
}

let awaiting: AsyncLocalStorage<AsyncDeferred> | null = null

function startAsync(call: () => unknown): { deferred: AsyncDeferred; result: unknown } {
  if (awaiting === null) {
    const store = new AsyncLocalStorage<AsyncDeferred>()
    awaiting = store
    watchAwaits((chain) => store.getStore()?.begins(chain) ?? null)
  }
  const deferred = new AsyncDeferred()
  return { deferred, result: awaiting.run(deferred, call) }
}

const AsyncFunction = (async () => {}).constructor

/**
 * Makes a function whose body waits for Deferreds as if it were sequential. Calling it runs the body to its first wait, and
 * gives a Deferred for what it returns or throws.
 *
 * In a generator, `yield* deferred` gives the result with its type; `yield deferred` as well, untyped. Promises,
 * operations and generators can be waited for by `yield`; anything else comes back as it is. In an async function,
 * `await` it.
 *
 * Cancelling the Deferred cancels what the body waits for, at every level; the body sees a `CancelledError` there, which
 * it may catch. It ends when its body has. AsyncLocalStorage is that of the call.
 *
 * ```ts
 * import { Deferred, inlineCallbacks } from 'fibril/twisted'
 *
 * const later = <T>(value: T) => {
 *   const deferred = new Deferred<T>()
 *   setTimeout(() => deferred.callback(value), 1)
 *   return deferred
 * }
 * const greet = inlineCallbacks(function* (name: string) {
 *   const greeting = yield* later('hello')
 *   return `${greeting} ${name}`
 * })
 * console.log(await greet('Ada')) // => hello Ada
 * ```
 */
export function inlineCallbacks<A extends readonly unknown[], R, This = void>(
  body: (this: This, ...args: A) => Generator<unknown, R, unknown>,
): (this: This, ...args: A) => Deferred<Result<R>>
export function inlineCallbacks<A extends readonly unknown[], R, This = void>(
  body: (this: This, ...args: A) => Promise<R>,
): (this: This, ...args: A) => Deferred<Result<R>>
export function inlineCallbacks(body: (...args: unknown[]) => unknown): (...args: unknown[]) => Deferred<unknown> {
  const name = body.name || 'inlineCallbacks'
  const isAsync = body instanceof AsyncFunction
  const call = function (this: unknown, ...args: unknown[]): Deferred<unknown> {
    if (isAsync) {
      const { deferred, result } = startAsync(() => body.apply(this, args))
      ;(result as Promise<unknown>).then(
        (value) => deferred.callback(value),
        (error) => deferred.errback(new Failure(error, true)),
      )
      return deferred
    }
    let generator: unknown
    try {
      generator = body.apply(this, args)
    } catch (error) {
      if (error instanceof ReturnValue) throw noGenerator(name, 'returnValue() called in a plain function')
      throw error
    }
    if (typeof generator === 'object' && generator !== null && isGenerator(generator)) return start(generator, name)
    throw noGenerator(name, String(generator))
  }
  Object.defineProperty(call, 'name', { value: name, configurable: true })
  return call
}

function noGenerator(name: string, what: string): UsageError {
  return new UsageError(`inlineCallbacks needs ${name} to be a generator function or an async one: it gave ${what}`)
}
