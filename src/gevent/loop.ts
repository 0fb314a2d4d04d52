import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { type Body, type Loop as CoreLoop, fn, spawn } from '../core/index.ts'
import { Callback, Callbacks } from './callbacks.ts'
import { idle } from './sleep.ts'
import type { WatcherLoop } from './watcher.ts'
import {
  AsyncWatcher,
  ChildWatcher,
  IoWatcher,
  PhaseWatcher,
  SignalWatcher,
  StatWatcher,
  TimerWatcher,
} from './watchers.ts'

/** What may be said of any watcher. */
export interface WatcherOptions {
  /** Whether the loop waits for it: true unless told otherwise. */
  readonly ref?: boolean
}

/** What a loop needs of its hub. */
interface LoopOwner {
  hold(by: 1 | -1): void
  report(context: unknown, error: unknown): void
}

/**
 * Watchers and callbacks of a hub: `getHub().loop`.
 *
 * In one round come: prepare, the callbacks of `runCallback`, check, timers that are due, idle.
 */
export class Loop implements WatcherLoop {
  readonly core: CoreLoop
  /** @internal */
  readonly callbacks: Callbacks
  /** @internal */
  readonly watchers = new Set<{ readonly ref: boolean; toString(): string }>()
  private readonly owner: LoopOwner
  private readonly prepares = new Set<PhaseWatcher>()
  private readonly checks = new Set<PhaseWatcher>()
  private readonly idles = new Set<PhaseWatcher>()
  private idling = false

  /** @internal */
  constructor(core: CoreLoop, owner: LoopOwner) {
    this.core = core
    this.owner = owner
    const around = { before: () => this.callAll(this.prepares), after: () => this.callAll(this.checks) }
    this.callbacks = new Callbacks(core, around, (context, error) => owner.report(context, error))
  }

  /** Calls `callback` with `args` soon, between the steps of greenlets. It must not wait. */
  runCallback<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): Callback {
    if (typeof callback !== 'function') throw new TypeError('runCallback: the callback is no function')
    const made = new Callback(callback as (...args: never[]) => unknown, args)
    this.callbacks.add(made)
    return made
  }

  /** Calls back after `after` milliseconds, and then every `repeat` milliseconds if that is more than 0. */
  timer(after: number, repeat = 0, options: WatcherOptions = {}): TimerWatcher {
    return new TimerWatcher(this, after, repeat, options.ref ?? true)
  }

  /** Calls back when a stream or socket of Node's can be read (`READ`) or written (`WRITE`). */
  io(stream: Readable | Writable, events: number, options: WatcherOptions = {}): IoWatcher {
    return new IoWatcher(this, stream, events, options.ref ?? true)
  }

  /** Calls back before each pass of callbacks. */
  prepare(options: WatcherOptions = {}): PhaseWatcher {
    return this.phase('prepare', this.prepares, options)
  }

  /** Calls back after each pass of callbacks. */
  check(options: WatcherOptions = {}): PhaseWatcher {
    return this.phase('check', this.checks, options)
  }

  /** Calls back in each turn of the loop, after all else. */
  idle(options: WatcherOptions = {}): PhaseWatcher {
    return new PhaseWatcher(this, 'idle', this.idles, () => this.startIdling(), options.ref ?? true)
  }

  private phase(name: string, set: Set<PhaseWatcher>, options: WatcherOptions): PhaseWatcher {
    return new PhaseWatcher(this, name, set, () => this.callbacks.round(), options.ref ?? true)
  }

  /** Calls back when its `send` was called, from callbacks of the platform too. */
  async(options: WatcherOptions = {}): AsyncWatcher {
    return new AsyncWatcher(this, options.ref ?? true)
  }

  /** Calls back on a signal to this process, which then does not end it. */
  signal(signal: number | NodeJS.Signals, options: WatcherOptions = {}): SignalWatcher {
    return new SignalWatcher(this, signal, options.ref ?? true)
  }

  /** Calls back once, when a child process has ended. */
  child(child: ChildProcess, options: WatcherOptions = {}): ChildWatcher {
    return new ChildWatcher(this, child, options.ref ?? true)
  }

  /** Calls back when a file changes, comes or goes; looked at every `interval` milliseconds where the platform does not tell. */
  stat(path: string, interval = 1000, options: WatcherOptions = {}): StatWatcher {
    return new StatWatcher(this, path, interval, options.ref ?? true)
  }

  /** Milliseconds on the clock of this loop. */
  now(): number {
    return this.core.now()
  }

  /** The watchers that are active. */
  get active(): { readonly ref: boolean; toString(): string }[] {
    return [...this.watchers]
  }

  /** @internal */
  hold(by: 1 | -1): void {
    this.owner.hold(by)
  }

  private callAll(set: Set<PhaseWatcher>): void {
    for (const watcher of [...set]) watcher.callNow((context, error) => this.owner.report(context, error))
  }

  private startIdling(): void {
    if (this.idling) return
    this.idling = true
    spawn.detached(
      idling(() => this.idleOnce()),
      { loop: this.core },
    )
  }

  private idleOnce(): boolean {
    this.callbacks.running = true
    this.callAll(this.idles)
    this.callbacks.running = false
    this.idling = this.idles.size > 0
    return this.idling
  }
}

const idling = fn(function* idleWatchers(once: () => boolean): Body<void> {
  do yield* idle()
  while (once())
})
