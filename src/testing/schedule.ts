/**
 * Theory of operation: a seed is a schedule.
 *
 * Whenever more than one task is ready, the loop asks which comes first. A schedule answers, and its answers follow
 * from its seed and the questions alone: so the same program under the same seed runs in the same order, step by step.
 * Seed 0 is the natural order, first in, first out. Any other seed draws one of three kinds, because they find
 * different bugs:
 *
 *   - *uniform*: each ready task with the same chance. Finds what needs a short, arbitrary shuffle.
 *   - *drift*: the natural order with a random choice now and then. Finds what is one slip away from what runs in
 *     production.
 *   - *priorities*: each task has a random rank and the highest always runs; at a few random moments the one that is
 *     chosen falls to the bottom. Finds what needs one task to be far ahead of another, which a uniform choice at each
 *     of n steps does with chance 2^-n: a bug that needs d such ordering constraints among n tasks and k steps is
 *     found with chance at least 1 / (n · k^(d-1)). This is PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A
 *     Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010,
 *     https://www.microsoft.com/en-us/research/publication/a-randomized-scheduler-with-probabilistic-guarantees-of-finding-bugs/
 *     Here k is not known beforehand, for a seed must be enough to replay a run, so the moments lie below a random
 *     power of two. And as ranks are unfair, they give way to a uniform choice when very many were made without a
 *     pause: two tasks that spin until a third has done its part must not keep it from running for ever.
 */
import { Random } from './random.ts'

/** The tasks that are ready, in the order in which they came. */
export interface ReadyLine {
  readonly length: number
  at(index: number): { readonly id: number }
}

export interface Schedule {
  readonly kind: 'natural' | 'uniform' | 'drift' | 'priorities'
  /** The index of the task that runs next. Asked only where there are at least two. */
  next(line: ReadyLine): number
  /** Nothing is ready any more. */
  paused(): void
}

/** The schedule that a seed stands for. */
export function scheduleOf(seed: number): Schedule {
  if (seed === 0) return natural
  const random = new Random(seed)
  const kind = random.below(8)
  if (kind < 4) return new Uniform(random)
  if (kind < 5) return new Drift(random)
  return new Priorities(random)
}

export const natural: Schedule = {
  kind: 'natural',
  next: () => 0,
  paused: () => {},
}

class Uniform implements Schedule {
  readonly kind = 'uniform'
  private readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  next(line: ReadyLine): number {
    return this.random.below(line.length)
  }

  paused(): void {}
}

class Drift implements Schedule {
  readonly kind = 'drift'
  private readonly random: Random
  private readonly rarity: number

  constructor(random: Random) {
    this.random = random
    this.rarity = 2 ** (1 + random.below(4))
  }

  next(line: ReadyLine): number {
    return this.random.below(this.rarity) === 0 ? this.random.below(line.length) : 0
  }

  paused(): void {}
}

/** Choices without a pause after which ranks no longer count. */
const UNFAIR = 4096
/** How far down the line ranks are compared. */
const SEEN = 64

class Priorities implements Schedule {
  readonly kind = 'priorities'
  private readonly random: Random
  private readonly ranks = new Map<number, number>()
  /** The choices, counted from 1, at which the chosen task falls. */
  private readonly falls = new Set<number>()
  private lowest = 0
  private choices = 0
  private unpaused = 0

  constructor(random: Random) {
    this.random = random
    for (let depth = 1 + random.below(3); depth > 0; depth--) this.falls.add(1 + random.below(2 ** random.below(12)))
  }

  next(line: ReadyLine): number {
    this.choices++
    if (++this.unpaused > UNFAIR) return this.random.below(line.length)
    const first = this.highest(line)
    if (!this.falls.has(this.choices)) return first
    this.ranks.set(line.at(first).id, --this.lowest)
    return this.highest(line)
  }

  paused(): void {
    this.unpaused = 0
  }

  private highest(line: ReadyLine): number {
    let best = 0
    let highest = -Infinity
    for (let index = Math.min(line.length, SEEN) - 1; index >= 0; index--) {
      const { id } = line.at(index)
      let rank = this.ranks.get(id)
      if (rank === undefined) {
        rank = this.random.next()
        this.ranks.set(id, rank)
      }
      if (rank >= highest) {
        highest = rank
        best = index
      }
    }
    return best
  }
}
