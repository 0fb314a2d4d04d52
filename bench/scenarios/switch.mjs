import { BareLoop } from '../bare.mjs'
import { timed } from '../measure.mjs'
import { loadFibril } from '../peers.mjs'

/** What each task does between two switches: make sure that another task has run since its last turn. */
class Alternation {
  #last = -1

  enter(id) {
    if (this.#last === id) throw new Error(`Task ${id} ran twice in a row: this is no switch`)
    this.#last = id
  }
}

const noop = () => {}

function contenders(tasks) {
  return {
    async native() {
      async function body(id, loops, turns) {
        for (let i = 0; i < loops; i++) {
          turns.enter(id)
          await undefined
        }
      }
      return (switches) => {
        const turns = new Alternation()
        const bodies = []
        for (let id = 0; id < tasks; id++) bodies.push(body(id, switches / tasks, turns))
        return Promise.all(bodies)
      }
    },

    async bare() {
      function* body(id, loops, turns) {
        for (let i = 0; i < loops; i++) {
          turns.enter(id)
          yield
        }
      }
      return (switches) => {
        const loop = new BareLoop()
        const turns = new Alternation()
        for (let id = 0; id < tasks; id++) loop.spawn(body(id, switches / tasks, turns))
        loop.run()
      }
    },

    effect: () => effectContender(tasks, {}),

    // The scheduler that Effect documents for hosts without macrotasks: it hops by microtasks and lets no I/O through.
    effectMicrotasks: () => effectContender(tasks, { microtasks: true }),

    async effection() {
      const { action, run, spawn } = await import('effection')
      // There is no operation for this. The reducer puts a routine that is resumed at the end of its queue, so an
      // action that resolves at once is the cheapest real switch; sleep(0) is a timer of 1 ms each.
      const yieldNow = () =>
        action((resolve) => {
          resolve()
          return noop
        })
      function* body(id, loops, turns) {
        for (let i = 0; i < loops; i++) {
          turns.enter(id)
          yield* yieldNow()
        }
      }
      return (switches) =>
        run(function* () {
          const turns = new Alternation()
          const bodies = []
          for (let id = 0; id < tasks; id++) bodies.push(yield* spawn(() => body(id, switches / tasks, turns)))
          for (const task of bodies) yield* task
        })
    },

    fibril: () =>
      fibrilContender(
        tasks,
        () =>
          function* (id, loops, turns) {
            for (let i = 0; i < loops; i++) {
              turns.enter(id)
              yield
            }
          },
      ),

    // The operation: what else a task waits for costs at least this much.
    fibrilYieldNow: () =>
      fibrilContender(
        tasks,
        (yieldNow) =>
          function* (id, loops, turns) {
            for (let i = 0; i < loops; i++) {
              turns.enter(id)
              yield* yieldNow()
            }
          },
      ),
  }
}

async function fibrilContender(tasks, bodyWith) {
  const { fn, run, spawn, yieldNow } = await loadFibril('fn', 'run', 'spawn', 'yieldNow')
  const body = fn(bodyWith(yieldNow))
  return (switches) =>
    run(function* () {
      const turns = new Alternation()
      const bodies = []
      for (let id = 0; id < tasks; id++) bodies.push(spawn(body(id, switches / tasks, turns)))
      for (const task of bodies) yield* task
    })
}

async function effectContender(tasks, { microtasks = false }) {
  const Effect = await import('effect/Effect')
  const Fiber = await import('effect/Fiber')
  const { MixedScheduler, Scheduler } = await import('effect/Scheduler')
  const body = Effect.fnUntraced(function* (id, loops, turns) {
    for (let i = 0; i < loops; i++) {
      turns.enter(id)
      yield* Effect.yieldNow
    }
  })
  return (switches) => {
    const program = Effect.gen(function* () {
      const turns = new Alternation()
      const fibers = []
      for (let id = 0; id < tasks; id++) fibers.push(yield* Effect.forkChild(body(id, switches / tasks, turns)))
      yield* Fiber.joinAll(fibers)
    })
    if (!microtasks) return Effect.runPromise(program)
    return Effect.runPromise(Effect.provideService(program, Scheduler, new MixedScheduler('sync')))
  }
}

function scenario(tasks, sizes) {
  return {
    name: `switch-${tasks}`,
    title: `${tasks.toLocaleString('en')} tasks yield to one another; an operation is one switch`,
    metrics: [{ key: 'ns', title: 'ns' }],
    reference: 'native',
    goals: [
      {
        metric: 'ns',
        against: 'native',
        atMost: 1 / 1.5,
        stretch: 0.5,
        says: '1.5 × faster than native (stretch 2 ×)',
      },
      { metric: 'ns', against: 'effect', atMost: 1 / 15, says: '15 × faster than effect' },
    ],
    rounds: 5,
    sizes,
    contenders: contenders(tasks),
    measure: timed,
  }
}

/** @type {import('./index.mjs').Scenario} */
export const switch2 = scenario(2, {
  default: { full: 1_000_000, quick: 300_000 },
  effect: { full: 100_000, quick: 40_000 },
  effectMicrotasks: { full: 100_000, quick: 40_000 },
  effection: { full: 50_000, quick: 20_000 },
})

/** @type {import('./index.mjs').Scenario} */
export const switch1000 = scenario(1000, {
  default: { full: 1_000_000, quick: 300_000 },
  effect: { full: 100_000, quick: 40_000 },
  effectMicrotasks: { full: 100_000, quick: 40_000 },
  effection: { full: 20_000, quick: 10_000 },
})
