/**
 * Notices that the loop is held: its beats do not come. Beats are asked for only while somebody is there who wants to know.
 */
import { type HoldFrame, placeOf, takeStack } from '../../green/stack/index.ts'
import type { HeldRecord } from './events.ts'
import { BEATS } from './messages.ts'

/** Milliseconds between two looks, and without a beat until the loop counts as held. */
const LOOK_MS = 50
const HELD_MS = 500
/** The same while no code of the program is to blame: while it loads modules, or while tasks are listed. */
const BUSY_MS = 5000
/** Milliseconds after which a hold that lasts is looked at and told again. */
const AGAIN_MS = 1000
const FRAMES = 50

/** What holds the loop where no function of the program is known to. */
const UNKNOWN = 'something (no stack could be taken)'
const NOBODY = 'Node or Fibril itself'

export interface HeartListener {
  held(record: HeldRecord): void
  released(heldMs: number): void
}

export class Heart {
  readonly #cells: Int32Array
  readonly #takesStack: boolean
  readonly #ask: (on: boolean) => void
  readonly #listeners = new Set<HeartListener>()
  #timer: NodeJS.Timeout | undefined
  #seen = 0
  #lastBeat = 0
  #looking = false
  /** A stack stops the program for some milliseconds: not before this is the next one taken. */
  #nextStack = 0
  /** Told as well, whoever else listens. */
  onHold: HeartListener | null = null
  /** The hold that lasts. */
  held: HeldRecord | null = null

  constructor(cells: Int32Array, takesStack: boolean, ask: (on: boolean) => void) {
    this.#cells = cells
    this.#takesStack = takesStack
    this.#ask = ask
  }

  /** Milliseconds since the loop came round last. */
  get sinceBeat(): number {
    return performance.now() - this.#lastBeat
  }

  /** From now on the loop is looked at, until the result is called. */
  listen(listener: HeartListener): () => void {
    this.#listeners.add(listener)
    if (this.#timer === undefined) this.#begin()
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end()
    }
  }

  #begin(): void {
    this.#seen = Atomics.load(this.#cells, BEATS)
    this.#lastBeat = performance.now()
    this.#timer = setInterval(() => void this.#look(), LOOK_MS)
    this.#ask(true)
  }

  #end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    if (this.held !== null) this.onHold?.released(Math.round(this.sinceBeat))
    this.held = null
    this.#ask(false)
  }

  async #look(): Promise<void> {
    const now = performance.now()
    if (!this.#isSilent()) {
      const heldMs = Math.round(now - this.#lastBeat)
      this.#seen = Atomics.load(this.#cells, BEATS)
      this.#lastBeat = now
      if (this.held === null) return
      this.held = null
      for (const listener of this.#all()) listener.released(heldMs)
      return
    }
    if (now < Math.max(this.#lastBeat + HELD_MS, this.#nextStack) || this.#looking) return
    this.#looking = true
    const stack = this.#takesStack ? await takeStack(() => this.#isSilent()) : null
    this.#looking = false
    this.#nextStack = performance.now() + AGAIN_MS
    // It came round in the meantime, or nobody is there any more.
    if (!this.#isSilent() || this.#timer === undefined) return
    if (stack?.length === 0 && this.sinceBeat < BUSY_MS) return
    this.held = this.#record(stack)
    for (const listener of this.#all()) listener.held(this.held)
  }

  #all(): HeartListener[] {
    return [...(this.onHold === null ? [] : [this.onHold]), ...this.#listeners]
  }

  #isSilent(): boolean {
    return Atomics.load(this.#cells, BEATS) === this.#seen
  }

  #record(frames: readonly HoldFrame[] | null): HeldRecord {
    const sinceMs = Math.round(this.sinceBeat)
    // Whole paths: whoever reads this may be anywhere.
    const stack = (frames ?? []).slice(0, FRAMES).map((frame) => ({ name: frame.name, at: placeOf(frame) }))
    const [top] = stack
    const who = top !== undefined ? `${top.name} (${top.at})` : frames === null ? UNKNOWN : NOBODY
    const lines = stack.map(({ name, at }) => `\n    at ${name} (${at})`)
    return {
      at: Date.now(),
      sinceMs,
      stack,
      text: `${who} has held the loop for ${sinceMs} ms so far${lines.join('')}`,
    }
  }
}
