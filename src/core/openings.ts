import type { LoopView } from './machine.ts'

/** Something that a program holds open and that no task, timer or handle shows: a Deferred that has not fired. */
export interface Opening {
  readonly kind: string
  readonly name: string
  /** What is open about it, and who waits for it. */
  readonly reason: string
  /** Where it was made: a stack trace without its head line. */
  readonly madeAt: string | null
  /** Ends it, so that it cannot disturb what comes next. Does not throw. */
  letGo(): void
}

/** Gives what is open on a loop. */
export type Lister = (loop: LoopView) => Iterable<Opening>

/**
 * How whoever checks for leaks learns of things that the engine does not know. A floor above adds a lister, and keeps
 * account while somebody watches.
 */
class Openings {
  /** How many watch. Nothing needs to be kept while it is 0. */
  watchers = 0
  /** Places that may still be recorded: those of a burst would cost more than what is made there. */
  places = 0
  private readonly listers = new Set<Lister>()

  addLister(lister: Lister): void {
    this.listers.add(lister)
  }

  /** All that is open on a loop, as far as it was made while somebody watched. */
  list(loop: LoopView): Opening[] {
    return [...this.listers].flatMap((lister) => [...lister(loop)])
  }
}

/** The account of this thread. */
export const openings: Openings = new Openings()
