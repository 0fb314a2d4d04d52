import type { Loop as CoreLoop } from '../core/index.ts'
import { UsageError } from '../core/index.ts'
import { Callback, type Callbacks } from './callbacks.ts'

/** What a watcher calls. It must not wait. */
export type WatcherCallback<A extends readonly unknown[]> = (...args: A) => unknown

/** What watchers need of their loop. */
export interface WatcherLoop {
  readonly core: CoreLoop
  readonly callbacks: Callbacks
  /** The watchers that are active. */
  readonly watchers: Set<{ readonly ref: boolean; toString(): string }>
  hold(by: 1 | -1): void
}

/**
 * Something that calls back when it happens. `start` begins to watch, `stop` ends that; either may be repeated. The loop is not
 * done while a watcher is active, unless `ref` is false.
 */
export abstract class Watcher {
  protected readonly loop: WatcherLoop
  private counts: boolean
  private callback: ((...args: never[]) => unknown) | null = null
  private args: readonly unknown[] = []
  private called: Callback | null = null
  private closed = false

  constructor(loop: WatcherLoop, ref: boolean) {
    this.loop = loop
    this.counts = ref
  }

  /** Whether the loop waits for it. May be changed at any time. */
  get ref(): boolean {
    return this.counts
  }

  set ref(counts: boolean) {
    if (counts === this.counts) return
    this.counts = counts
    if (!this.active) return
    this.loop.hold(counts ? 1 : -1)
    this.changed?.()
  }

  /** True while it watches. */
  get active(): boolean {
    return this.callback !== null
  }

  /** True from the moment that it happened until the callback runs. */
  get pending(): boolean {
    return this.called?.pending ?? false
  }

  /** Begins to watch: `callback` will be called with `args` each time. Starting again gives it another callback. */
  start<A extends readonly unknown[]>(callback: WatcherCallback<A>, ...args: A): void {
    if (typeof callback !== 'function') throw new TypeError(`${this}: the callback is no function`)
    if (this.closed) throw new UsageError(`${this} was closed: make a new one`)
    const { active } = this
    this.callback = callback as (...args: never[]) => unknown
    this.args = args
    if (active) return
    this.loop.watchers.add(this)
    if (this.counts) this.loop.hold(1)
    this.begin()
  }

  /** Ends it. Nothing is called any more, also if it has happened already. */
  stop(): void {
    this.called?.stop()
    this.called = null
    if (!this.active) return
    this.callback = null
    this.loop.watchers.delete(this)
    if (this.counts) this.loop.hold(-1)
    this.end()
  }

  /** Ends it for good. */
  close(): void {
    this.stop()
    this.closed = true
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** It happened. With `last`, it will not again. */
  protected happened(last = false): void {
    const { callback, args } = this
    if (callback === null) return
    if (last) this.stop()
    this.called = new Callback(callback, args)
    this.loop.callbacks.addFired(this.called)
  }

  /** Calls back at once, from within a pass. */
  callNow(report: (context: unknown, error: unknown) => void): void {
    if (this.callback !== null) new Callback(this.callback, this.args).run(report)
  }

  protected abstract begin(): void
  protected abstract end(): void
  /** `ref` was changed while it is active. */
  protected changed?(): void
  abstract toString(): string
}
