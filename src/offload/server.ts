/**
 * Theory of operation: the worker's side. It runs what a batch holds, in order.
 *
 * Nothing of a call that has ended may stay here: what comes next may take for ever. Plain results are left in shared
 * memory, and the pool is told of them when the batch is done, or after `KNOCK_MS`; other results are sent at once.
 *
 * A call that waits (a promise, a Fibril body) lets the next one begin. The pool sends no more than one at a time of those
 * that are not known to be short, so only short ones ever overlap.
 */
import type { Transferable } from 'node:worker_threads'
import {
  CALL,
  type Calls,
  KNOCK,
  RETURNED,
  RETURNED_LATER,
  THREW,
  THREW_LATER,
  type ToPool,
  UNSENDABLE,
} from './messages.ts'
import type { DrivenTask } from './server-task.ts'
import { collect } from './transfer.ts'
import { encodeThrown } from './wire-error.ts'

/** How long results may lie before the pool is told of them. */
const KNOCK_MS = 0.25

/** A function that the module exports. */
export type Served = (...args: unknown[]) => unknown

/** Where calls are begun and plain results are left: memory that both sides share (slots.ts), or nothing. */
export interface Desk {
  begin(slot: number, id: number): boolean
  end(slot: number): void
  leave(slot: number, result: unknown, micros: number, late: boolean): boolean
  mustKnock(): boolean
}

export class Server {
  private readonly functions: readonly Served[]
  private readonly slots: Desk
  private readonly post: (message: ToPool, transfer: readonly Transferable[]) => void
  /** Results were left of which the pool was not told, the first of them at `leftAt`. */
  private left = false
  private leftAt = 0
  private readonly knockLater = (): void => this.knock()
  /** Calls that are Fibril bodies, by id; null until their task exists. */
  private readonly tasks = new Map<number, DrivenTask | null>()

  constructor(
    functions: readonly Served[],
    slots: Desk,
    post: (message: ToPool, transfer: readonly Transferable[]) => void,
  ) {
    this.functions = functions
    this.slots = slots
    this.post = post
  }

  /** Runs a batch. */
  serve(calls: Calls): void {
    for (let i = 0; i < calls.length; i += CALL) {
      const slot = calls[i] as number
      const id = calls[i + 1] as number
      const index = calls[i + 2] as number
      if (!this.slots.begin(slot, id)) continue
      // The call may be long.
      if (index & 1) this.knock()
      this.call(slot, id, this.functions[index >> 1] as Served, calls[i + 3] as unknown[])
    }
    this.knock()
  }

  /** The pool has no more use for a call. A body is cancelled, like any task; nothing else can be. */
  end(id: number): void {
    const task = this.tasks.get(id)
    if (task === undefined) return
    if (task === null) this.tasks.delete(id)
    else task.cancel(unwanted)
  }

  private call(slot: number, id: number, served: Served, args: unknown[]): void {
    const start = performance.now()
    let value: unknown
    let promise: PromiseLike<unknown> | null = null
    try {
      value = served.apply(undefined, args)
      if (typeof value === 'object' && value !== null) promise = this.promised(id, value, served.name)
    } catch (error) {
      return this.reply(slot, THREW, encodeThrown(error), start)
    }
    if (promise === null) return this.returned(slot, RETURNED, value, start)
    promise.then(
      (value) => this.returned(slot, RETURNED_LATER, value, start),
      (error) => this.reply(slot, THREW_LATER, encodeThrown(error), start),
    )
  }

  /** What a function returned that is not its result yet, as a promise of that. */
  private promised(id: number, value: object, name: string): PromiseLike<unknown> | null {
    const { next, then } = value as { next?: unknown; then?: unknown }
    if (typeof next === 'function' && typeof (value as { throw?: unknown }).throw === 'function') {
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

  private returned(slot: number, how: number, value: unknown, start: number): void {
    const now = performance.now()
    if (!this.slots.leave(slot, value, (now - start) * 1000, how === RETURNED_LATER)) {
      return this.reply(slot, how, value, start)
    }
    if (!this.left) {
      this.left = true
      this.leftAt = now
      if (how === RETURNED_LATER) queueMicrotask(this.knockLater)
    } else if (now - this.leftAt > KNOCK_MS) this.knock()
  }

  private knock(): void {
    if (!this.left) return
    this.left = false
    if (this.slots.mustKnock()) this.post(KNOCK, [])
  }

  private reply(slot: number, how: number, value: unknown, start: number): void {
    const micros = (performance.now() - start) * 1000
    this.slots.end(slot)
    const transfer: Transferable[] = []
    collect(value, transfer)
    try {
      this.post([slot, how, value, micros], transfer)
    } catch (error) {
      this.post([slot, UNSENDABLE, encodeThrown(error), micros], [])
    }
  }
}

const unwanted = 'its caller was cancelled'
