import { addInstrument, FibrilError, type Task, type TaskView } from '../core/index.ts'
import { awaitDrive, type Mode } from './drive.ts'
import { Random } from './random.ts'
import { macrotask } from './real-world.ts'
import { randomSeed, seedOfEnvironment } from './seed.ts'
import { TestHost } from './test-host.ts'
import type { TestHostOptions } from './virtual-host.ts'

/** A program to explore: makes a fresh body for each run, or is one. */
export type Program = (host: TestHost) => unknown

/** How to explore. */
export interface ExploreOptions extends Omit<TestHostOptions, 'shuffle'> {
  /** How many schedules to run. Default: 1000. */
  readonly runs?: number
  /** What the seeds of the runs follow from. Default: a random one. */
  readonly seed?: number
}

/** What an exploration that found no failure saw. */
export interface Exploration {
  readonly runs: number
  /** Schedules among them that made different choices. */
  readonly distinct: number
  /** What the seeds of the runs followed from. */
  readonly seed: number
}

/** How many of the last steps are kept. */
const KEPT = 40
/** Runs between two breaths of the platform. */
const BREATH = 100

/**
 * A schedule under which the program fails. Code `FIBRIL_EXPLORE`; the failure is the `cause`; `SEED=n` in the
 * environment makes `explore`, and any `TestHost` without a seed of its own, run this one schedule.
 */
export class ExploreError extends FibrilError {
  /** The seed of the failing schedule. */
  readonly seed: number
  /** Which run it was, from 1. */
  readonly run: number
  /** The last steps before the failure: which task ran. Tasks are numbered within the run. */
  readonly steps: readonly string[]

  /** @internal */
  constructor(message: string, seed: number, run: number, steps: readonly string[], cause: unknown) {
    super('FIBRIL_EXPLORE', message, { cause })
    this.seed = seed
    this.run = run
    this.steps = steps
  }
}
Object.defineProperty(ExploreError.prototype, 'name', { value: 'ExploreError', configurable: true, writable: true })

/**
 * Runs a program under many schedules, each in a fresh `TestHost`, until one fails, and throws an `ExploreError` that
 * tells the seed which replays it. The first schedule is the natural one; the others follow from `seed`. What kinds of
 * order are tried is told in schedule.ts.
 *
 * A run fails as `TestHost.run` does: by its failure, a deadlock, a leak. Programs that wait for nothing but each
 * other run by the ten thousand a second; those that wait for promises are waited for. All state must be made by the
 * program, as each run must find it fresh.
 *
 * ```ts
 * import { sleep, spawn, yieldNow } from 'fibril'
 * import { explore, ExploreError } from 'fibril/testing'
 *
 * let error: unknown
 * try {
 *   await explore(function* () {
 *     let balance = 0
 *     const deposit = function* () {
 *       const before = balance
 *       yield* yieldNow() // another deposit may come here
 *       balance = before + 1
 *     }
 *     spawn(deposit)
 *     spawn(deposit)
 *     yield* sleep(1)
 *     if (balance !== 2) throw new Error(`a deposit was lost: ${balance}`)
 *   })
 * } catch (thrown) {
 *   error = thrown
 * }
 * console.log(error instanceof ExploreError && (error.cause as Error).message) // => a deposit was lost: 1
 * ```
 */
export async function explore(program: Program, options: ExploreOptions = {}): Promise<Exploration> {
  const only = seedOfEnvironment()
  const { runs = 1000, seed = randomSeed(), ...rest } = options
  const total = only === undefined ? runs : 1
  const seeds = new Random(seed)
  const seen = new Set<string>()
  // Promises that no task waits for are driven by microtasks, which only a patient run lets happen in time.
  let mode: Mode = 'eager'
  for (let run = 1; run <= total; run++) {
    const chosen = only ?? (run === 1 ? 0 : seeds.next())
    const settings = { maxSteps: 1_000_000, ...rest, seed: chosen }
    const host = new TestHost(settings, false)
    const failure = await attempt(host, program, mode)
    seen.add(host.fingerprint)
    if (run % BREATH === 0) await macrotask()
    if (failure === null) continue

    // Once more, with every place and step recorded.
    const steps: string[] = []
    const again = await recording(steps, new TestHost(settings), (host) => attempt(host, program, 'patient'))
    if (again !== null) throw found(chosen, run, total, again.error, steps)
    if (mode === 'patient') throw found(chosen, run, total, failure.error, null)
    mode = 'patient'
  }
  return { runs: total, distinct: seen.size, seed }
}

/** `steps` is null if it did not fail again when it was replayed. */
function found(seed: number, run: number, runs: number, failure: unknown, steps: string[] | null): ExploreError {
  const what = failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure)
  const how =
    steps === null
      ? 'it did not fail again under this seed: something else than the schedule decides (chance, real time, an earlier run)'
      : `SEED=${seed} in the environment replays this schedule alone. The last steps: ${steps.join(', ')}`
  return new ExploreError(
    `run ${run} of ${runs} failed, with seed ${seed}: ${what}\n${how}`,
    seed,
    run,
    steps ?? [],
    failure,
  )
}

interface Failure {
  readonly error: unknown
}

async function attempt(host: TestHost, program: Program, mode: Mode): Promise<Failure | null> {
  try {
    await awaitDrive(host.loop, host.play(bodyOf(program), mode))
    return null
  } catch (error) {
    return { error }
  }
}

/** The body of one run. A program may be a body, or give one. */
function bodyOf(program: Program): (host: TestHost) => unknown {
  const body = (host: TestHost): unknown => {
    const made = program(host)
    return typeof made === 'function' ? made() : made
  }
  Object.defineProperty(body, 'name', { value: program.name })
  return body
}

/** Runs `attempt` and puts the last steps of its tasks into `steps`. */
async function recording<T>(steps: string[], host: TestHost, attempt: (host: TestHost) => Promise<T>): Promise<T> {
  let first = 0
  const remove = addInstrument({
    stepBegins(task: TaskView) {
      if ((task as Task<unknown>).loop !== host.loop) return
      if (first === 0) first = task.id
      steps.push(`${task.name} #${task.id - first + 1}`)
      if (steps.length > 2 * KEPT) steps.splice(0, KEPT)
    },
  })
  try {
    return await attempt(host)
  } finally {
    remove()
    steps.splice(0, steps.length - KEPT)
  }
}
