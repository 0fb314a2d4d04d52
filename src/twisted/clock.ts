import { currentLoop, type LoopView, type Timer, type TimerBucket } from '../core/index.ts'
import { log } from './log.ts'

/** What `callLater` gives. */
export interface IDelayedCall {
  /** Keeps it from being called. */
  cancel(): void
  /** It was neither called nor cancelled. */
  active(): boolean
}

/** A clock that calls: the reactor, or `Clock` in tests. Times are in milliseconds. */
export interface IReactorTime {
  callLater<A extends readonly unknown[]>(ms: number, f: (...args: A) => unknown, ...args: A): IDelayedCall
}

/** A call on a timer of the loop. What it throws is logged. */
export class LoopCall implements IDelayedCall, Timer {
  /** @internal */
  bucket: TimerBucket | null = null
  /** @internal */
  index = 0
  private readonly call: () => unknown
  private readonly loop: LoopView

  constructor(ms: number, call: () => unknown) {
    this.call = call
    this.loop = currentLoop()
    this.loop.startTimer(this, ms)
  }

  cancel(): void {
    this.loop.stopTimer(this)
  }

  active(): boolean {
    return this.bucket !== null
  }

  /** @internal */
  fire(): void {
    try {
      this.call()
    } catch (error) {
      log.err(error, 'Unhandled error in a delayed call:')
    }
  }
}

/** The time of the current loop: virtual under a `TestHost`. */
export const loopTime: IReactorTime = Object.freeze({
  callLater: <A extends readonly unknown[]>(ms: number, f: (...args: A) => unknown, ...args: A): IDelayedCall =>
    new LoopCall(ms, () => f(...args)),
})
