import { UsageError } from '../../core/index.ts'

/**
 * How chance spreads the pauses, so that a crowd that failed together does not come back together. Of a pause that would
 * be `p` ms without: `none` waits `p`; `equal` between `p/2` and `p`; `full` between 0 and `p`; `decorrelated` between
 * `baseMs` and `factor` times the pause before.
 */
export type Jitter = 'none' | 'equal' | 'full' | 'decorrelated'

/** How pauses grow. */
export interface BackoffOptions {
  /** The first pause, in milliseconds. 100 if left out. */
  readonly baseMs?: number
  /** What each pause is multiplied by for the next. 2 if left out. */
  readonly factor?: number
  /** The longest pause, in milliseconds. 30000 if left out. */
  readonly maxMs?: number
  /** `equal` if left out. */
  readonly jitter?: Jitter
  /** Makes chance repeat itself: the same seed gives the same pauses. */
  readonly seed?: number
}

const kinds: readonly Jitter[] = ['none', 'equal', 'full', 'decorrelated']

/**
 * Pauses that grow, without end, from one failure to the next. `reset` begins anew, for when something has worked.
 *
 * ```ts
 * import { run, sleep } from 'fibril'
 * import { Backoff } from 'fibril/net'
 *
 * let failures = 3
 * await run(function* () {
 *   for (const pause of new Backoff({ baseMs: 1, jitter: 'none' })) {
 *     if (failures-- === 0) break
 *     console.log(`again in ${pause} ms`)
 *     yield* sleep(pause)
 *   }
 * })
 * // prints: again in 1 ms
 * // prints: again in 2 ms
 * // prints: again in 4 ms
 * ```
 */
export class Backoff implements IterableIterator<number> {
  /** What it was made with, defaults filled in: plain data, of which another can be made. */
  readonly policy: Readonly<Required<Omit<BackoffOptions, 'seed'>> & Pick<BackoffOptions, 'seed'>>
  readonly #random: () => number
  #attempts = 0
  /** What the next pause is before chance has its say; for `decorrelated`, the last pause. */
  #pause: number

  constructor(options: BackoffOptions = {}) {
    const { baseMs = 100, factor = 2, maxMs = 30_000, jitter = 'equal', seed } = options
    if (!(baseMs >= 0 && baseMs < Infinity))
      throw new UsageError(`the base of a back-off is in milliseconds, not ${baseMs}`)
    if (!(factor >= 1 && factor < Infinity))
      throw new UsageError(`the factor of a back-off is 1 or more, not ${factor}: pauses do not shrink`)
    if (!(maxMs >= baseMs)) throw new UsageError(`the longest pause of a back-off, ${maxMs} ms, is below its first`)
    if (!kinds.includes(jitter))
      throw new UsageError(`the jitter of a back-off is one of ${kinds.join(', ')}, not ${String(jitter)}`)
    this.policy = Object.freeze({ baseMs, factor, maxMs, jitter, ...(seed === undefined ? {} : { seed }) })
    this.#random = seed === undefined ? Math.random : seeded(seed)
    this.#pause = baseMs
  }

  /** Pauses that it has given since it was made or reset. */
  get attempts(): number {
    return this.#attempts
  }

  /** The next pause, in milliseconds. There always is one. */
  next(): IteratorYieldResult<number> {
    const { baseMs, factor, maxMs, jitter } = this.policy
    const grown = this.#pause
    this.#attempts++
    if (jitter === 'decorrelated') {
      this.#pause = Math.min(maxMs, baseMs + this.#random() * (grown * factor - baseMs))
      return { value: this.#pause, done: false }
    }
    this.#pause = Math.min(maxMs, grown * factor)
    const value = jitter === 'none' ? grown : jitter === 'full' ? this.#random() * grown : fromHalf(grown, this.#random)
    return { value, done: false }
  }

  /** Begins with the first pause again. Chance goes on from where it is. */
  reset(): void {
    this.#attempts = 0
    this.#pause = this.policy.baseMs
  }

  [Symbol.iterator](): this {
    return this
  }
}

function fromHalf(pause: number, random: () => number): number {
  return (pause * (1 + random())) / 2
}

/** @internal Numbers from 0 to 1 that look random and follow from a seed (xorshift32). */
export function seeded(seed: number): () => number {
  // Zero is the one state that it never leaves.
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
