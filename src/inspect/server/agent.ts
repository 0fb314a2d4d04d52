/** The program's side of the inspector: see `messages.ts`. Does nothing until it is asked. */
import { getHeapStatistics } from 'node:v8'
import type { MessagePort } from 'node:worker_threads'
import { currentLoop } from '../../core/index.ts'
import { Lag } from '../lag.ts'
import { metrics } from '../metrics.ts'
import { onReport } from '../reports/record.ts'
import { watchReports } from '../reports/watch.ts'
import { snapshotLines, taskRecord } from '../snapshot.ts'
import { counts, summary } from '../summary.ts'
import { recordTrace, type Trace } from '../trace/record.ts'
import { BEATS, FIGURES, type FromAgent, LAG, LAG_MAX, type Question, type ToAgent, WANTED } from './messages.ts'
import { Sampler } from './sampler.ts'

/** Characters of a snapshot that are sent at once. */
const CHUNK = 65_536
/** The share of the loop's time that samples may take, and that those may take that are to catch up. */
const SHARE = 0.03
const CATCH_UP = 0.3
/** Events of a trace: some 100 MB. */
const TRACED = 1_000_000

export class Agent {
  readonly #port: MessagePort
  readonly #cells: Int32Array
  readonly #figures: Float64Array
  #lag: Lag | null = null
  #sampler: Sampler | null = null
  #intervalMs = 0
  #next: NodeJS.Timeout | undefined
  readonly #noReports: () => void
  #reports: Disposable | null = null
  #trace: Trace | null = null

  constructor(port: MessagePort, cells: SharedArrayBuffer, figures: SharedArrayBuffer) {
    this.#port = port
    this.#cells = new Int32Array(cells)
    this.#figures = new Float64Array(figures)
    port.on('message', (message: ToAgent) => this.#take(message))
    port.unref()
    this.#noReports = onReport((report) => this.#send({ report }))
  }

  /** Nothing of it goes on. */
  stop(): void {
    this.#beats(false)
    this.#samples(null)
    this.#noReports()
    this.#trace?.stop()
    this.#port.close()
  }

  #take(message: ToAgent): void {
    switch (message.ask) {
      case 'beats':
        return this.#beats(message.on)
      case 'samples':
        return this.#samples(message.intervalMs)
      case 'next':
        return this.#sampleLater()
      default:
        return this.#answer(message)
    }
  }

  // -- beats

  #beats(on: boolean): void {
    this.#lag?.[Symbol.dispose]()
    this.#lag = on ? new Lag((lag) => this.#beat(lag)) : null
    if (this.#lag !== null) this.#beat(this.#lag)
  }

  #beat({ lastMs }: { readonly lastMs: number }): void {
    const lag = Math.min(Math.round(lastMs * 1000), 2 ** 31 - 1)
    Atomics.store(this.#cells, LAG, lag)
    if (lag > Atomics.load(this.#cells, LAG_MAX)) Atomics.store(this.#cells, LAG_MAX, lag)
    const now = { ...counts(), heapUsed: getHeapStatistics().used_heap_size }
    for (const [i, name] of FIGURES.entries()) this.#figures[i] = now[name]
    this.#alive()
  }

  #alive(): void {
    Atomics.add(this.#cells, BEATS, 1)
  }

  // -- samples

  #samples(intervalMs: number | null): void {
    clearTimeout(this.#next)
    if (intervalMs === null) {
      this.#sampler = null
      this.#reports?.[Symbol.dispose]()
      this.#reports = null
      return
    }
    this.#intervalMs = intervalMs
    this.#sampler ??= new Sampler()
    // Those that cost no more than looks at the tasks: a hold is noticed by its beats, and to find the queues the platform would
    // collect garbage. Whoever wants all asks for reports besides.
    this.#reports ??= watchReports({ quiet: true, heldMs: Infinity, queueSize: Infinity })
    this.#sample()
  }

  #sample(): void {
    if (this.#sampler === null) return
    const sample = this.#sampler.sample(currentLoop())
    this.#send({ sample })
    this.#alive()
  }

  /** So that samples take no more than their share of the time. */
  #sampleLater(): void {
    if (this.#sampler === null) return
    const { costMs, catchingUp } = this.#sampler
    const ms = catchingUp ? costMs / CATCH_UP : Math.max(this.#intervalMs, costMs / SHARE)
    clearTimeout(this.#next)
    this.#next = setTimeout(() => this.#sample(), ms).unref()
  }

  // -- questions

  #answer({ id, place, ...question }: Question & { readonly id: number; readonly place: number }): void {
    const wanted = (): boolean => Atomics.load(this.#cells, WANTED + place) === id
    if (!wanted()) return
    if (question.ask === 'trace') return this.#record(id, question.ms, wanted)
    try {
      let text = ''
      for (const part of answer(question)) {
        // However long the whole takes, this is no hold that anybody looks for.
        this.#alive()
        text += part
        if (text.length < CHUNK) continue
        this.#send({ id, text, last: false })
        text = ''
        if (!wanted()) return
      }
      this.#send({ id, text, last: true })
    } catch (error) {
      this.#send({ id, error: error instanceof Error ? error.message : String(error) })
    }
    this.#alive()
  }

  /** One trace at a time. */
  #record(id: number, ms: number, wanted: () => boolean): void {
    if (this.#trace !== null) return this.#send({ id, error: 'another trace is being recorded' })
    const trace = recordTrace(
      (text) => {
        this.#send({ id, text, last: false })
        if (this.#trace !== null && !wanted()) end()
      },
      { maxEvents: TRACED },
    )
    this.#trace = trace
    const end = (): void => {
      clearTimeout(timer)
      this.#trace = null
      trace.stop()
      this.#send({ id, text: '', last: true })
    }
    const timer = setTimeout(end, ms).unref()
  }

  #send(message: FromAgent): void {
    this.#port.postMessage(message)
  }
}

function* answer(question: Exclude<Question, { readonly ask: 'trace' }>): Generator<string> {
  switch (question.ask) {
    case 'snapshot':
      for (const line of snapshotLines(question)) yield `${line}\n`
      return
    case 'task':
      return yield JSON.stringify(taskRecord(question.task))
    case 'summary':
      return yield JSON.stringify(summary())
    case 'metrics':
      return yield metrics()
  }
}
