/**
 * Theory of operation: a loop that is held cannot tell so itself, so another thread watches it.
 *
 *   this thread                                  the watching thread (`watcher.ts`)
 *   a timer counts in shared memory, while  ───▶ sleeps on that memory; a count that did not come for `limitMs` is a hold
 *   the loop comes round                    ◀─── stops this thread for a moment by the inspector, reads its stack, lets go
 *   …                                            writes a line to standard error: the thread that is held could not
 *   counts again                            ───▶ the hold is over: a second line, and a message for `onHold`
 *
 * The inspector is attached only for the moment of a hold; nothing is slower for being watched, but for a timer that fires a
 * few times within the limit. Without a watchdog there is no thread, no timer and no cost.
 */
import { isMainThread, Worker } from 'node:worker_threads'
import { UsageError } from '../../core/index.ts'
import { canInspect, type HoldFrame } from '../stack/index.ts'
import { BEATS, HELD, type Hold, STOP, type WatchOrder } from './messages.ts'

export type { Hold, HoldFrame }

/** Milliseconds that the end of the process may be put off. */
const LAST_WORDS = 500

export interface WatchdogOptions {
  /** Milliseconds that one function may hold the loop. 100 unless said. */
  readonly limitMs?: number
  /** Called after each hold, when the loop is free again. Without it, and with it unless `quiet`, standard error is told. */
  readonly onHold?: (hold: Hold) => void
  /** Write nothing to standard error. */
  readonly quiet?: boolean
}

export interface Watchdog extends Disposable {
  /** False where there can be no other thread (`--permission` without `--allow-worker`): it was said, and nothing is watched. */
  readonly watching: boolean
  /** Ends the watch. */
  stop(): void
}

/**
 * Tells which function holds the loop longer than a limit, while it does: name, place and stack on standard error, and once
 * more how long it was in the end. What cannot be parked (a long calculation, a blocking call of a native addon) belongs
 * into a pool: see `fibril/offload`.
 *
 * Watches the thread that calls it. Holds are told without a stack in a worker thread, and while a debugger is attached
 * (`--inspect`).
 *
 * ```ts no-run
 * import { watchdog } from 'fibril/green/watchdog'
 *
 * const watch = watchdog({ limitMs: 50, onHold: ({ name, ms }) => console.log(`${name} held the loop for ${ms} ms`) })
 * // …
 * watch.stop()
 * ```
 */
export function watchdog({ limitMs = 100, onHold, quiet = false }: WatchdogOptions = {}): Watchdog {
  if (!(limitMs >= 1 && limitMs < 2 ** 31))
    throw new UsageError(`the watchdog's limitMs is a number of milliseconds, from 1 on, not ${limitMs}`)
  const shared = new SharedArrayBuffer(12)
  const order: WatchOrder = { shared, limitMs, tell: !quiet, stack: isMainThread && canInspect() }
  const worker = startWatcher(order)
  if (worker === null) return { watching: false, stop() {}, [Symbol.dispose]() {} }

  const cells = new Int32Array(shared)
  const beat = (): void => {
    Atomics.add(cells, BEATS, 1)
    Atomics.notify(cells, BEATS)
  }
  const timer = setInterval(beat, Math.max(1, limitMs / 4)).unref()
  if (onHold !== undefined) worker.on('message', onHold)
  worker.unref()
  beat()
  // A process that ends with its hold lets the watching thread say how long it was.
  const ending = (): void => {
    beat()
    Atomics.wait(cells, HELD, 1, LAST_WORDS)
  }
  process.on('exit', ending)

  const stop = (): void => {
    clearInterval(timer)
    process.off('exit', ending)
    Atomics.store(cells, STOP, 1)
    beat()
  }
  return { watching: true, stop, [Symbol.dispose]: stop }
}

function startWatcher(order: WatchOrder): Worker | null {
  try {
    // No flags: the program's preloads and hooks are not for this thread.
    return new Worker(new URL('./watcher.js', import.meta.url), {
      workerData: order,
      execArgv: [],
      name: 'fibril watchdog',
    })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_ACCESS_DENIED') throw error
    process.emitWarning(
      `the watchdog watches nothing: it needs a thread of its own (--allow-worker). ${message}`,
      'FibrilWarning',
    )
    return null
  }
}
