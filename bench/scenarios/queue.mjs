import { BareLoop } from '../bare.mjs'
import { BareQueue, PromiseQueue } from '../hand-made-queues.mjs'
import { timed } from '../measure.mjs'
import { loadFibril } from '../peers.mjs'

function checkSum(sum, items) {
  if (sum !== (items * (items - 1)) / 2) throw new Error(`${items} items add up to ${sum}`)
}

const buffered = {
  async native() {
    async function drain(queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) sum += await queue.get()
      return sum
    }
    return async (items) => {
      const queue = new PromiseQueue()
      for (let i = 0; i < items; i++) queue.put(i)
      checkSum(await drain(queue, items), items)
    }
  },

  async bare() {
    function* drain(queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) {
        while (queue.isEmpty) yield queue.waitToGet()
        sum += queue.shift()
      }
      return sum
    }
    return (items) => {
      const loop = new BareLoop()
      const queue = new BareQueue(loop)
      for (let i = 0; i < items; i++) queue.push(i)
      const drainer = loop.spawn(drain(queue, items))
      loop.run()
      checkSum(drainer.value, items)
    }
  },

  async effect() {
    const Effect = await import('effect/Effect')
    const Fiber = await import('effect/Fiber')
    const Queue = await import('effect/Queue')
    const drain = Effect.fnUntraced(function* (queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) sum += yield* Queue.take(queue)
      return sum
    })
    return async (items) => {
      const program = Effect.gen(function* () {
        const queue = yield* Queue.unbounded()
        for (let i = 0; i < items; i++) yield* Queue.offer(queue, i)
        return yield* Fiber.join(yield* Effect.forkChild(drain(queue, items)))
      })
      checkSum(await Effect.runPromise(program), items)
    }
  },

  async effection() {
    const { createQueue, run, spawn } = await import('effection')
    function* drain(queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) sum += (yield* queue.next()).value
      return sum
    }
    return async (items) => {
      const sum = await run(function* () {
        const queue = createQueue()
        for (let i = 0; i < items; i++) queue.add(i)
        return yield* yield* spawn(() => drain(queue, items))
      })
      checkSum(sum, items)
    }
  },

  async fibril() {
    const { fn, Queue, run, spawn } = await loadFibril('fn', 'Queue', 'run', 'spawn')
    const drain = fn(function* (queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) sum += yield* queue.get()
      return sum
    })
    return async (items) => {
      const sum = await run(function* () {
        const queue = new Queue()
        for (let i = 0; i < items; i++) yield* queue.put(i)
        return yield* spawn(drain(queue, items)).join()
      })
      checkSum(sum, items)
    }
  },
}

const pingpong = {
  async native() {
    async function produce(queue, items) {
      for (let i = 0; i < items; i++) await queue.put(i)
    }
    async function consume(queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) sum += await queue.get()
      return sum
    }
    return async (items) => {
      const queue = new PromiseQueue(1)
      const [sum] = await Promise.all([consume(queue, items), produce(queue, items)])
      checkSum(sum, items)
    }
  },

  async bare() {
    function* produce(queue, items) {
      for (let i = 0; i < items; i++) {
        while (queue.isFull) yield queue.waitToPut()
        queue.push(i)
      }
    }
    function* consume(queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) {
        while (queue.isEmpty) yield queue.waitToGet()
        sum += queue.shift()
      }
      return sum
    }
    return (items) => {
      const loop = new BareLoop()
      const queue = new BareQueue(loop, 1)
      const consumer = loop.spawn(consume(queue, items))
      loop.spawn(produce(queue, items))
      loop.run()
      checkSum(consumer.value, items)
    }
  },

  async effect() {
    const Effect = await import('effect/Effect')
    const Fiber = await import('effect/Fiber')
    const Queue = await import('effect/Queue')
    const produce = Effect.fnUntraced(function* (queue, items) {
      for (let i = 0; i < items; i++) yield* Queue.offer(queue, i)
    })
    const consume = Effect.fnUntraced(function* (queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) sum += yield* Queue.take(queue)
      return sum
    })
    return async (items) => {
      const program = Effect.gen(function* () {
        const queue = yield* Queue.bounded(1)
        const consumer = yield* Effect.forkChild(consume(queue, items))
        const producer = yield* Effect.forkChild(produce(queue, items))
        yield* Fiber.join(producer)
        return yield* Fiber.join(consumer)
      })
      checkSum(await Effect.runPromise(program), items)
    }
  },

  async effection() {
    const { createQueue, run, spawn } = await import('effection')
    // Its queues and channels have no bound, so a second queue carries "taken" back to the producer.
    function* produce(queue, taken, items) {
      for (let i = 0; i < items; i++) {
        queue.add(i)
        yield* taken.next()
      }
    }
    function* consume(queue, taken, items) {
      let sum = 0
      for (let i = 0; i < items; i++) {
        sum += (yield* queue.next()).value
        taken.add(undefined)
      }
      return sum
    }
    return async (items) => {
      const sum = await run(function* () {
        const queue = createQueue()
        const taken = createQueue()
        const consumer = yield* spawn(() => consume(queue, taken, items))
        const producer = yield* spawn(() => produce(queue, taken, items))
        yield* producer
        return yield* consumer
      })
      checkSum(sum, items)
    }
  },

  async fibril() {
    const { fn, Queue, run, spawn } = await loadFibril('fn', 'Queue', 'run', 'spawn')
    const produce = fn(function* (queue, items) {
      for (let i = 0; i < items; i++) yield* queue.put(i)
    })
    const consume = fn(function* (queue, items) {
      let sum = 0
      for (let i = 0; i < items; i++) sum += yield* queue.get()
      return sum
    })
    return async (items) => {
      const sum = await run(function* () {
        const queue = new Queue({ capacity: 1 })
        const consumer = spawn(consume(queue, items))
        const producer = spawn(produce(queue, items))
        yield* producer.join()
        return yield* consumer.join()
      })
      checkSum(sum, items)
    }
  },
}

/** @type {import('./index.mjs').Scenario} */
export const queueBuffered = {
  name: 'queue-buffered',
  title: 'Items put into an unbounded queue, then drained by a task; an operation is one item put and got',
  metrics: [{ key: 'ns', title: 'ns' }],
  reference: 'native',
  goals: [],
  rounds: 5,
  sizes: {
    default: { full: 1_000_000, quick: 200_000 },
    effect: { full: 200_000, quick: 50_000 },
    // Grows with the square of the items: each `add` moves all that wait.
    effection: { full: 10_000, quick: 10_000 },
  },
  contenders: buffered,
  measure: timed,
}

/** @type {import('./index.mjs').Scenario} */
export const queuePingpong = {
  name: 'queue-pingpong',
  title: 'A producer and a consumer on a queue of capacity 1; an operation is one item put and got',
  metrics: [{ key: 'ns', title: 'ns' }],
  reference: 'native',
  goals: [],
  rounds: 5,
  sizes: {
    default: { full: 500_000, quick: 100_000 },
    effect: { full: 50_000, quick: 20_000 },
    effection: { full: 20_000, quick: 10_000 },
  },
  contenders: pingpong,
  measure: timed,
}
