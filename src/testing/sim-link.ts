import { UsageError } from '../core/index.ts'
import type { Random } from './random.ts'

/** How the way from one host to another behaves. */
export interface SimLinkOptions {
  /** Milliseconds that bytes are on the way, in one direction. 1 if left out. */
  readonly latencyMs?: number
  /** Up to so many more, at random. Bytes of one connection stay in order; connections overtake each other. 0 if left out. */
  readonly jitterMs?: number
  /** Bytes per second, in one direction, which all connections between the two hosts share. No limit if left out. */
  readonly bandwidth?: number
  /**
   * The chance, below 1, that a packet is lost and has to be sent again: it and all behind it come 200 ms later, or 400 if
   * that is lost too, and so on. 0 if left out.
   */
  readonly loss?: number
}

/** What a sender waits for an acknowledgement before it sends again, at first. */
const RESEND_MS = 200

/** The way from one host to another, in one direction. */
export class SimLink {
  readonly from: string
  readonly to: string
  /** Nothing gets through. */
  parted = false
  private options: Required<SimLinkOptions>
  /** When the last of what was sent will be on the way. */
  private busyUntil = 0

  constructor(from: string, to: string, options: Required<SimLinkOptions>) {
    this.from = from
    this.to = to
    this.options = options
  }

  change(options: SimLinkOptions): void {
    this.options = linkOptions(options, this.options)
  }

  /** When a packet arrives that is sent now. One that is lost again and again is late by `longest` or a little more. */
  arrival(now: number, bytes: number, random: Random, longest: number): number {
    const { latencyMs, jitterMs, bandwidth, loss } = this.options
    this.busyUntil = Math.max(now, this.busyUntil) + (bytes / bandwidth) * 1000
    let at = this.busyUntil + latencyMs
    if (jitterMs > 0) at += random.fraction() * jitterMs
    if (loss > 0) {
      for (let again = RESEND_MS, delay = 0; random.chance(loss) && delay < longest; again *= 2) {
        delay += again
        at += again
      }
    }
    return at
  }
}

/** All figures, checked; those that are left out are taken from `base`. */
export function linkOptions(given: SimLinkOptions, base: Required<SimLinkOptions>): Required<SimLinkOptions> {
  const options = {
    latencyMs: given.latencyMs ?? base.latencyMs,
    jitterMs: given.jitterMs ?? base.jitterMs,
    bandwidth: given.bandwidth ?? base.bandwidth,
    loss: given.loss ?? base.loss,
  }
  checkedFigure('latencyMs', options.latencyMs, 0, Number.MAX_SAFE_INTEGER)
  checkedFigure('jitterMs', options.jitterMs, 0, Number.MAX_SAFE_INTEGER)
  checkedFigure('bandwidth', options.bandwidth, 1, Infinity)
  checkedFigure('loss', options.loss, 0, 0.99)
  return options
}

export const ideal: Required<SimLinkOptions> = { latencyMs: 0, jitterMs: 0, bandwidth: Infinity, loss: 0 }

/** A figure that somebody gave. */
export function checkedFigure(name: string, figure: number, least: number, most: number): number {
  if (figure >= least && figure <= most) return figure
  throw new UsageError(`${name} is ${figure}: give a number from ${least} to ${most}`)
}

/** A number of things that somebody gave; any number of them is Infinity. */
export function checkedCount(name: string, count: number, least: number): number {
  if (count === Infinity || (Number.isSafeInteger(count) && count >= least)) return count
  throw new UsageError(`${name} is ${count}: give a whole number from ${least} up, or Infinity`)
}
