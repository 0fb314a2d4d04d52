/**
 * Theory of operation: how chains of callbacks run.
 *
 * `callbacks` is a flat list of pairs; `at` is the next one. A pair's first half takes results, its second half failures:
 *
 *     [callback, errback]   functions; null passes the result on
 *     [link, link]          not user code: an observer (a wait, a promise), or another chain that waits for this one's result
 *
 * A chain runs when it has fired, is not `paused`, and is not `busy` (running already, or in line to).
 *
 * Nothing recurses over chains. `drive` works on a stack of chains, linked by `under`: one whose link is reached goes on
 * top. Only user code nests: a callback may fire a chain, or add to one that has fired, and these callbacks run before it
 * goes on, as in Twisted. So that a callback that asks a full queue for the next item, and again, does not overflow the
 * stack, at most `DEEPEST` runs nest. A run beyond that stands in `line` until the callback that caused it has returned.
 */
import { Fifo } from '../core/index.ts'
import { Failure } from './failure.ts'

/** Runs that may nest. Twisted dies of three times as many, at Python's usual limit. */
const DEEPEST = 100

/** What is run: a chain. */
export interface Driven {
  readonly callbacks: readonly Step[]
  /** The place of the next pair. */
  at: number
  /** The result or failure so far. */
  outcome: unknown
  readonly paused: number
  busy: boolean
  /** Links in the list that are not gone. */
  links: number
  /** The next one on the stack. */
  under: Driven | null
  /** A callback gave this. */
  accept(result: unknown): void
  /** A link has taken note of this failure. */
  see(failure: Failure): void
  /** It runs no more for now. */
  rest(): void
}

/** Something that hears of a chain's result without being user code. */
export interface Link {
  /** The result has come to its place in the list. Gives a chain that may run now. */
  reached(chain: Driven): Driven | null
  /** Nobody waits there any more. */
  readonly gone: boolean
  /** Who waits there, in words. */
  describe(): string
}

/** Half of a pair. */
export type Step = ((result: never) => unknown) | Link | null

let depth = 0
const line = new Fifo<Driven>()

/** Runs a chain: now, or when the callback that is deepest on the stack has returned. */
export function run(chain: Driven): void {
  chain.busy = true
  if (depth === DEEPEST) {
    line.push(chain)
    return
  }
  depth++
  drive(chain)
  depth--
}

/** Runs a chain, and all that it sets going. Never throws. */
function drive(first: Driven): void {
  let current: Driven | null = first
  while (current !== null) {
    if (isOver(current)) {
      current = leave(current)
      continue
    }
    const { at } = current as Driven
    current.at = at + 2
    const step = current.callbacks[current.outcome instanceof Failure ? at + 1 : at] as Step
    if (step === null) continue
    let next: Driven | null = null
    if (typeof step === 'function') {
      let result: unknown
      try {
        result = step(current.outcome as never)
      } catch (error) {
        result = error instanceof Failure ? error : new Failure(error, true)
      }
      current.accept(result)
    } else if (!step.gone) {
      current.links--
      next = step.reached(current)
    }

    // What has nothing to do is not left on the stack, or a callback that asks again would make it long.
    if (next === null && line.length === 0) continue
    let below: Driven | null = isOver(current) ? leave(current) : current
    if (line.length > 0) below = takeLine(below)
    if (next !== null) {
      next.busy = true
      next.under = below
      below = next
    }
    current = below
  }
}

function isOver(chain: Driven): boolean {
  return chain.paused > 0 || chain.at === chain.callbacks.length
}

/** Takes the top off the stack. */
function leave(top: Driven): Driven | null {
  const { under } = top
  top.under = null
  top.busy = false
  top.rest()
  return under
}

/** Puts the chains that stand in line on the stack above `current`, the first on top. */
function takeLine(current: Driven | null): Driven {
  const top = line.shift() as Driven
  let last = top
  for (let next = line.shift(); next !== undefined; next = line.shift()) {
    last.under = next
    last = next
  }
  last.under = current
  return top
}
