import type { TaskEnding, TaskView } from './machine.ts'

/**
 * Watches tasks from within. Every hook is optional; all run synchronously, inside the engine, so they must be quick and
 * may neither wait nor change what they see. One that throws is removed and reported.
 */
export interface Instrument {
  /** A task was made; it is ready. */
  spawned?(task: TaskView): void
  /** It was put in the loop's line, by what it waited for or by a cancel. */
  ready?(task: TaskView): void
  stepBegins?(task: TaskView): void
  stepEnds?(task: TaskView): void
  /** It waits now; `task.reason` says for what. */
  parked?(task: TaskView, reason: string): void
  ended?(task: TaskView, status: TaskEnding): void
}

type Hook = keyof Instrument

/** The one instrument that the engine calls: null while nobody listens, so that a hook costs a comparison. */
export const instruments: { active: Required<Instrument> | null } = { active: null }

const listeners = new Set<Instrument>()

/**
 * Adds an instrument for all loops of this thread. Returns how to remove it.
 *
 * ```ts
 * import { addInstrument, run, sleep } from 'fibril'
 *
 * const remove = addInstrument({ parked: (task, reason) => console.log(`${task.name} waits for ${reason}`) })
 * await run(function* main() {
 *   yield* sleep(1)
 * })
 * remove()
 * // prints: main waits for 1 ms to pass
 * ```
 */
export function addInstrument(instrument: Instrument): () => void {
  listeners.add(instrument)
  rebuild()
  return () => {
    listeners.delete(instrument)
    rebuild()
  }
}

let onFault: (error: unknown) => void = () => {}

/** @internal Where the fault of an instrument is told. */
export function reportInstrumentFaultsTo(report: (error: unknown) => void): void {
  onFault = report
}

function rebuild(): void {
  instruments.active = listeners.size === 0 ? null : combine()
}

function combine(): Required<Instrument> {
  const call = (hook: Hook) => {
    const heard = [...listeners].filter((listener) => listener[hook] !== undefined)
    return (...args: never[]): void => {
      for (const listener of heard) {
        if (!listeners.has(listener)) continue
        try {
          ;(listener[hook] as (...args: never[]) => void)(...args)
        } catch (error) {
          listeners.delete(listener)
          rebuild()
          onFault(error)
        }
      }
    }
  }
  return {
    spawned: call('spawned'),
    ready: call('ready'),
    stepBegins: call('stepBegins'),
    stepEnds: call('stepEnds'),
    parked: call('parked'),
    ended: call('ended'),
  }
}
