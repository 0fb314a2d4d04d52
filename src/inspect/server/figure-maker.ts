import type { FigureRecord } from './events.ts'
import type { Heart } from './heart.ts'
import { FIGURES, LAG, LAG_MAX } from './messages.ts'

type Name = (typeof FIGURES)[number]

/** What was read the last time. */
interface Before {
  readonly at: number
  readonly cpuMicros: number
  readonly counts: Readonly<Record<Name, number>>
}

/** Makes figures of what the program's thread leaves in shared memory; also while that is held. */
export class FigureMaker {
  readonly #cells: Int32Array
  readonly #figures: Float64Array
  #before: Before

  constructor(cells: Int32Array, figures: Float64Array) {
    this.#cells = cells
    this.#figures = figures
    this.#before = this.#read()
  }

  /** The first rates are of the time from now on. */
  begin(): void {
    this.#before = { ...this.#read(), counts: { ...this.#before.counts, turns: Number.NaN } }
  }

  make({ held, sinceBeat }: Pick<Heart, 'held' | 'sinceBeat'>): FigureRecord {
    const now = this.#read()
    const { at, cpuMicros, counts: before } = this.#before
    this.#before = now
    const { counts } = now
    const seconds = Math.max(1, now.at - at) / 1000
    // Nothing was counted before the first beat.
    const perS = (name: Name): number =>
      Number.isNaN(before.turns) ? 0 : Math.round(((counts[name] - before[name]) / seconds) * 10) / 10
    const lag = Atomics.load(this.#cells, LAG) / 1000
    const lagMax = Atomics.exchange(this.#cells, LAG_MAX, 0) / 1000
    const lagMs = held === null ? lag : sinceBeat
    return {
      at: Date.now(),
      tasks: counts.spawned - counts.ended,
      ready: counts.ready,
      timers: counts.timers,
      externals: counts.externals,
      lagMs,
      lagMaxMs: Math.max(lagMax, lagMs),
      turnsPerS: perS('turns'),
      stepsPerS: perS('steps'),
      spawnedPerS: perS('spawned'),
      endedPerS: perS('ended'),
      cpu: (now.cpuMicros - cpuMicros) / 1e6 / seconds,
      rss: process.memoryUsage.rss(),
      heapUsed: counts.heapUsed,
      held: held !== null,
    }
  }

  #read(): Before {
    const { user, system } = process.cpuUsage()
    const counts = Object.fromEntries(FIGURES.map((name, i) => [name, this.#figures[i] as number]))
    return { at: performance.now(), cpuMicros: user + system, counts: counts as Record<Name, number> }
  }
}
