import { currentLoop, type Loop } from '../core/index.ts'

/** Milliseconds between two looks at the loop. */
const LOOK_MS = 50

/** How long the loop lets others wait: how late a timer comes. */
export class LagMeter implements Disposable {
  private readonly timer: NodeJS.Timeout
  private due = performance.now() + LOOK_MS
  /** Milliseconds, at the last look. */
  lagMs = 0

  /** `told` is called after each look. */
  constructor(told: (lagMs: number, loop: Loop) => void = () => {}) {
    this.timer = setInterval(() => {
      const now = performance.now()
      this.lagMs = Math.max(0, now - this.due)
      this.due = now + LOOK_MS
      told(this.lagMs, currentLoop())
    }, LOOK_MS).unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer)
  }
}
