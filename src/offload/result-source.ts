/** The worker's side of a stream (result-stream.ts): makes results while it has credit, and sends them in batches. */

/** A result cannot be cloned. */
export class Unsendable extends Error {}

/** For so long it may make results without letting the worker's loop turn, ms: a cancel must get through. */
const STRETCH_MS = 1

type Step = IteratorResult<unknown, unknown>

export class ResultSource {
  private readonly iterator: AsyncIterator<unknown> | Iterator<unknown>
  private readonly post: (results: readonly unknown[]) => void
  private credit: number
  private batch: unknown[] = []
  private flushing = false
  private unwanted = false
  private failure: Unsendable | null = null
  private more: (() => void) | null = null

  constructor(
    iterable: AsyncIterable<unknown> | Iterable<unknown>,
    credit: number,
    post: (results: readonly unknown[]) => void,
  ) {
    this.iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
    this.credit = credit
    this.post = post
  }

  /** Sends all that there is, also before a failure. Ends when that is done, or nobody wants more. */
  async run(): Promise<void> {
    try {
      await this.makeAll()
    } finally {
      if (!this.unwanted) this.flush()
    }
    if (this.failure === null) return
    this.end()
    throw this.failure
  }

  private async makeAll(): Promise<void> {
    let since = performance.now()
    while (!this.unwanted && this.failure === null) {
      if (this.credit === 0) {
        this.flush()
        await new Promise<void>((resolve) => (this.more = resolve))
        since = performance.now()
        continue
      }
      // One that gives its results at once would never let the loop turn.
      if (performance.now() - since > STRETCH_MS) {
        this.flush()
        await new Promise<void>((resolve) => setImmediate(resolve))
        since = performance.now()
        continue
      }
      const step = this.iterator.next()
      const { done, value } = isPromise(step) ? await step : (step as Step)
      if (done) break
      this.credit--
      this.batch.push(isPromise(value) ? await value : value)
      this.flushSoon()
    }
  }

  grant(count: number): void {
    this.credit += count
    this.wake()
  }

  /** Nobody wants more. What waits for the next result may have to be ended by its signal. */
  end(): void {
    if (this.unwanted) return
    this.unwanted = true
    this.wake()
    // Nobody is left to tell of a failure.
    try {
      const ended: unknown = this.iterator.return?.()
      if (isPromise(ended)) ended.then(undefined, () => {})
    } catch {}
  }

  private wake(): void {
    this.more?.()
    this.more = null
  }

  private flushSoon(): void {
    if (this.flushing) return
    this.flushing = true
    setImmediate(() => {
      this.flushing = false
      if (!this.unwanted) this.flush()
    })
  }

  private flush(): void {
    if (this.batch.length === 0) return
    const { batch } = this
    this.batch = []
    try {
      this.post(batch)
    } catch (error) {
      this.failure = new Unsendable('', { cause: error })
      this.wake()
    }
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
