import { EventEmitter } from 'node:events'
import { UsageError } from '../core/index.ts'
import { type Hold, type Watchdog, watchdog } from '../green/watchdog/index.ts'
import { formatRunInfo } from './run-info.ts'

/** How the monitor is to watch. */
export interface MonitorOptions {
  /** How long one greenlet may hold the loop, in milliseconds: 100 unless said. */
  readonly maxBlockingTime?: number
  /** Write nothing to standard error. */
  readonly quiet?: boolean
  /** Tell when the process uses more bytes than this, and when it is less again. */
  readonly maxMemoryUsage?: number
}

/** A function that the monitor calls now and then. */
export type MonitoringFunction = (monitor: Monitor) => unknown

const MEMORY_PERIOD = 1000
const LEAST_PERIOD = 5

/**
 * Watches the loop from a thread of its own, so that it can tell of a greenlet that holds it while that does: on standard error,
 * with the stack; and by the event `eventLoopBlocked` afterwards, with what runs.
 */
export class Monitor extends EventEmitter<{
  eventLoopBlocked: [hold: Hold, info: readonly string[]]
  memoryUsageThresholdExceeded: [bytes: number, limit: number]
  memoryUsageUnderThreshold: [bytes: number, limit: number]
}> {
  private readonly watch: Watchdog
  private readonly functions = new Map<MonitoringFunction, NodeJS.Timeout>()

  constructor(options: MonitorOptions) {
    super()
    const { maxBlockingTime = 100, quiet = false, maxMemoryUsage } = options
    this.watch = watchdog({
      limitMs: maxBlockingTime,
      quiet,
      onHold: (hold) => this.emit('eventLoopBlocked', hold, formatRunInfo()),
    })
    if (maxMemoryUsage !== undefined) this.watchMemory(maxMemoryUsage)
  }

  private watchMemory(limit: number): void {
    let over = false
    this.addMonitoringFunction(() => {
      const { rss } = process.memoryUsage()
      if (rss > limit === over) return
      over = rss > limit
      this.emit(over ? 'memoryUsageThresholdExceeded' : 'memoryUsageUnderThreshold', rss, limit)
    }, MEMORY_PERIOD)
  }

  /** Has `fn` called every `period` milliseconds (5 at least); null takes it back. */
  addMonitoringFunction(fn: MonitoringFunction, period: number | null): void {
    if (typeof fn !== 'function') throw new TypeError('a monitoring function is a function')
    if (period !== null && !(period > 0)) throw new RangeError(`a period of ${period} ms: give more than 0`)
    clearInterval(this.functions.get(fn))
    this.functions.delete(fn)
    if (period !== null) this.functions.set(fn, setInterval(() => fn(this), Math.max(LEAST_PERIOD, period)).unref())
  }

  /** Ends the watch. */
  kill(): void {
    this.watch.stop()
    for (const timer of this.functions.values()) clearInterval(timer)
    this.functions.clear()
    if (running === this) running = null
  }

  [Symbol.dispose](): void {
    this.kill()
  }
}

let running: Monitor | null = null

/** Starts the monitor of this thread; the one that runs, if there is one. */
export function startMonitor(options: MonitorOptions = {}): Monitor {
  if (options.maxBlockingTime !== undefined && !(options.maxBlockingTime >= 1))
    throw new UsageError(`maxBlockingTime ${options.maxBlockingTime}: give 1 or more milliseconds`)
  running ??= new Monitor(options)
  return running
}
