import { addInstrument, type TaskView } from '../core/index.ts'
import { Lag } from './lag.ts'

/** What a task has used since somebody watches. */
export interface Usage {
  steps: number
  cpuMs: number
}

/** The watch that goes on, shared by all who asked for it. */
let watch: Watch | null = null
let watchers = 0

/**
 * From now on snapshots of this thread tell how many steps each task has made, how much time they took, and the loop's lag.
 * It costs some hundred nanoseconds a step. Disposing the result ends it.
 *
 * ```ts
 * import { run, sleep, yieldNow } from 'fibril'
 * import { snapshot, watchSteps } from 'fibril/inspect'
 *
 * using watching = watchSteps()
 * const task = run(function* main() {
 *   yield* yieldNow()
 *   yield* sleep(1000)
 * })
 * await run(function* () {
 *   yield* yieldNow()
 *   yield* yieldNow()
 * })
 * console.log(snapshot().tasks[0]?.steps) // => 2
 * task.cancel()
 * ```
 */
export function watchSteps(): Disposable {
  if (watchers++ === 0) watch = new Watch()
  let over = false
  return {
    [Symbol.dispose]() {
      if (over) return
      over = true
      if (--watchers > 0) return
      watch?.[Symbol.dispose]()
      watch = null
    },
  }
}

/** What `task` has used; null while nobody watches. */
export function usageOf(task: TaskView): Usage | null {
  return watch === null ? null : (watch.usages.get(task) ?? { steps: 0, cpuMs: 0 })
}

/** The loop's lag at the last look, in milliseconds; null while nobody watches. */
export function lagMs(): number | null {
  return watch === null ? null : watch.lag.lastMs
}

class Watch implements Disposable {
  readonly usages = new WeakMap<TaskView, Usage>()
  readonly lag = new Lag()
  private readonly remove: () => void
  /** Whose step it is, and the steps that it was begun in: a task may start another in its own step. */
  private running: Usage | null = null
  private readonly outer: (Usage | null)[] = []
  private since = 0

  constructor() {
    this.remove = addInstrument({
      stepBegins: (task) => {
        this.settle()
        this.outer.push(this.running)
        this.running = this.of(task)
      },
      stepEnds: () => {
        this.settle()
        if (this.running !== null) this.running.steps++
        this.running = this.outer.pop() ?? null
      },
    })
  }

  /** The time until now belongs to whoever ran. */
  private settle(): void {
    const now = performance.now()
    if (this.running !== null) this.running.cpuMs += now - this.since
    this.since = now
  }

  private of(task: TaskView): Usage {
    let usage = this.usages.get(task)
    if (usage === undefined) {
      usage = { steps: 0, cpuMs: 0 }
      this.usages.set(task, usage)
    }
    return usage
  }

  [Symbol.dispose](): void {
    this.remove()
    this.lag[Symbol.dispose]()
  }
}
