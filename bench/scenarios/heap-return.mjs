import { BareLoop } from '../bare.mjs'
import { liveBytes } from '../measure.mjs'
import { loadFibril } from '../peers.mjs'

const BATCH = 1000

// One error for all: what is measured is what the runtime keeps, not what V8 takes to record a stack.
const boom = new Error('boom')

const expectBoom = (error) => {
  if (error !== boom) throw error
}

/** Each contender gives `joined(tasks)`: in batches, spawned then joined; and `failed(tasks)`: one by one, caught. */
const contenders = {
  async native() {
    async function body(i) {
      await undefined
      return i
    }
    async function failing() {
      await undefined
      throw boom
    }
    return {
      async joined(tasks) {
        for (let done = 0; done < tasks; done += BATCH) {
          const batch = []
          for (let i = 0; i < BATCH; i++) batch.push(body(i))
          await Promise.all(batch)
        }
      },
      async failed(tasks) {
        for (let i = 0; i < tasks; i++) await failing().catch(expectBoom)
      },
    }
  },

  async bare() {
    function* body(i) {
      yield
      return i
    }
    function* failing() {
      throw boom
    }
    const loop = new BareLoop()
    function* joinAll(tasks) {
      for (let done = 0; done < tasks; done += BATCH) {
        const batch = []
        for (let i = 0; i < BATCH; i++) batch.push(loop.spawn(body(i)))
        for (const task of batch) if (!task.done) yield loop.join(task)
      }
    }
    function* catchAll(tasks) {
      for (let i = 0; i < tasks; i++) {
        const task = loop.spawn(failing())
        yield loop.join(task)
        expectBoom(task.error)
      }
    }
    function run(body) {
      loop.spawn(body)
      loop.run()
    }
    return { joined: (tasks) => run(joinAll(tasks)), failed: (tasks) => run(catchAll(tasks)) }
  },

  async effect() {
    const Cause = await import('effect/Cause')
    const Effect = await import('effect/Effect')
    const Exit = await import('effect/Exit')
    const Fiber = await import('effect/Fiber')
    const body = Effect.fnUntraced(function* (i) {
      yield* Effect.yieldNow
      return i
    })
    const failing = Effect.fnUntraced(function* () {
      yield* Effect.yieldNow
      yield* Effect.fail(boom)
    })
    const joined = Effect.fnUntraced(function* (tasks) {
      for (let done = 0; done < tasks; done += BATCH) {
        const batch = []
        for (let i = 0; i < BATCH; i++) batch.push(yield* Effect.forkChild(body(i)))
        yield* Fiber.joinAll(batch)
      }
    })
    const failed = Effect.fnUntraced(function* (tasks) {
      for (let i = 0; i < tasks; i++) {
        const exit = yield* Fiber.await(yield* Effect.forkChild(failing()))
        expectBoom(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined)
      }
    })
    return { joined: (tasks) => Effect.runPromise(joined(tasks)), failed: (tasks) => Effect.runPromise(failed(tasks)) }
  },

  async effection() {
    const { run, scoped, spawn } = await import('effection')
    return {
      joined: (tasks) =>
        run(function* () {
          for (let done = 0; done < tasks; done += BATCH) {
            const batch = []
            for (let i = 0; i < BATCH; i++) {
              batch.push(
                yield* spawn(function* () {
                  return i
                }),
              )
            }
            for (const task of batch) yield* task
          }
        }),
      // A task that fails fails its scope, so each has one of its own.
      failed: (tasks) =>
        run(function* () {
          for (let i = 0; i < tasks; i++) {
            try {
              yield* scoped(function* () {
                yield* yield* spawn(function* () {
                  throw boom
                })
              })
            } catch (error) {
              expectBoom(error)
            }
          }
        }),
    }
  },

  async fibril() {
    const { fn, run, spawn, yieldNow } = await loadFibril('fn', 'run', 'spawn', 'yieldNow')
    const body = fn(function* (i) {
      yield* yieldNow()
      return i
    })
    const failing = fn(function* () {
      yield* yieldNow()
      throw boom
    })
    return {
      joined: (tasks) =>
        run(function* () {
          for (let done = 0; done < tasks; done += BATCH) {
            const batch = []
            for (let i = 0; i < BATCH; i++) batch.push(spawn(body(i)))
            for (const task of batch) yield* task.join()
          }
        }),
      failed: (tasks) =>
        run(function* () {
          for (let i = 0; i < tasks; i++) {
            const task = spawn.detached(failing())
            try {
              yield* task.join()
            } catch (error) {
              expectBoom(error)
            }
          }
        }),
    }
  },
}

/** How much more lives after all those tasks than before, in kB. */
async function heapGrowth({ joined, failed }, size) {
  await joined(2 * BATCH)
  await failed(BATCH)
  const start = liveBytes()
  await joined(size)
  const afterJoined = liveBytes()
  await failed(size)
  const afterFailed = liveBytes()
  return { joinedKb: (afterJoined - start) / 1000, failedKb: (afterFailed - afterJoined) / 1000 }
}

/** @type {import('./index.mjs').Scenario} */
export const heapReturn = {
  name: 'heap-return',
  title: 'Tasks spawned and joined, then failed and caught: what the heap has grown by, in kB for all of them',
  metrics: [
    { key: 'joinedKb', title: 'joined kB', spread: true },
    { key: 'failedKb', title: 'failed kB', spread: true },
  ],
  goals: [
    { metric: 'joinedKb', atMost: 1000, says: 'joined tasks leave less than 1 MB' },
    { metric: 'failedKb', atMost: 1000, says: 'failed tasks leave less than 1 MB' },
  ],
  rounds: 2,
  sizes: {
    default: { full: 1_000_000, quick: 200_000 },
    effect: { full: 100_000, quick: 20_000 },
    effection: { full: 5_000, quick: 2_000 },
  },
  contenders,
  measure: heapGrowth,
}
