import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { probeLoop } from '../loop-probe.mjs'
import { loadFibril } from '../peers.mjs'

/** Nothing runs: what the probes themselves show on this machine. */
async function idle() {
  return async (control, tasks) => {
    for (let i = 0; i < tasks; i++) control.arrive()
    await delay(control.deadline - performance.now())
  }
}

const ready = {
  idle,

  async native() {
    async function body(control) {
      control.arrive()
      while (control.isOn) await undefined
    }
    return (control, tasks) => {
      const bodies = []
      for (let i = 0; i < tasks; i++) bodies.push(body(control))
      return Promise.all(bodies)
    }
  },

  async effect() {
    const Effect = await import('effect/Effect')
    const Fiber = await import('effect/Fiber')
    const Scheduler = await import('effect/Scheduler')
    const body = Effect.fnUntraced(function* (control) {
      control.arrive()
      while (control.isOn) yield* Effect.yieldNow
    })
    return (control, tasks) => {
      const program = Effect.gen(function* () {
        const fibers = []
        for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(body(control)))
        yield* Fiber.awaitAll(fibers)
      })
      // Or the spawning fiber would be made to yield every 2,048 operations, each time for a round of all the others.
      return Effect.runPromise(Effect.provideService(program, Scheduler.PreventSchedulerYield, true))
    }
  },

  async fibril() {
    const { fn, run, spawn, yieldNow } = await loadFibril('fn', 'run', 'spawn', 'yieldNow')
    const body = fn(function* (control) {
      control.arrive()
      while (control.isOn) yield* yieldNow()
    })
    return (control, tasks) =>
      run(function* () {
        const bodies = []
        for (let i = 0; i < tasks; i++) bodies.push(spawn(body(control)))
        for (const task of bodies) yield* task.join()
      })
  },
}

const chatty = {
  idle,

  async native() {
    return async (control) => {
      control.arrive()
      while (control.isOn) await undefined
    }
  },

  // The cure in plain JavaScript, and what it costs.
  async nativeImmediate() {
    return async (control) => {
      control.arrive()
      while (control.isOn) await nextTurn()
    }
  },

  async effect() {
    const Effect = await import('effect/Effect')
    const body = Effect.fnUntraced(function* (control) {
      control.arrive()
      while (control.isOn) yield* Effect.yieldNow
    })
    return (control) => Effect.runPromise(body(control))
  },

  async effection() {
    const { action, run } = await import('effection')
    const yieldNow = () =>
      action((resolve) => {
        resolve()
        return () => {}
      })
    return (control) =>
      run(function* () {
        control.arrive()
        while (control.isOn) yield* yieldNow()
      })
  },

  async fibril() {
    const { run, yieldNow } = await loadFibril('run', 'yieldNow')
    return (control) =>
      run(function* () {
        control.arrive()
        while (control.isOn) yield* yieldNow()
      })
  },
}

const queue = {
  idle,

  async native() {
    return async (control) => {
      const items = []
      control.arrive()
      while (control.isOn) {
        items.push(control.steps)
        await Promise.resolve(items.pop())
      }
    }
  },

  async effect() {
    const Effect = await import('effect/Effect')
    const Queue = await import('effect/Queue')
    const body = Effect.fnUntraced(function* (control) {
      const queue = yield* Queue.unbounded()
      control.arrive()
      while (control.isOn) {
        yield* Queue.offer(queue, control.steps)
        yield* Queue.take(queue)
      }
    })
    return (control) => Effect.runPromise(body(control))
  },

  async effection() {
    const { createQueue, run } = await import('effection')
    return (control) =>
      run(function* () {
        const queue = createQueue()
        control.arrive()
        while (control.isOn) {
          queue.add(control.steps)
          yield* queue.next()
        }
      })
  },

  async fibril() {
    const { Queue, run } = await loadFibril('Queue', 'run')
    return (control) =>
      run(function* () {
        const queue = new Queue()
        control.arrive()
        while (control.isOn) {
          yield* queue.put(control.steps)
          yield* queue.get()
        }
      })
  },
}

function scenario(name, title, contenders, sizes) {
  return {
    name,
    title,
    metrics: [
      { key: 'workP99', title: 'CPU ms a turn p99' },
      { key: 'turnP99', title: 'turn ms p99' },
      { key: 'turnMax', title: 'max' },
      { key: 'timerMax', title: 'timer late max' },
      { key: 'echoP99', title: 'echo p99' },
      { key: 'echoMax', title: 'echo max' },
      { key: 'steps', title: 'M steps/s' },
    ],
    goals: [
      // In CPU time, which a busy machine does not stretch as it does the rest.
      { metric: 'workP99', atMost: 15, says: 'at most 15 ms of work between two turns of the host’s loop (p99)' },
    ],
    rounds: 2,
    sizes,
    contenders,
    measure: (load, size, { quick }) => probeLoop(load, size, quick ? 300 : 600),
  }
}

/** @type {import('./index.mjs').Scenario} */
export const fairnessReady = scenario(
  'fairness-ready',
  'The host’s own events while a great many tasks are ready, each giving way in a loop',
  ready,
  { default: { full: 1_000_000, quick: 100_000 }, effect: { full: 200_000, quick: 50_000 } },
)

/** @type {import('./index.mjs').Scenario} */
export const fairnessChatty = scenario(
  'fairness-chatty',
  'The host’s own events beside one task that gives way in a tight loop',
  chatty,
  { default: { full: 1, quick: 1 } },
)

/** @type {import('./index.mjs').Scenario} */
export const fairnessQueue = scenario(
  'fairness-queue',
  'The host’s own events beside one task that puts and gets in a tight loop: what it waits for is always there',
  queue,
  { default: { full: 1, quick: 1 } },
)
