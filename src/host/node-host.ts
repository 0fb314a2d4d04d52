/**
 * Binds the loop to Node (and Bun): the only file that does.
 *
 * `setImmediate` gives a turn its macrotask: it comes after sockets were polled, so one turn serves all that arrived
 * together. One `setTimeout` stands for all deadlines, which lie on a grid of a millisecond as Node's own do.
 */
import type { Context, Host, Turning, UnhandledError } from '../core/index.ts'
import { captureContext } from './async-context.ts'

// The global is a getter, which takes a third of the time of `now`.
const { performance } = globalThis

/** The longest `setTimeout`. A deadline beyond it is approached in steps. */
const LONGEST = 2 ** 31 - 1

const loops = new Set<Turning>()

// Emitted when nothing is left that could call into the program: whoever still waits then waits for ever.
function nothingLeft(): void {
  for (const loop of loops) loop.deadlock()
}

/** The platform is telling of something that came. */
let arriving = false
/** The turn of a loop that has tasks ready since then. */
let turnAtEnd: (() => void) | null = null

/**
 * For what the platform calls in a macrotask of its own, once for all that came together: the tasks that `tell` wakes have their
 * turn in the same macrotask, right after it, and not in one more.
 */
export function arrive(tell: () => void): void {
  arriving = true
  try {
    tell()
  } finally {
    arriving = false
    const turn = turnAtEnd
    turnAtEnd = null
    turn?.()
  }
}

export class NodeHost implements Host {
  readonly slice = 4
  readonly strict: boolean
  #loop: Turning | null = null
  #timer: NodeJS.Timeout | null = null
  #armed = Infinity
  readonly #turn = (): void => this.#loop?.turn()
  readonly #timerFired = (): void => {
    this.#timer = null
    this.#armed = Infinity
    this.#loop?.turn()
  }

  /** `strict` records every spawn site and makes errors of misuse that is otherwise mended with a warning. */
  constructor(options: { readonly strict?: boolean } = {}) {
    this.strict = options.strict ?? debugging()
  }

  attach(loop: Turning): void {
    this.#loop = loop
    if (loops.size === 0) process.on('beforeExit', nothingLeft)
    loops.add(loop)
  }

  now(): number {
    return performance.now()
  }

  deadline(ms: number): number {
    return Math.ceil(performance.now() + ms)
  }

  defer(): void {
    if (arriving && turnAtEnd === null) turnAtEnd = this.#turn
    else setImmediate(this.#turn)
  }

  wakeAt(deadline: number): void {
    // A timer that comes too early costs one empty turn; one that nobody needs would keep the process alive.
    if (this.#armed <= deadline && deadline !== Infinity) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#armed = deadline
    if (deadline !== Infinity) {
      this.#timer = setTimeout(
        this.#timerFired,
        Math.min(LONGEST, Math.max(1, Math.ceil(deadline - performance.now()))),
      )
    }
  }

  unhandled(error: UnhandledError): () => void {
    // A rejected promise that nobody handles is what Node reports at just the right moment, by the user's own settings.
    const promise = Promise.reject(error)
    return () => {
      promise.catch(() => {})
    }
  }

  warn(message: string): void {
    process.emitWarning(message, 'FibrilWarning')
  }

  captureContext(): Context | null {
    return captureContext()
  }
}

/** True if `FIBRIL_DEBUG` is set to anything but nothing or 0. */
function debugging(): boolean {
  return !['', '0', undefined].includes(process.env['FIBRIL_DEBUG'])
}
