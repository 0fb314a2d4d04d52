import { BusyError, textOf, UsageError } from './errors.ts'
import {
  type Callable,
  type Frame,
  type Steppable,
  DONE as THE_DONE,
  PARK as THE_PARK,
  machine as theMachine,
  type Unwind,
} from './machine.ts'
import { type Body, carried, Operation, outside, strayOperation, Wait } from './operation.ts'
import { addCaller } from './task-stack.ts'
import { PromiseWait } from './wait-promise.ts'
import { PLAIN_TURN } from './yield-now.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const PARK = THE_PARK
const DONE = THE_DONE

// Every generator function has a prototype of its own, so `body.next` is a different property wherever many functions meet.
// Called this way it is one function for all, and no look-up: also none of its own `call`, which V8 makes sure of each time.
const GeneratorFunction = function* () {}.constructor as unknown as new () => () => Body<unknown>
export const generatorNext: (body: unknown, value: unknown) => IteratorResult<unknown, unknown> =
  Function.prototype.call.bind(Object.getPrototypeOf(function* () {}).prototype.next) as never

/**
 * Theory of operation: a call is an operation, and while it is parked, a frame.
 *
 *   fresh ──next()──▶ runs inside its caller's step ──▶ ended without parking: fresh again, nothing else happened
 *                                  │ parks
 *                                  ▼
 *                     on the task's stack ── the engine resumes `body` until it ends, takes it off ──▶ left
 *                                                                                                       │
 *   fresh ◀── its caller's generator resumes it once more, with the value or the error ◀────────────────┘
 */
export class Call<T> extends Operation<T> implements Frame {
  /** Null: fresh. `LEFT`: its caller is owed the value. */
  body: Steppable | null
  below: Frame | null
  unwind: Unwind | null
  readonly native: boolean
  /** The function that runs. Its name names the task. */
  readonly source: Callable
  private readonly self: unknown
  /** The only argument, where `args` is `ONE`: most calls have one, and need no array to keep it. */
  private readonly first: unknown
  private readonly args: readonly unknown[]

  constructor(source: Callable, native: boolean, self: unknown, first: unknown, args: readonly unknown[]) {
    super()
    this.body = null
    this.native = native
    this.unwind = null
    this.below = null
    this.source = source
    this.self = self
    this.first = first
    this.args = args
  }

  /** The function's own name. */
  get name(): string {
    return this.source.name || 'anonymous'
  }

  get standing(): unknown {
    const { body } = this
    if (this.native && body !== null && body !== LEFT && body !== STARTING) return body
    return (body as { readonly standing?: unknown } | null)?.standing ?? this.source
  }

  resumed(value: unknown): IteratorResult<unknown, unknown> {
    const { body } = this
    return this.native === true ? generatorNext(body, value) : (body as Steppable).next(value)
  }

  failed(error: unknown): IteratorResult<unknown, unknown> {
    return (this.body as Steppable).throw(error)
  }

  left(): void {
    // At the bottom of a task there is no caller to resume.
    this.body = this.below === null ? null : LEFT
    this.below = null
  }

  /** @internal */
  override next(value?: unknown): IteratorResult<unknown, unknown> {
    if (this.body === LEFT) {
      this.body = null
      DONE.value = value
      return DONE
    }
    if (machine.task === null) throw new UsageError(outside)
    return machine.registers.returning ? this.startInReturn() : this.start()
  }

  /** @internal */
  override throw(error: unknown): IteratorResult<unknown, unknown> {
    this.body = null
    addCaller(error, this.throw)
    throw error
  }

  /** @internal */
  override return(value?: unknown): IteratorResult<unknown, unknown> {
    this.body = null
    return { value, done: true }
  }

