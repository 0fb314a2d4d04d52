/** All that watch: sends them what happens, and has the program beat and sample only while there is somebody. */
import type { ServerResponse } from 'node:http'
import type { ReportRecord } from '../reports/record.ts'
import type { HeldRecord, HelloEvent } from './events.ts'
import type { FigureMaker } from './figure-maker.ts'
import type { Heart } from './heart.ts'
import type { History } from './history.ts'
import { LiveStream } from './live-stream.ts'
import type { Sample, ToAgent } from './messages.ts'
import { Mirror } from './mirror.ts'

const FIGURES_MS = 500

export class Live {
  readonly #heart: Heart
  readonly #history: History
  readonly #figures: FigureMaker
  readonly #tell: (message: ToAgent) => void
  readonly #streams = new Set<LiveStream>()
  readonly #mirror = new Mirror()
  #quiet: () => void = () => {}
  #timer: NodeJS.Timeout | undefined
  #intervalMs: number | null = null

  constructor(heart: Heart, history: History, figures: FigureMaker, tell: (message: ToAgent) => void) {
    this.#heart = heart
    this.#history = history
    this.#figures = figures
    this.#tell = tell
  }

  get size(): number {
    return this.#streams.size
  }

  /** Sends events to `response`, whose head was sent, until it closes. */
  add(response: ServerResponse, hello: HelloEvent): void {
    const stream = new LiveStream(response, this.#mirror, hello.intervalMs)
    stream.send('hello', hello)
    if (this.#heart.held !== null) stream.send('held', this.#heart.held)
    this.#streams.add(stream)
    if (this.#streams.size === 1) this.#begin()
    response.on('close', () => {
      this.#streams.delete(stream)
      if (this.#streams.size === 0) this.#end()
      else this.#pace()
    })
    this.#pace()
    stream.pump()
  }

  /** A sample has come. */
  take(sample: Sample): void {
    if (this.#streams.size > 0) {
      this.#mirror.take(sample)
      for (const stream of this.#streams) stream.note(sample.changed, sample.ended)
    }
    this.#tell({ ask: 'next' })
  }

  takeReport(report: ReportRecord): void {
    this.#history.addReport(report)
    this.send('report', report)
  }

  /** Something that everybody is told. */
  send(event: string, data: object, needed = true): void {
    for (const stream of this.#streams) stream.send(event, data, needed)
  }

  #begin(): void {
    this.#figures.begin()
    this.#timer = setInterval(() => {
      const figures = this.#figures.make(this.#heart)
      this.#history.addFigures(figures)
      this.send('figures', figures, false)
    }, FIGURES_MS)
    this.#quiet = this.#heart.listen({
      held: (record: HeldRecord) => this.send('held', record),
      released: (heldMs) => this.send('released', { heldMs }),
    })
  }

  #end(): void {
    clearInterval(this.#timer)
    this.#quiet()
    this.#mirror.clear()
    this.#pace()
  }

  /** Samples come as often as whoever wants them most often wants them. */
  #pace(): void {
    const wanted = [...this.#streams].map(({ intervalMs }) => intervalMs)
    const intervalMs = wanted.length === 0 ? null : Math.min(...wanted)
    if (intervalMs !== this.#intervalMs) this.#tell({ ask: 'samples', intervalMs })
    this.#intervalMs = intervalMs
  }
}
