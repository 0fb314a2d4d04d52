/**
 * The kinds of watchers, on what Node offers. Those that wait for the platform keep the process alive exactly while they are active
 * and count.
 */

import type { ChildProcess } from 'node:child_process'
import { type FSWatcher, type Stats, statSync, watch as watchFile } from 'node:fs'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { type Timer as EngineTimer, type TimerBucket, UsageError } from '../core/index.ts'
import { Watcher, type WatcherLoop } from './watcher.ts'

const A_LONG_TIME = 2 ** 31 - 1

/** One that the platform calls, from outside of any turn. */
abstract class PlatformWatcher extends Watcher {
  private held = false
  private alive: NodeJS.Timeout | null = null

  protected abstract listen(): void
  protected abstract unlisten(): void

  protected override begin(): void {
    this.listen()
    this.changed()
  }

  protected override end(): void {
    this.unlisten()
    this.changed()
  }

  protected override changed(): void {
    const hold = this.active && this.ref
    if (hold === this.held) return
    this.held = hold
    if (hold) {
      this.loop.core.holdExternal()
      this.alive = setInterval(() => {}, A_LONG_TIME)
    } else {
      this.loop.core.releaseExternal()
      clearInterval(this.alive as NodeJS.Timeout)
    }
  }
}

/** Calls back after a time, and then every `repeat` milliseconds. */
export class TimerWatcher extends Watcher implements EngineTimer {
  bucket: TimerBucket | null = null
  index = 0
  private readonly after: number
  private readonly repeat: number
  private unrefd: NodeJS.Timeout | null = null

  constructor(loop: WatcherLoop, after: number, repeat: number, ref: boolean) {
    super(loop, ref)
    if (!(after >= 0)) throw new RangeError(`timer(${after}): give 0 or more milliseconds`)
    if (!(repeat >= 0)) throw new RangeError(`timer(…, ${repeat}): give 0 or more milliseconds`)
    this.after = after
    this.repeat = repeat
  }

  /** Starts the time anew: `repeat` from now, or `after` if it does not repeat. */
  again<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    const { active } = this
    this.start(callback, ...args)
    if (active) this.end()
    this.arm(this.repeat || this.after)
  }

  protected override begin(): void {
    this.arm(this.after)
  }

  // One that does not count must not keep the process alive, which the engine's own timers do.
  private arm(ms: number): void {
    this.end()
    if (this.ref) this.loop.core.startTimer(this, ms)
    else this.unrefd = setTimeout(() => this.fire(), ms).unref()
  }

  protected override end(): void {
    this.bucket?.loop.stopTimer(this)
    if (this.unrefd !== null) clearTimeout(this.unrefd)
    this.unrefd = null
  }

  protected override changed(): void {
    this.arm(this.after)
  }

  /** @internal */
  fire(): void {
    this.happened(this.repeat === 0)
    if (this.active && this.repeat > 0) this.arm(this.repeat)
  }

  toString(): string {
    return this.repeat > 0 ? `a timer of ${this.after} and every ${this.repeat} ms` : `a timer of ${this.after} ms`
  }
}

/** Called around the callbacks of the loop, or when nothing else is to do. */
export class PhaseWatcher extends Watcher {
  private readonly phase: string
  private readonly set: Set<PhaseWatcher>
  private readonly begun: () => void

  constructor(loop: WatcherLoop, phase: string, set: Set<PhaseWatcher>, begun: () => void, ref: boolean) {
    super(loop, ref)
    this.phase = phase
    this.set = set
    this.begun = begun
  }

  protected override begin(): void {
    this.set.add(this)
    this.begun()
  }

  protected override end(): void {
    this.set.delete(this)
  }

  toString(): string {
    return `a watcher of ${this.phase}`
  }
}

/** Calls back when `send` was called, from wherever. */
export class AsyncWatcher extends PlatformWatcher {
  protected override listen(): void {}
  protected override unlisten(): void {}

  /** May be called from callbacks of the platform, at any time. Several calls before the callback runs are one. */
  send(): void {
    if (!this.pending) this.happened()
  }

  toString(): string {
    return 'a watcher of send()'
  }
}

/** Calls back on a signal to this process. */
export class SignalWatcher extends PlatformWatcher {
  private readonly signal: NodeJS.Signals
  private readonly came = (): void => this.happened()

  constructor(loop: WatcherLoop, signal: number | NodeJS.Signals, ref: boolean) {
    super(loop, ref)
    const names = Object.entries(constants.signals) as [NodeJS.Signals, number][]
    const found = names.find(([name, number]) => name === signal || number === signal)
    if (found === undefined) throw new RangeError(`signal(${signal}): this platform has no such signal`)
    this.signal = found[0]
  }

