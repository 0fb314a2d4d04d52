/**
 * Theory of operation: a real Deferred is watched, not imitated. The methods of that one Deferred which add pairs are
 * replaced by ones that add the same pair with a note-taker around each half; those that fire it note what with. So what
 * is drawn is what the chain did, by whatever rules it has.
 *
 *   addCallbacks(double, null) ──▶ the Deferred's own addCallbacks(noting(double), noting(pass))
 *
 * A half that is left out passes on what comes, so a function that gives back what it was given stands in for it, to see it pass.
 */
import { inspect } from 'node:util'
import type { Arrival, ChainTrace, Half, Lane, StageTrace } from '../drawing/index.ts'
import { Deferred, Failure } from '../index.ts'

/** A half as it is given to a Deferred. */
type Step = (result: unknown, ...args: unknown[]) => unknown
type Args = readonly unknown[] | null | undefined
type Stage = { -readonly [name in keyof StageTrace]: StageTrace[name] }

/** What the chain is to be watched by: in the order of an `addCallbacks` of any kind. */
interface Methods {
  addCallbacks(callback: Step, errback?: Step | null, callbackArgs?: Args, errbackArgs?: Args): Deferred<unknown>
  addCallback(callback: Step, ...args: readonly unknown[]): Deferred<unknown>
  addErrback(errback: Step, ...args: readonly unknown[]): Deferred<unknown>
  addBoth(both: Step, ...args: readonly unknown[]): Deferred<unknown>
  callback(result: unknown): void
  errback(error?: unknown): void
  cancel(): void
}

/** Builds the chain to be watched. `later` gives a Deferred that fires with `result` (or a `Failure`) when the chain stands still. */
export type Build = (deferred: Deferred<unknown>, later: (result: unknown) => Deferred<unknown>) => void

/** How a simulation goes. */
export interface SimulateOptions {
  /** How long the chain may wait for what comes by itself, a promise say, in milliseconds. 5000 if left out. */
  readonly waitMs?: number
}

/**
 * Builds a chain on a Deferred, lets it run, and gives what became of it, to be drawn. `build` may fire it; if it does not,
 * `fire` does: `callback` with a value, `errback` with a `Failure`; without, it is not fired at all.
 *
 * A failure at the end of the chain is shown, and not reported as unhandled. Whatever `build` throws is thrown.
 *
 * ```ts
 * import { drawText, simulate } from 'fibril/twisted/simulator'
 *
 * const trace = await simulate((deferred) => {
 *   deferred
 *     .addCallback(function parse(text) {
 *       return JSON.parse(text as string)
 *     })
 *     .addErrback(() => 'no JSON')
 * }, '{')
 * console.log(trace.stages.map(({ came }) => came?.lane).join()) // => callback,errback
 * console.log(trace.end?.text) // => "no JSON"
 * ```
 */
export async function simulate(build: Build, fire?: unknown, options: SimulateOptions = {}): Promise<ChainTrace> {
  const deferred = new Deferred<unknown>()
  const watch = new Watch(deferred)
  const waiting: { deferred: Deferred<unknown>; result: unknown }[] = []
  build(deferred, (result) => {
    const inner = new Deferred<unknown>()
    waiting.push({ deferred: inner, result })
    return inner
  })
  if (fire !== undefined && !deferred.called) {
    if (fire instanceof Failure) deferred.errback(fire)
    else deferred.callback(fire)
  }
  const over = watch.over()
  for (let next = waiting.shift(); next !== undefined && !watch.ended; next = waiting.shift())
    if (!next.deferred.called) next.deferred.callback(next.result)
  if (deferred.called && !watch.ended) {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, options.waitMs ?? 5000)
    })
    await Promise.race([over, patience])
    clearTimeout(timer)
  }
  return watch.trace()
}

/** Takes note of what one Deferred does. */
class Watch {
  ended = false
  readonly #deferred: Deferred<unknown>
  readonly #own: Methods
  readonly #stages: Stage[] = []
  #fired: ChainTrace['fired'] = null
  #end: Arrival | null = null
  /** Told when something has come to the end; null as long as nobody has asked. */
  #whenOver: (() => void) | null = null

