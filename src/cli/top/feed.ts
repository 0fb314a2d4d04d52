/** Where `fibril top` has its data from: the events of an inspector, or answers to a signal again and again. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  type FigureRecord,
  HeldLoopError,
  type LiveEvent,
  type Summary,
  type Target,
  type TaskRecord,
} from '../../inspect/index.ts'
import type { Figures, Seen } from './view.ts'

/** What there is to see, each time that it has changed; until `signal` is aborted, or with an `InspectError`. */
export function feed(target: Target, intervalMs: number, signal: AbortSignal): AsyncGenerator<Seen> {
  return target.live === null ? bySignal(target, intervalMs, signal) : byEvents(target.live(intervalMs, signal))
}

export const nothingSeen: Seen = {
  process: null,
  figures: null,
  tasks: [],
  at: 0,
  held: null,
  behind: 0,
  complete: false,
}

// -- the events of an inspector

async function* byEvents(events: AsyncIterable<LiveEvent>): AsyncGenerator<Seen> {
  const tasks = new Map<number, TaskRecord>()
  let seen = nothingSeen
  let started = 0
  for await (const { event, data } of events) {
    switch (event) {
      case 'hello':
        started = Date.now() - (data.process?.uptimeMs ?? 0)
        seen = { ...seen, process: data.process }
        break
      case 'tasks':
        if (data.first) tasks.clear()
        for (const task of data.changed) tasks.set(task.id, { ...task, parkedMs: sinceThen(task, data.at) })
        for (const id of data.ended) tasks.delete(id)
        seen = {
          ...seen,
          tasks: [...tasks.values()],
          at: 0,
          behind: data.behind,
          complete: !data.full || data.complete === true,
        }
        break
      case 'figures':
        seen = { ...seen, figures: data, held: data.held ? seen.held : null, process: aged(seen, started) }
        break
      case 'held':
        seen = { ...seen, held: data }
        break
      case 'released':
        seen = { ...seen, held: null }
    }
    yield seen
  }
}

/** Records of different moments stand side by side, so what is kept is since when they wait: `Seen.at` is 0. */
function sinceThen({ parkedMs }: TaskRecord, at: number): number | null {
  return parkedMs === null ? null : parkedMs - at
}

function aged({ process }: Seen, started: number): Seen['process'] {
  return process === null ? null : { ...process, uptimeMs: Date.now() - started }
}

// -- answers to a signal

async function* bySignal(target: Target, intervalMs: number, signal: AbortSignal): AsyncGenerator<Seen> {
  let before: Summary | null = null
  let seen = nothingSeen
  while (!signal.aborted) {
    try {
      const { process, tasks } = await target.snapshot(false)
      const summary = await target.summary()
      const figures = figuresOf(summary, before)
      before = summary
      seen = { process, figures, tasks, at: Date.now(), held: null, behind: 0, complete: true }
    } catch (error) {
      if (!(error instanceof HeldLoopError)) throw error
      seen = { ...seen, held: { sinceMs: 0, text: error.message } }
    }
    yield seen
    await pause(intervalMs, undefined, { signal }).catch(() => {})
  }
}

function figuresOf({ at, counts, process }: Summary, before: Summary | null): Figures {
  const seconds = before === null ? 0 : (Date.parse(at) - Date.parse(before.at)) / 1000
  const rate = (now: number, then: number | undefined): number =>
    seconds <= 0 || then === undefined ? 0 : Math.round(((now - then) / seconds) * 10) / 10
  const cpuOf = ({ cpuMs }: Summary['process']): number => cpuMs.user + cpuMs.system
  const then = before?.counts
  const figures: Omit<FigureRecord, 'lagMs' | 'lagMaxMs'> = {
    at: Date.parse(at),
    tasks: counts.spawned - counts.ended,
    ready: counts.ready,
    timers: counts.timers,
    externals: counts.externals,
    turnsPerS: rate(counts.turns, then?.turns),
    stepsPerS: rate(counts.steps, then?.steps),
    spawnedPerS: rate(counts.spawned, then?.spawned),
    endedPerS: rate(counts.ended, then?.ended),
    cpu: before === null ? 0 : rate(cpuOf(process), cpuOf(before.process)) / 1000,
    rss: process.memoryBytes.rss,
    heapUsed: process.memoryBytes.heapUsed,
    held: false,
  }
  return { ...figures, lagMs: null, lagMaxMs: null }
}
