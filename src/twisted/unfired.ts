/**
 * The Deferreds that have not fired: of all that are made while debugging is on or a test watches. They are kept alive by
 * this, so that one that was lost is in the list.
 */
import { currentLoop, type LoopView, type Opening, openings } from '../core/index.ts'

/** What is told of each. */
interface Tracked {
  readonly label: string
  readonly madeAt: string
  readonly callbacks: { readonly length: number }
  waiters(): string[]
  cancel(): void
  drop(): void
}

/** A Deferred that has not fired. */
export interface UnfiredDeferred {
  /** Where it was made: lines of a stack trace. */
  readonly madeAt: string
  /** Callbacks that wait for it, those of waiters included. */
  readonly callbacks: number
  /** Who waits for it, in words: tasks, promises, other Deferreds. */
  readonly waiters: readonly string[]
  /** Cancels it. */
  cancel(): void
}

const tracked = new Map<Tracked, LoopView>()

/** @internal */
export function track(deferred: Tracked): void {
  tracked.set(deferred, currentLoop())
}

/** @internal */
export function untrack(deferred: Tracked): void {
  tracked.delete(deferred)
}

/**
 * All Deferreds that have not fired, oldest first, with where they were made and who waits for them: of those made while
 * `setDebugging(true)`, `FIBRIL_DEBUG` or a test watched.
 *
 * ```ts
 * import { Deferred, setDebugging, unfiredDeferreds } from 'fibril/twisted'
 *
 * setDebugging(true)
 * const answer = new Deferred<number>().addCallback(console.log)
 * console.log(unfiredDeferreds().map(({ callbacks }) => callbacks)) // prints: [ 1 ]
 * answer.callback() // prints: undefined
 * console.log(unfiredDeferreds().length) // prints: 0
 * setDebugging(false)
 * ```
 */
export function unfiredDeferreds(): UnfiredDeferred[] {
  return [...tracked.keys()].map((deferred) => {
    const { madeAt, callbacks } = deferred
    return Object.freeze({
      madeAt,
      callbacks: callbacks.length / 2,
      waiters: deferred.waiters(),
      cancel: () => deferred.cancel(),
    })
  })
}

openings.addLister(function* (loop): Generator<Opening> {
  for (const [deferred, at] of [...tracked]) {
    if (at !== loop) continue
    const waiters = deferred.waiters()
    const rest = deferred.callbacks.length / 2 - waiters.length
    const waits = [...waiters, ...(rest > 0 ? [`${rest} callback${rest === 1 ? '' : 's'}`] : [])]
    yield {
      kind: 'Deferred',
      name: 'a Deferred',
      reason: waits.length === 0 ? 'has not fired' : `has not fired; there wait ${waits.join(', ')}`,
      madeAt: deferred.madeAt || null,
      letGo: () => {
        tracked.delete(deferred)
        deferred.drop()
      },
    }
  }
})
