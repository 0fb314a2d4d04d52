import { BareLoop } from '../bare.mjs'
import { liveBytes, spreadDelays } from '../measure.mjs'
import { loadFibril } from '../peers.mjs'

const HOUR = 3_600_000
const SECOND = 1000

/**
 * What `park` of each contender gives, once all its tasks sleep.
 *
 * @typedef {object} Sleepers
 * @property {Promise<unknown>} ended
 * @property {() => unknown} [cancel] Ends all sleepers by ending the task that spawned them.
 */

const contenders = {
  async native() {
    async function sleeper(ms) {
      await new Promise((resolve) => setTimeout(resolve, ms))
    }
    async function join(tasks) {
      for (const task of tasks) await task
    }
    return async (delays) => {
      const tasks = []
      for (const ms of delays) tasks.push(sleeper(ms))
      return { ended: join(tasks) }
    }
  },

  async bare() {
    function* sleeper(loop, ms) {
      yield loop.sleep(ms)
    }
    return async (delays) => {
      const loop = new BareLoop()
      const tasks = []
      for (const ms of delays) tasks.push(loop.spawn(sleeper(loop, ms)))
      const ended = new Promise((resolve) => {
        loop.spawn(
          (function* join() {
            for (const task of tasks) if (!task.done) yield loop.join(task)
            resolve()
          })(),
        )
      })
      loop.run()
      return {
        ended,
        cancel: () => {
          loop.cancelSleepers(tasks)
          loop.run()
        },
      }
    }
  },

  async effect() {
    const Effect = await import('effect/Effect')
    const Fiber = await import('effect/Fiber')
    let parked = 0
    const sleeper = Effect.fnUntraced(function* (ms) {
      parked++
      yield* Effect.sleep(ms)
    })
    return (delays) =>
      new Promise((resolve) => {
        parked = 0
        const program = Effect.gen(function* () {
          const fibers = []
          for (const ms of delays) fibers.push(yield* Effect.forkChild(sleeper(ms)))
          while (parked < delays.length) yield* Effect.yieldNow
          resolve({ ended, cancel: () => Effect.runPromise(Fiber.interrupt(parent)) })
          yield* Fiber.awaitAll(fibers)
        })
        const parent = Effect.runFork(program)
        const ended = Effect.runPromise(Fiber.await(parent))
      })
  },

  async effection() {
    const { run, sleep, spawn } = await import('effection')
    let parked = 0
    function* sleeper(ms) {
      parked++
      yield* sleep(ms)
    }
    return (delays) =>
      new Promise((resolve) => {
        parked = 0
        const parent = run(function* () {
          const tasks = []
          for (const ms of delays) tasks.push(yield* spawn(() => sleeper(ms)))
          while (parked < delays.length) yield* sleep(0)
          resolve({ ended: parent.catch(ignoreHalt), cancel: () => parent.halt() })
          for (const task of tasks) yield* task
        })
      })
  },

  async fibril() {
    const { fn, run, sleep, spawn, yieldNow } = await loadFibril('fn', 'run', 'sleep', 'spawn', 'yieldNow')
    let parked = 0
    const sleeper = fn(function* (ms) {
      parked++
      yield* sleep(ms)
    })
    const spawner = fn(function* (delays, whenParked) {
      const tasks = []
      for (const ms of delays) tasks.push(spawn(sleeper(ms)))
      while (parked < delays.length) yield* yieldNow()
      whenParked()
      for (const task of tasks) yield* task.join()
    })
    return (delays) =>
      new Promise((resolve) => {
        parked = 0
        let parent
        const ended = run(function* () {
          parent = spawn(spawner(delays, () => resolve({ ended, cancel: () => parent.cancel() })))
          try {
            yield* parent.join()
          } catch (error) {
            if (error.name !== 'CancelledError') throw error
          }
        })
      })
  },
}

function ignoreHalt(error) {
  if (error.message !== 'halted') throw error
}

/** Bytes of a parked task; and how long it takes to end them all, against how long it took to park them all. */
async function parkedMemory(park, size) {
  await loadPaths(park)
  const delays = spreadDelays(size, SECOND).map((ms) => HOUR + ms)
  const before = liveBytes()
  const start = performance.now()
  const sleepers = await park(delays)
  const spawnMs = performance.now() - start
  const bytes = (liveBytes() - before) / size
  if (sleepers.cancel === undefined) return { bytes, spawnMs }
  const cancelStart = performance.now()
  await sleepers.cancel()
  await sleepers.ended
  const cancelMs = performance.now() - cancelStart
  return { bytes, spawnMs, cancelMs, cancelPerSpawn: cancelMs / spawnMs }
}

/** How long after the longest sleep the last of them is joined; the time to spawn them counts as well. */
async function timeBeyondSleep(park, size) {
  await loadPaths(park)
  const delays = spreadDelays(size, SECOND)
  const longest = delays.reduce((a, b) => Math.max(a, b))
  const start = performance.now()
  const sleepers = await park(delays)
  await sleepers.ended
  const beyondMs = performance.now() - start - longest
  return { beyondUs: (beyondMs * 1000) / size, beyondMs }
}

/** So that modules, classes and rings that are made on first use are not counted. */
async function loadPaths(park) {
  const { ended } = await park(spreadDelays(1000, 10))
  await ended
  const { ended: cancelled, cancel } = await park(spreadDelays(1000, 10))
  await cancel?.()
  await cancelled
}

const sizes = {
  default: { full: 1_000_000, quick: 100_000 },
  effect: { full: 100_000, quick: 20_000 },
  effection: { full: 10_000, quick: 3_000 },
}

/** @type {import('./index.mjs').Scenario} */
export const sleepersMemory = {
  name: 'sleepers-memory',
  title: 'Tasks that sleep for an hour: bytes each, and all ended by ending their parent',
  metrics: [
    { key: 'bytes', title: 'bytes/task' },
    { key: 'spawnMs', title: 'spawn all ms' },
    { key: 'cancelMs', title: 'cancel all ms' },
    { key: 'cancelPerSpawn', title: 'cancel/spawn' },
  ],
  reference: 'native',
  goals: [
    { metric: 'bytes', atMost: 600, stretch: 400, says: 'at most 600 bytes a parked task (stretch 400)' },
    { metric: 'cancelPerSpawn', atMost: 2, says: 'cancelling all takes at most 2 × spawning all' },
  ],
  rounds: 2,
  sizes,
  contenders,
  measure: parkedMemory,
}

/** @type {import('./index.mjs').Scenario} */
export const sleepersTime = {
  name: 'sleepers-time',
  title: 'Tasks that sleep for 0 to 1 s, spawned and joined: the time beyond the longest sleep',
  metrics: [
    { key: 'beyondUs', title: 'µs/task' },
    { key: 'beyondMs', title: 'ms in all' },
  ],
  reference: 'native',
  goals: [],
  rounds: 2,
  sizes,
  contenders,
  measure: timeBeyondSleep,
}