  /** Runs the body until it parks or ends. */
  start(): IteratorResult<unknown, unknown> {
    if (this.body !== null)
      throw new BusyError(
        `${this.name}(…) runs already: an operation serves one waiter at a time; call ${this.name} again for another`,
      )
    this.body = STARTING
    const { registers } = machine
    let result: IteratorResult<unknown, unknown>
    try {
      const source = this.source as (...args: unknown[]) => unknown
      if (machine.entering !== null) machine.entering(source)
      const made =
        this.args === ONE ? source.call(this.self, this.first) : source.apply(this.self, this.args as unknown[])
      if (this.native === true) {
        this.body = made as Body<unknown>
        result = generatorNext(made, undefined)
      } else if (made === PARK) {
        // It parked as operations do, its frames are on the list: all that is left to do here is to pass the value on.
        this.body = PASSES
        result = PARK
      } else {
        const body = steppable(made)
        if (body === null) {
          this.body = null
          return { value: made, done: true }
        }
        this.body = body
        result = body.next(undefined)
      }
      if (registers.op === null) {
        if (result.done !== true) result = plainYield(this.body, result)
      } else if (result.value !== PARK.value) throw strayOperation()
    } catch (error) {
      this.body = null
      throw error
    }
    if (registers.op === null) {
      this.body = null
      return result
    }
    if (registers.tail === null) registers.top = this
    else registers.tail.below = this
    registers.tail = this
    return PARK
  }

  /** It was started by a `finally` block that runs because the engine asked a frame to return. */
  private startInReturn(): IteratorResult<unknown, unknown> {
    if (carried(this, this.next)) return { value: undefined, done: true }
    // What runs from here on is resumed by `next`, not by the return that was issued further down.
    const { registers } = machine
    registers.returning = false
    try {
      return this.start()
    } finally {
      registers.returning = true
    }
  }
}

/** V8 takes a class for a variable, of which it makes sure at each use; a constant of the module it knows. */
const CallHere = Call

/** True for a function that makes generators of the engine's own kind. Asked once for each that `fn` is given, and not for each call. */
export function isNative(source: Callable): boolean {
  return source instanceof GeneratorFunction
}

const NONE: readonly unknown[] = []
const ONE: readonly unknown[] = [undefined]

const inert: Steppable = {
  next: () => ({ value: undefined, done: true }),
  throw: () => ({ value: undefined, done: true }),
  return: () => ({ value: undefined, done: true }),
}
const LEFT: Steppable = { ...inert }
const STARTING: Steppable = { ...inert }
const PASSES: Steppable = {
  next: (value) => ({ value, done: true }),
  throw: (error) => {
    throw error
  },
  return: (value) => ({ value, done: true }),
}

/** The body yielded by itself: of nothing, it gives way; of anything else, it is told so, where it stands, until it parks or ends. */
function plainYield(body: Steppable, first: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
  let result = first
  while (!result.done && machine.registers.op === null) {
    if (result.value === undefined) {
      machine.registers.op = PLAIN_TURN
      return PARK
    }
    result = body.throw(wrongYield(result.value))
  }
  return result
}

/** What a task may be made of: an operation, a generator, or a function that gives one, a promise or a plain value. */
export type TaskBody<T> = Operation<T> | Body<T> | ((this: void) => Body<T> | PromiseLike<T> | T)

/** The call that a task starts with. */
export function callOf<T>(body: TaskBody<T>): Call<T> {
  if (body instanceof CallHere) return body
  if (typeof body === 'function') return new CallHere<T>(body, isNative(body), undefined, undefined, NONE)
  return callGiving(body)
}

/** By itself, for a function that makes closures makes their context for each of its calls. */
function callGiving<T>(body: Operation<T> | Body<T>): Call<T> {
  const name = body instanceof Wait ? body.reason : 'generator'
  return new CallHere<T>(
    named(name, () => body),
    false,
    undefined,
    undefined,
    NONE,
  )
}

/**
 * A call whose body is given its own frame, to be unwound to, before `args`. Give it a function that stands by itself: a
 * generator function that is made anew for each call costs a microsecond, since each has a prototype of its own.
 */
export function callWithFrame<T, A extends readonly unknown[]>(
  make: (frame: Frame, ...args: A) => Body<T>,
  ...args: A
): Call<T> {
  const all: unknown[] = [null, ...args]
  const call = new CallHere<T>(make, isNative(make), undefined, undefined, all)
  all[0] = call
  return call
}

/** Gives a function the name that reports show for it. */
export function named<F extends Callable>(name: string, source: F): F {
  return Object.defineProperty(source, 'name', { value: name, configurable: true })
}

