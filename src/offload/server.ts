/**
 * Theory of operation: the worker's side. It runs what a batch holds, in order.
 *
 * Nothing of a call that has ended may stay here: what comes next may take for ever. Plain results are left in shared
 * memory, and the pool is told of them when the batch is done, or after `KNOCK_MS`; other results are sent at once.
 *
 * A call that waits (a promise, a Fibril body) lets the next one begin. The pool sends no more than one at a time of those
 * that are not known to be short, so only short ones ever overlap.
 *
 * A call is kept account of (`Open`) only if it brings something besides its arguments, if the module may ask for it (`call()`), or
 * in a process, where each is measured. Whatever such a call tells goes by message, its result too: so all comes in order.
 */
// The global is a getter, which takes as long as reading the clock.
import { performance } from 'node:perf_hooks'
import type { Transferable } from 'node:worker_threads'
import { RunningCall, tracking } from './current-call.ts'
import { bareDesk, type Desk } from './desk.ts'
import {
  BIG,
  CALL,
  type Calls,
  type Extra,
  type HookCall,
  INDEX_SHIFT,
  KNOCK,
  MISCALLED,
  PROGRESS,
  RESULTS,
  RETURNED,
  RETURNED_LATER,
  type Reply,
  SPECIAL,
  THREW,
  THREW_LATER,
  type ToPool,
  UNSENDABLE,
  type WireUsage,
} from './messages.ts'
import { ResultSource, Unsendable } from './result-source.ts'
import type { DrivenTask } from './server-task.ts'
import type { Slots } from './slots.ts'
import { collect } from './transfer.ts'
import { encodeThrown } from './wire-error.ts'

/** How long results may lie before the pool is told of them. */
const KNOCK_MS = 0.25

/** A function that the module exports. */
export type Served = (...args: unknown[]) => unknown

/** What a worker has used until now. */
export interface Meter {
  /** Every call is measured, and not only those of which it is asked. */
  readonly always: boolean
  read(): WireUsage
}

/** A call that is kept account of. */
interface Open {
  readonly id: number
  readonly extra: Extra | null
  readonly call: RunningCall
  /** What the worker had used before it. */
  readonly before: WireUsage | null
  results: ResultSource | null
}

export class Server {
  private readonly names: readonly string[]
  private readonly functions: readonly Served[]
  /** Null where nothing can be shared. */
  private readonly shared: Slots | null
  private readonly desk: Desk
  private readonly meter: Meter
  private readonly post: (message: ToPool, transfer?: readonly Transferable[]) => void
  /** Results were left of which the pool was not told, the first of them at `leftAt`. */
  private left = false
  private leftAt = 0
  private readonly knockLater = (): void => this.knock()
  private readonly open = new Map<number, Open>()
  /** Calls that are Fibril bodies, by id; null until their task exists. */
  private readonly tasks = new Map<number, DrivenTask | null>()

  constructor(
    exported: ReadonlyMap<string, Served>,
    shared: Slots | null,
    meter: Meter,
    post: (message: ToPool, transfer?: readonly Transferable[]) => void,
  ) {
    this.names = [...exported.keys()]
    this.functions = [...exported.values()]
    this.shared = shared
    this.desk = shared ?? bareDesk
    this.meter = meter
    this.post = post
  }

  /** Runs a batch. */
  serve(calls: Calls): void {
    for (let i = 0; i < calls.length; i += CALL) {
      const slot = calls[i] as number
      const id = calls[i + 1] as number
      if (this.desk.begin(slot, id)) this.begun(slot, id, calls[i + 2] as number, calls[i + 3] as unknown[])
    }
    this.knock()
  }

  /** Runs the calls that were left in shared memory until now. */
  serveSent(): void {
    const slots = this.shared as Slots
    const { sent } = slots
    for (let left = sent.answerKnock(); left > 0; left--) {
      const slot = sent.take()
      const id = slots.beginSent(slot)
      if (id !== 0) this.begun(slot, id, slots.flagsIn(slot), slots.argumentsIn(slot))
    }
    this.knock()
  }

  private begun(slot: number, id: number, flags: number, given: unknown[]): void {
    // The call may be long.
    if (flags & BIG) this.knock()
    const index = flags >> INDEX_SHIFT
    if (flags & SPECIAL) {
      const [extra, args] = given as [Extra, unknown[]]
      this.callOpen(slot, id, index, args, extra)
    } else if (tracking.enter === null && !this.meter.always) {
      this.call(slot, id, this.functions[index] as Served, given, null)
    } else this.callOpen(slot, id, index, given, null)
  }

  /** Makes a call that nobody has submitted, and waits for its end. */
  async hook([name, ...args]: HookCall): Promise<void> {
    const served = this.functions[this.names.indexOf(name)]
    if (served === undefined) throw new Error(`the module exports no function ${JSON.stringify(name)}`)
    const value = served(...args)
    await (typeof value === 'object' && value !== null ? this.promised(0, value, name) : null)
  }

  /** The pool has no more use for a call. It is told so by its signal; a body is cancelled, like any task. */
  end(id: number): void {
    const open = this.open.get(id)
    open?.call.end()
    open?.results?.end()
    const task = this.tasks.get(id)
    if (task === undefined) return
    if (task === null) this.tasks.delete(id)
    else task.cancel(unwanted)
  }

  grant(id: number, count: number): void {
    this.open.get(id)?.results?.grant(count)
  }

