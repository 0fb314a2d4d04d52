import { Heap } from '../../sync/index.ts'
import type { IReactorTime } from '../clock.ts'
import { getDebugging, siteOf } from '../sites.ts'
import { type Callback, DelayedCall, type Timing } from './delayed-call.ts'

/** What can be asked for calls to come: a `Reactor`, or a `Clock`. */
export interface ReactorTime extends IReactorTime {
  /** Milliseconds on this clock. */
  now(): number
  /** Calls `func` with `args` after `ms` milliseconds; equal times in the order of these calls. */
  callLater<A extends readonly unknown[]>(ms: number, func: (...args: A) => unknown, ...args: A): DelayedCall
  /** Those that are still to come. */
  getDelayedCalls(): readonly DelayedCall[]
}

const earlier = (a: Entry, b: Entry): number => a.time - b.time

/** A call's place in the heap; it counts as long as the call has no other. */
interface Entry {
  readonly call: DelayedCall
  readonly time: number
}

/**
 * A clock that stands until a test moves it, for code that takes a `clock` in place of the reactor.
 *
 * ```ts
 * import { Clock } from 'fibril/twisted'
 *
 * const clock = new Clock()
 * clock.callLater(20, console.log, 'second')
 * clock.callLater(10, console.log, 'first')
 * clock.advance(100)
 * // prints: first
 * // prints: second
 * ```
 */
export class Clock implements ReactorTime, Timing {
  /** Milliseconds since the clock was made. */
  rightNow = 0
  private readonly entries = new Map<DelayedCall, Entry>()
  private heap = new Heap(earlier)

  now(): number {
    return this.rightNow
  }

  callLater<A extends readonly unknown[]>(ms: number, func: (...args: A) => unknown, ...args: A): DelayedCall {
    return new DelayedCall(this, ms, func as Callback, args, null, getDebugging() ? siteOf(this.callLater) : null)
  }

  getDelayedCalls(): readonly DelayedCall[] {
    return [...this.entries.values()].sort((a, b) => a.time - b.time).map((entry) => entry.call)
  }

  /**
   * Moves the clock, and then makes all calls that are due, in order of their times. What they ask for in turn counts from where
   * the clock is then, and is made too if it is due. What one throws comes out of here, and the rest stays to come.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advance(${ms}): give a number of milliseconds from 0 up`)
    this.rightNow += ms
    for (let first = this.heap.peek(); first !== undefined && first.time <= this.rightNow; first = this.heap.peek()) {
      this.heap.shift()
      if (this.entries.get(first.call) === first) first.call.fire()
    }
  }

  /** Moves the clock step by step. */
  pump(steps: Iterable<number>): void {
    for (const ms of steps) this.advance(ms)
  }

  /** @internal */
  schedule(call: DelayedCall): void {
    const entry = { call, time: call.getTime() }
    // A call that is moved stands behind all others of its new time.
    this.entries.delete(call)
    this.entries.set(call, entry)
    this.heap.push(entry)
    if (this.heap.length > 32 && this.heap.length > 2 * this.entries.size) this.squeeze()
  }

  /** @internal */
  unschedule(call: DelayedCall): void {
    this.entries.delete(call)
    if (this.heap.length > 32 && this.heap.length > 2 * this.entries.size) this.squeeze()
  }

  /** Lets go of the places of calls that were cancelled or moved. */
  private squeeze(): void {
    this.heap = new Heap(earlier)
    for (const entry of this.entries.values()) this.heap.push(entry)
  }

  /** @internal */
  due(call: DelayedCall): void {
    this.entries.delete(call)
    ;(call.func as (...args: readonly unknown[]) => unknown)(...call.args)
  }
}
