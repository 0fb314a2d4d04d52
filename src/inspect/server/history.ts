import type { ReportRecord } from '../reports/record.ts'
import type { FigureRecord, HeldRecord, HistoryRecord, HoldRecord } from './events.ts'

const FIGURES_MS = 300_000
const REPORTS = 200
const HOLDS = 200

/** What happened of late. Kept in the inspector's thread, so that it costs the program nothing and is there while it hangs. */
export class History {
  #figures: FigureRecord[] = []
  #reports: ReportRecord[] = []
  #held: HoldRecord[] = []

  addFigures(figures: FigureRecord): void {
    this.#figures.push(figures)
    // Not at each: what is too old is cut off in one go.
    const first = this.#figures[0] as FigureRecord
    if (figures.at - first.at > FIGURES_MS * 1.1)
      this.#figures = this.#figures.filter(({ at }) => figures.at - at <= FIGURES_MS)
  }

  addReport(report: ReportRecord): void {
    this.#reports.push(report)
    if (this.#reports.length > REPORTS * 2) this.#reports = this.#reports.slice(-REPORTS)
  }

  /** The hold that lasts: a new one, or the former one again. */
  held(record: HeldRecord): void {
    if (this.#held.at(-1)?.heldMs === null) this.#held.pop()
    this.#held.push({ ...record, heldMs: null })
    if (this.#held.length > HOLDS * 2) this.#held = this.#held.slice(-HOLDS)
  }

  released(heldMs: number): void {
    const last = this.#held.pop()
    if (last !== undefined) this.#held.push({ ...last, heldMs })
  }

  record(): HistoryRecord {
    return { figures: this.#figures, reports: this.#reports.slice(-REPORTS), held: this.#held.slice(-HOLDS) }
  }
}
