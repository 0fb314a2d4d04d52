import { BareLoop } from '../bare.mjs'
import { timed } from '../measure.mjs'
import { loadFibril } from '../peers.mjs'

/** Every contender adds its tasks' results up, so that none can be left out. */
function checkSum(sum, tasks) {
  if (sum !== (tasks * (tasks - 1)) / 2) throw new Error(`The results of ${tasks} tasks add up to ${sum}`)
}

const noop = () => {}

function contenders(parks) {
  return {
    async native() {
      const body = parks
        ? async (i) => {
            await undefined
            return i
          }
        : async (i) => i
      return async (tasks) => {
        const batch = []
        for (let i = 0; i < tasks; i++) batch.push(body(i))
        let sum = 0
        for (const value of await Promise.all(batch)) sum += value
        checkSum(sum, tasks)
      }
    },

    async bare() {
      const body = parks
        ? function* (i) {
            yield
            return i
          }
        : function* (i) {
            return i
          }
      return (tasks) => {
        const loop = new BareLoop()
        function* root() {
          const batch = []
          for (let i = 0; i < tasks; i++) batch.push(loop.spawn(body(i)))
          let sum = 0
          for (const task of batch) {
            if (!task.done) yield loop.join(task)
            sum += task.value
          }
          return sum
        }
        const task = loop.spawn(root())
        loop.run()
        checkSum(task.value, tasks)
      }
    },

    // A handle to each task, as the other contenders have. `startImmediately` is the faster of the two ways to fork.
    async effect() {
      const Effect = await import('effect/Effect')
      const Fiber = await import('effect/Fiber')
      const body = effectBody(Effect)
      const program = Effect.fnUntraced(function* (tasks) {
        const batch = []
        for (let i = 0; i < tasks; i++) batch.push(yield* Effect.forkChild(body(i), { startImmediately: true }))
        let sum = 0
        for (const value of yield* Fiber.joinAll(batch)) sum += value
        checkSum(sum, tasks)
      })
      return (tasks) => Effect.runPromise(program(tasks))
    },

    // What its documentation recommends where no handles are needed: the program sees no fiber.
    async effectForEach() {
      const Effect = await import('effect/Effect')
      const body = effectBody(Effect)
      const program = Effect.fnUntraced(function* (tasks) {
        const numbers = Array.from({ length: tasks }, (_, i) => i)
        let sum = 0
        for (const value of yield* Effect.forEach(numbers, body, { concurrency: 'unbounded' })) sum += value
        checkSum(sum, tasks)
      })
      return (tasks) => Effect.runPromise(program(tasks))
    },

    async effection() {
      const { action, run, spawn } = await import('effection')
      const yieldNow = () =>
        action((resolve) => {
          resolve()
          return noop
        })
      const body = parks
        ? function* (i) {
            yield* yieldNow()
            return i
          }
        : function* (i) {
            return i
          }
      return (tasks) =>
        run(function* () {
          const batch = []
          for (let i = 0; i < tasks; i++) batch.push(yield* spawn(() => body(i)))
          let sum = 0
          for (const task of batch) sum += yield* task
          checkSum(sum, tasks)
        })
    },

    async fibril() {
      const { fn, run, spawn, yieldNow } = await loadFibril('fn', 'run', 'spawn', 'yieldNow')
      const body = parks
        ? fn(function* (i) {
            yield* yieldNow()
            return i
          })
        : fn(function* (i) {
            return i
          })
      return (tasks) =>
        run(function* () {
          const batch = []
          for (let i = 0; i < tasks; i++) batch.push(spawn(body(i)))
          let sum = 0
          for (const task of batch) sum += yield* task
          checkSum(sum, tasks)
        })
    },
  }

  function effectBody(Effect) {
    return parks
      ? Effect.fnUntraced(function* (i) {
          yield* Effect.yieldNow
          return i
        })
      : Effect.fnUntraced(function* (i) {
          return i
        })
  }
}

const sizes = {
  default: { full: 10_000, quick: 10_000 },
  effection: { full: 2_000, quick: 1_000 },
}

/** @type {import('./index.mjs').Scenario} */
export const spawnJoin = {
  name: 'spawn-join',
  title: 'A batch of tasks that return at once, spawned, then joined; an operation is one task',
  metrics: [{ key: 'ns', title: 'ns' }],
  reference: 'native',
  goals: [
    { metric: 'ns', against: 'native', atMost: 2, stretch: 1.3, says: 'at most 2 × native (stretch 1.3 ×)' },
    { metric: 'ns', against: 'effect', atMost: 1 / 5, says: '5 × faster than effect' },
  ],
  rounds: 5,
  sizes,
  contenders: contenders(false),
  measure: timed,
}

/** @type {import('./index.mjs').Scenario} */
export const spawnJoinPark = {
  name: 'spawn-join-park',
  title: 'A batch of tasks that give way once before they return; an operation is one task',
  metrics: [{ key: 'ns', title: 'ns' }],
  reference: 'native',
  goals: [],
  rounds: 5,
  sizes,
  contenders: contenders(true),
  measure: timed,
}