  private callOpen(slot: number, id: number, index: number, args: unknown[], extra: Extra | null): void {
    const name = this.names[index] as string
    const asked = (): boolean => this.desk.isAsked(slot, id)
    const tell = extra?.progress ? (value: unknown): void => this.progress(slot, id, value) : null
    const call = new RunningCall(name, extra?.context, asked, tell)
    const measured = extra?.usage || this.meter.always
    const open: Open = { id, extra, call, before: measured ? this.meter.read() : null, results: null }
    this.open.set(id, open)
    const served = this.functions[index] as Served
    if (tracking.enter === null) this.call(slot, id, served, args, open)
    else tracking.enter(call, () => this.call(slot, id, served, args, open))
  }

  private call(slot: number, id: number, served: Served, args: unknown[], open: Open | null): void {
    const start = performance.now()
    let value: unknown
    let promise: PromiseLike<unknown> | null = null
    try {
      value = served.apply(undefined, args)
      if (open !== null && open.extra?.results !== undefined) promise = this.streamed(slot, open, value)
      else if (typeof value === 'object' && value !== null) promise = this.promised(id, value, served.name)
    } catch (error) {
      return this.threw(slot, THREW, error, start, open)
    }
    if (promise === null) return this.returned(slot, RETURNED, value, start, open)
    promise.then(
      (value) => this.returned(slot, RETURNED_LATER, value, start, open),
      (error) => this.threw(slot, THREW_LATER, error, start, open),
    )
  }

  /** What a function returned that is not its result yet, as a promise of that. */
  private promised(id: number, value: object, name: string): PromiseLike<unknown> | null {
    const { next, then } = value as { next?: unknown; then?: unknown }
    if (typeof next === 'function' && typeof (value as { throw?: unknown }).throw === 'function') {
      if (Symbol.asyncIterator in value) throw new Miscalled('one')
      return this.drive(id, value, name)
    }
    // Not `value` itself: a thenable may be anything, and call back twice.
    return typeof then === 'function' ? Promise.resolve(value) : null
  }

  /** The engine is loaded when the first body comes: most modules have none, and it would add a third to a worker's start. */
  private async drive(id: number, body: object, name: string): Promise<unknown> {
    this.tasks.set(id, null)
    const { driveTask } = await import('./server-task.ts')
    const wanted = this.tasks.has(id)
    const task = driveTask(body, name)
    if (wanted) this.tasks.set(id, task)
    else task.cancel(unwanted)
    try {
      return await task.result
    } finally {
      this.tasks.delete(id)
    }
  }

  /** Ends when all results have been sent. */
  private async streamed(slot: number, open: Open, value: unknown): Promise<void> {
    const given = await value
    if (!isIterable(given)) throw new Miscalled('many')
    const { id, extra, call } = open
    open.results = new ResultSource(given, extra?.results ?? 0, (results) => this.tell(slot, results, id))
    if (call.cancelled) open.results.end()
    await open.results.run()
  }

  private progress(slot: number, id: number, value: unknown): void {
    if (!this.open.has(id)) return // too late
    const transfer: Transferable[] = []
    collect(value, transfer)
    try {
      this.post([slot, PROGRESS, value, id], transfer)
    } catch (error) {
      throw new TypeError(`progress cannot be sent: ${(error as Error).message}`, { cause: error })
    }
  }

  private tell(slot: number, results: readonly unknown[], id: number): void {
    const transfer: Transferable[] = []
    for (const result of results) collect(result, transfer)
    this.post([slot, RESULTS, results, id], transfer)
  }

  private returned(slot: number, how: number, value: unknown, start: number, open: Open | null): void {
    const now = performance.now()
    const mayLeave = open === null || (open.extra === null && open.before === null)
    if (!mayLeave || !this.desk.leave(slot, value, (now - start) * 1000, how === RETURNED_LATER)) {
      return this.reply(slot, how, value, start, open)
    }
    if (open !== null) this.open.delete(open.id)
    if (!this.left) {
      this.left = true
      this.leftAt = now
      if (how === RETURNED_LATER) queueMicrotask(this.knockLater)
    } else if (now - this.leftAt > KNOCK_MS) this.knock()
  }

  private knock(): void {
    if (!this.left) return
    this.left = false
    if (this.desk.ended.mustKnock()) this.post(KNOCK)
  }

  private threw(slot: number, how: number, error: unknown, start: number, open: Open | null): void {
    if (error instanceof Miscalled) this.reply(slot, MISCALLED, error.message, start, open)
    else if (error instanceof Unsendable) this.reply(slot, UNSENDABLE, encodeThrown(error.cause), start, open)
    else this.reply(slot, how, encodeThrown(error), start, open)
  }

  private reply(slot: number, how: number, value: unknown, start: number, open: Open | null): void {
    const micros = (performance.now() - start) * 1000
    const usage = open === null ? undefined : this.close(open)
    this.desk.end(slot)
    const transfer: Transferable[] = []
    collect(value, transfer)
    const reply = (how: number, value: unknown): Reply =>
      usage === undefined ? [slot, how, value, micros] : [slot, how, value, micros, usage]
    try {
      this.post(reply(how, value), transfer)
    } catch (error) {
      this.post(reply(UNSENDABLE, encodeThrown(error)), [])
    }
  }

  /** It is over. Gives what it used, if that was measured. */
  private close({ id, before }: Open): WireUsage | undefined {
    this.open.delete(id)
    if (before === null) return undefined
    const [cpu, maxRss] = this.meter.read()
    return [cpu < 0 ? -1 : cpu - before[0], maxRss]
  }
}

/** It was called as if it gave one result, or many, and gives the other. */
class Miscalled extends Error {}

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
}

const unwanted = 'its caller was cancelled'