  constructor(deferred: Deferred<unknown>) {
    this.#deferred = deferred
    const methods = deferred as unknown as Methods
    const { addCallbacks, addCallback, addErrback, addBoth, callback, errback, cancel } = methods
    this.#own = { addCallbacks, addCallback, addErrback, addBoth, callback, errback, cancel }
    methods.addCallbacks = (step, other, args, otherArgs) =>
      this.#add(
        () => addCallbacks.call(deferred, step, other, args, otherArgs),
        bound(step, args),
        bound(other, otherArgs),
      )
    methods.addCallback = (step, ...args) =>
      this.#add(() => addCallback.call(deferred, step, ...args), bound(step, args), null)
    methods.addErrback = (step, ...args) =>
      this.#add(() => addErrback.call(deferred, step, ...args), null, bound(step, args))
    methods.addBoth = (step, ...args) =>
      this.#add(() => addBoth.call(deferred, step, ...args), bound(step, args), bound(step, args))
    methods.callback = (result) => this.#fire('callback', result, () => callback.call(deferred, result))
    methods.errback = (error) => this.#fire('errback', error, () => errback.call(deferred, error))
    methods.cancel = () => this.#fire('cancel', undefined, () => cancel.call(deferred))
  }

  /** Resolves when something has come to the end of the chain. */
  over(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenOver = resolve
      this.#observeEnd()
    })
  }

  /** A callback may add others, which then are before the end. */
  #observeEnd(): void {
    const last = this.#stages.length
    this.#own.addBoth.call(this.#deferred, (result) => {
      if (this.#stages.length > last) return result
      this.#end = arrivalOf(result)
      this.ended = true
      this.#whenOver?.()
      return undefined
    })
  }

  trace(): ChainTrace {
    const end = this.#end
    const state =
      end !== null
        ? end.lane === 'callback'
          ? 'the result'
          : 'unhandled'
        : this.#fired === null
          ? 'not fired'
          : `still waits: ${this.#stages.findLast(({ came }) => came !== null)?.did ?? 'not all of its callbacks have run'}`
    return { fired: this.#fired, stages: this.#stages.map((stage) => ({ ...stage })), end, state }
  }

  /** `asGiven` adds the pair without notes: for what is no pair, the Deferred's own complaint is the best. */
  #add(asGiven: () => Deferred<unknown>, callback: Step | null, errback: Step | null): Deferred<unknown> {
    if ((callback ?? errback) === null) return asGiven()
    const stage: Stage = { callback: halfOf(callback), errback: halfOf(errback), came: null, did: null }
    this.#stages.push(stage)
    const [left, right] = [noting(stage, 'callback', callback), noting(stage, 'errback', errback)]
    this.#own.addCallbacks.call(this.#deferred, left, right)
    if (this.#whenOver !== null) this.#observeEnd()
    return this.#deferred
  }

  #fire(by: string, result: unknown, go: () => void): void {
    if (!this.#deferred.called) {
      const lane = by === 'callback' && !(result instanceof Failure) ? 'callback' : 'errback'
      const text = by === 'cancel' ? '' : result instanceof Failure ? String(result) : brief(result)
      this.#fired = { by: `${by}(${text})`, lane, text }
    }
    go()
  }
}

function noting(stage: Stage, lane: Lane, step: Step | null): Step {
  return (result) => {
    stage.came = { ...arrivalOf(result), lane }
    if (step === null) return result
    try {
      const gave = step(result)
      if (gave instanceof Failure) stage.did = gave === result ? 'gave the same Failure' : 'gave a Failure'
      else if (gave instanceof Deferred) stage.did = 'gave a Deferred'
      else if (typeof (gave as PromiseLike<unknown> | null | undefined)?.then === 'function')
        stage.did = 'gave a promise'
      return gave
    } catch (error) {
      stage.did = result instanceof Failure && error === result.value ? 'threw the same error' : 'threw'
      throw error
    }
  }
}

function bound(step: Step | null | undefined, args: Args): Step | null {
  if (typeof step !== 'function') return null
  if (args == null || args.length === 0) return step
  const call: Step = (result) => step(result, ...args)
  const given = args.map(brief).join(', ')
  Object.defineProperty(call, 'name', { value: `${labelOf(step)} (${given})` })
  return call
}

function halfOf(step: Step | null): Half {
  return step === null ? { label: 'pass', passes: true } : { label: labelOf(step), passes: false }
}

function labelOf(step: Step): string {
  return step.name || step.toString().replace(/\s+/g, ' ')
}

function arrivalOf(result: unknown): Arrival {
  return result instanceof Failure
    ? { lane: 'errback', text: String(result).split('\n')[0] as string }
    : { lane: 'callback', text: brief(result) }
}

function brief(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 39)}…` : value)
  return inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: 40 }).split(
    '\n',
  )[0] as string
}
