/** The longest that a timer can be set to. */
const FOREVER = 2 ** 31 - 1

/** Keeps the process alive while it is held. */
export class KeepAlive {
  private holders = 0
  private timer: NodeJS.Timeout | null = null

  get held(): boolean {
    return this.holders > 0
  }

  hold(): void {
    if (this.holders++ > 0) return
    if (this.timer === null) this.timer = setInterval(() => {}, FOREVER)
    else this.timer.ref()
  }

  release(): void {
    if (--this.holders === 0) this.timer?.unref()
  }

  /** For good: nothing holds it any more. */
  end(): void {
    if (this.timer !== null) clearInterval(this.timer)
    this.timer = null
  }
}