/** What drives `made` as a frame's body; null if it is a plain value. */
function steppable(made: unknown): Steppable | null {
  if (typeof made !== 'object' || made === null) return null
  if (Symbol.asyncIterator in made && Symbol.toStringTag in made) {
    throw new UsageError(
      'an async generator cannot run as a task: write `function*`, and `yield* wait(promise)` for `await`',
    )
  }
  const candidate = made as Partial<Steppable> & { then?: unknown }
  if (typeof candidate.next === 'function' && typeof candidate.throw === 'function') return candidate as Steppable
  if (typeof candidate.then !== 'function') return null
  // A task or a future: it knows better than by its `then` how to be waited for.
  if (Symbol.iterator in made) return (made as Iterable<unknown>)[Symbol.iterator]() as unknown as Steppable
  return new PromiseWait(made as PromiseLike<unknown>)
}

/** The error for a plain `yield`, of the function `name` or of what that delegates to, where the engine cannot know who would go on. */
export function yieldInCleanup(name: string): UsageError {
  return new UsageError(
    `a plain \`yield\` in a \`finally\` of ${name}(…), which was cancelled: write \`yield* yieldNow()\` there, and in generators that it delegates to`,
  )
}

/** The error for a `yield` of something that is no operation. */
export function wrongYield(value: unknown): UsageError {
  const what = describe(value)
  return new UsageError(`a task yielded ${what}. Tasks yield operations only, by delegation: ${advice(value)}`)
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`
  if (isThenable(value)) return Symbol.iterator in (value as object) ? describeOwn(value as object) : 'a promise'
  if (typeof value === 'object') {
    const kind = value.constructor?.name ?? 'Object'
    return Symbol.asyncIterator in value
      ? 'an async iterator'
      : Symbol.iterator in value
        ? `an iterable (${kind})`
        : `an object (${kind})`
  }
  return `a ${typeof value} (${textOf(value)})`
}

function describeOwn(value: object): string {
  return value instanceof Operation ? 'an operation' : `a ${(value.constructor?.name ?? 'thing').toLowerCase()}`
}

function advice(value: unknown): string {
  if (isThenable(value) && Symbol.iterator in (value as object)) return 'write `yield*`, with the star'
  if (isThenable(value)) return 'write `yield* wait(promise)`'
  if (typeof value === 'function') return 'call it, and write `yield* f()`'
  if (typeof value === 'object' && value !== null && Symbol.iterator in value)
    return 'write `yield* all([…])` to wait for several'
  return 'write `yield* operation`; a `yield` of nothing lets other tasks run'
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/**
 * Makes a function that may wait. Calling it starts nothing and gives an operation, so the same call can be waited for,
 * spawned, timed, or put beside others. Types, generics and the name stay; `this` is the receiver of the call.
 *
 * A cancel runs the `finally` blocks of the body, also those that wait, and not its `catch` blocks.
 *
 * The name of the body names the operation in every report. One that calls itself must do so by the constant, not by that
 * name, which inside the body means the bare generator: give a recursive body another name.
 *
 * ```ts
 * import { all, fn, run, sleep, timeout } from 'fibril'
 *
 * const double = fn(function* (n: number) {
 *   yield* sleep(1)
 *   return n * 2
 * })
 *
 * console.log(await double(1)) // => 2
 * await run(function* () {
 *   console.log(yield* double(2)) // => 4
 *   console.log(yield* timeout(1000, double(3))) // => 6
 *   console.log((yield* all([double(4), double(5)])).join()) // => 8,10
 * })
 * ```
 */
export function fn<A extends readonly unknown[], T>(body: (...args: A) => Body<T>): (...args: A) => Operation<T> {
  const source: Callable = body
  const native = isNative(source)
  const call = function (this: unknown, ...args: A): Operation<T> {
    return args.length === 1
      ? new CallHere<T>(source, native, this, args[0], ONE)
      : new CallHere<T>(source, native, this, undefined, args)
  }
  named(body.name, call)
  Object.defineProperty(call, 'length', { value: body.length, configurable: true })
  return call
}
