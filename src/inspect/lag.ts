/** Milliseconds between two looks. */
const BEAT_MS = 50

/**
 * How late the platform calls a timer: what a loop that is held, or has much to do, costs everybody else. Measured only while
 * somebody wants to know, by a timer that does not keep the process alive.
 */
export class Lag implements Disposable {
  /** Of the last look. */
  lastMs = 0
  #maxMs = 0
  #due = performance.now() + BEAT_MS
  readonly #timer: NodeJS.Timeout

  /** `beat` is called at each look, after it was measured. */
  constructor(beat: (lag: Lag) => void = () => {}) {
    this.#timer = setInterval(() => {
      const now = performance.now()
      this.lastMs = Math.max(0, now - this.#due)
      this.#maxMs = Math.max(this.#maxMs, this.lastMs)
      this.#due = now + BEAT_MS
      beat(this)
    }, BEAT_MS).unref()
  }

  /** The longest since this was asked last. */
  takeMax(): number {
    const max = this.#maxMs
    this.#maxMs = 0
    return max
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