  protected override listen(): void {
    process.on(this.signal, this.came)
  }

  protected override unlisten(): void {
    process.off(this.signal, this.came)
  }

  toString(): string {
    return `a watcher of ${this.signal}`
  }
}

/** Calls back when a child process has ended. */
export class ChildWatcher extends PlatformWatcher {
  readonly pid: number | undefined
  /** The exit code; null before, and if a signal ended it. */
  code: number | null = null
  /** The signal that ended it. */
  signal: NodeJS.Signals | null = null
  private readonly child: ChildProcess
  private readonly came = (): void => {
    this.code = this.child.exitCode
    this.signal = this.child.signalCode
    this.happened(true)
  }

  constructor(loop: WatcherLoop, child: ChildProcess, ref: boolean) {
    super(loop, ref)
    this.child = child
    this.pid = child.pid
  }

  protected override listen(): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) queueMicrotask(this.came)
    else this.child.once('exit', this.came)
  }

  protected override unlisten(): void {
    this.child.off('exit', this.came)
  }

  toString(): string {
    return `a watcher of process ${this.pid}`
  }
}

/** Calls back when a file changes, comes or goes. */
export class StatWatcher extends PlatformWatcher {
  readonly path: string
  /** What is known of the file now, and before the last change; null where there was none. */
  attr: Stats | null
  prev: Stats | null = null
  private readonly interval: number
  private timer: NodeJS.Timeout | null = null
  private watcher: FSWatcher | null = null

  constructor(loop: WatcherLoop, path: string, interval: number, ref: boolean) {
    super(loop, ref)
    this.path = path
    this.interval = interval
    this.attr = this.read()
  }

  private read(): Stats | null {
    return statSync(this.path, { throwIfNoEntry: false }) ?? null
  }

  private readonly look = (): void => {
    const now = this.read()
    const before = this.attr
    if (now?.mtimeMs === before?.mtimeMs && now?.size === before?.size && now?.ino === before?.ino) return
    this.prev = before
    this.attr = now
    this.happened()
  }

  // The platform's own notice comes at once, but not for a file that is not there yet, nor on every file system.
  protected override listen(): void {
    this.timer = setInterval(this.look, this.interval).unref()
    if (this.attr !== null) {
      try {
        this.watcher = watchFile(this.path, { persistent: false }, this.look)
        this.watcher.on('error', () => {})
      } catch {
        this.watcher = null
      }
    }
  }

  protected override unlisten(): void {
    if (this.timer !== null) clearInterval(this.timer)
    this.watcher?.close()
  }

  toString(): string {
    return `a watcher of ${this.path}`
  }
}

export const READ = 1
export const WRITE = 2

/** Calls back when a stream of Node's can be read, or written, without waiting; again after each callback while that is so. */
export class IoWatcher extends PlatformWatcher {
  readonly stream: Readable | Writable
  readonly events: number
  private readonly came = (): void => {
    if (isReadyFor(this.stream, this.events) && !this.pending) this.happened()
  }

  constructor(loop: WatcherLoop, stream: Readable | Writable, events: number, ref: boolean) {
    super(loop, ref)
    if (!(events >= READ && events <= (READ | WRITE)))
      throw new RangeError(`io(…, ${events}): events are READ (1), WRITE (2) or both`)
    if (typeof stream !== 'object' || stream === null || typeof stream.on !== 'function')
      throw new UsageError('io(…): Node tells of streams and sockets only, not of bare file descriptors')
    this.stream = stream
    this.events = events
  }

  private get names(): string[] {
    const names = ['end', 'close', 'error']
    if (this.events & READ) names.push('readable')
    if (this.events & WRITE) names.push('drain', 'connect')
    return names
  }

  protected override listen(): void {
    for (const name of this.names) this.stream.on(name, this.came)
    queueMicrotask(this.came)
  }

  protected override unlisten(): void {
    for (const name of this.names) this.stream.off(name, this.came)
  }

  toString(): string {
    return `a watcher of a stream (${['', 'read', 'write', 'read and write'][this.events]})`
  }
}

/** Whether a stream of Node's can be read, or written, now. */
export function isReadyFor(stream: Readable | Writable, events: number): boolean {
  const { readableLength = 0, readableEnded = false, destroyed } = stream as Readable
  if (events & READ && 'readableLength' in stream && (readableLength > 0 || readableEnded || destroyed)) return true
  if (!(events & WRITE) || !('writableLength' in stream)) return false
  const { writableNeedDrain, writable } = stream as Writable
  return destroyed || (writable && !writableNeedDrain && !(stream as { connecting?: boolean }).connecting)
}
