// Each primitive, with a task cancelled at each of its waits, in many schedules: whatever happens, nothing is lost, nothing
// is held by nobody, nobody waits for ever, and nothing is left in any line.
import assert from 'node:assert/strict'
import { type Body, BrokenError, type Task, yieldNow } from '../../src/index.ts'
import {
  Barrier,
  Channel,
  Condition,
  Event,
  Limit,
  Lock,
  Queue,
  ReentrantLock,
  Semaphore,
} from '../../src/sync/index.ts'
import { cancelEverywhere, ended } from './cancel-everywhere.ts'
import { inManyOrders } from './in-many-orders.ts'

const repeat = <X>(times: number, make: (i: number) => X): X[] => Array.from({ length: times }, (_, i) => make(i))

/** Two who give, two who take, and somebody who closes when the givers have ended. */
function exchange(
  give: (item: string) => Body<void>,
  take: () => Body<string | null>,
  close: () => void,
  rest: () => string[],
) {
  const given: string[] = []
  const taken: string[] = []
  const giver = (name: string) =>
    function* (): Body<void> {
      for (let i = 0; i < 4; i++) {
        yield* give(`${name}${i}`)
        given.push(`${name}${i}`)
      }
    }
  const taker = function* (): Body<void> {
    for (let item = yield* take(); item !== null; item = yield* take()) {
      taken.push(item)
      yield* yieldNow()
    }
  }
  return {
    bodies: [giver('a'), giver('b'), taker, taker],
    *supervise(tasks: readonly Task<unknown>[]): Body<void> {
      for (const task of tasks.slice(0, 2)) yield* ended(task)
      close()
    },
    check(): void {
      const got = [...taken, ...rest()]
      assert.deepEqual(got.sort(), given.sort(), 'all that was given, once, and nothing else')
    },
  }
}

inManyOrders('queues lose no item and duplicate none', function* () {
  for (const options of [{}, { capacity: 1 }, { capacity: 3 }, { capacity: 2, order: 'lifo' as const }]) {
    yield* cancelEverywhere(() => {
      const queue = new Queue<string>(options)
      const program = exchange(
        function* (item) {
          yield* queue.put(item)
        },
        function* () {
          const next = yield* queue.next()
          return next.done ? null : next.value
        },
        () => queue.close(),
        () => repeat(queue.size, () => queue.tryGet() as string),
      )
      return {
        ...program,
        check() {
          program.check()
          const { size, getters, putters } = queue.stats()
          assert.deepEqual([size, getters, putters], [0, 0, 0])
        },
      }
    })
  }
})

inManyOrders('channels lose no item and duplicate none', function* () {
  yield* cancelEverywhere(() => {
    const channel = new Channel<string>()
    const program = exchange(
      function* (item) {
        yield* channel.send(item)
      },
      function* () {
        const next = yield* channel.next()
        return next.done ? null : next.value
      },
      () => channel.close(),
      () => [],
    )
    return {
      ...program,
      check() {
        program.check()
        const { senders, receivers } = channel.stats()
        assert.deepEqual([senders, receivers], [0, 0])
      },
    }
  })
})

inManyOrders('join ends when every item is done, whoever is cancelled', function* () {
  yield* cancelEverywhere(() => {
    const queue = new Queue<number>({ capacity: 2 })
    const worker = function* (): Body<void> {
      yield* queue.forEach(yieldNow)
    }
    return {
      bodies: [
        function* () {
          for (let n = 0; n < 5; n++) yield* queue.put(n)
        },
        function* () {
          yield* queue.join()
        },
        worker,
        worker,
      ],
      *supervise(tasks) {
        for (const task of tasks.slice(0, 2)) yield* ended(task)
        queue.close()
      },
      check() {
        assert.equal(queue.unfinished, 0)
        assert.equal(queue.joiners.size, 0)
      },
    }
  })
})

for (const [name, make] of [
  ['locks', () => new Lock()],
  ['reentrant locks', () => new ReentrantLock()],
] as const) {
  inManyOrders(`${name} are held by one, and in the end by nobody`, function* () {
    yield* cancelEverywhere(() => {
      const lock = make()
      let inside = 0
      const body = function* (): Body<void> {
        for (let i = 0; i < 2; i++) {
          using _ = yield* lock.acquire()
          assert.equal(++inside, 1)
          try {
            yield* yieldNow()
          } finally {
            inside--
          }
        }
      }
      return {
        bodies: [body, body, body],
        check: () => assert.deepEqual(lock.stats(), { name: '', locked: false, owner: null, waiting: 0 }),
      }
    })
  })
}

inManyOrders('the permits of semaphores and limits all come back', function* () {
  yield* cancelEverywhere(() => {
    const semaphore = new Semaphore(2)
    let inside = 0
    const body = function* (): Body<void> {
      using _ = yield* semaphore.acquire()
      assert.ok(++inside <= 2)
      try {
        yield* yieldNow()
      } finally {
        inside--
      }
    }
    return {
      bodies: repeat(4, () => body),
      check: () => assert.deepEqual(semaphore.stats(), { name: '', available: 2, limit: 2, waiting: 0 }),
    }
  })
  yield* cancelEverywhere(() => {
    const limit = new Limit(1)
    return {
      bodies: repeat(
        3,
        () =>
          function* (): Body<void> {
            yield* limit.run(() => yieldNow())
          },
      ),
      check: () => assert.deepEqual(limit.stats(), { name: '', concurrency: 1, running: 0, waiting: 0 }),
    }
  })
})

inManyOrders('events wake all but those who left', function* () {
  yield* cancelEverywhere(() => {
    const event = new Event()
    let woken = 0
    const waiter = function* (): Body<void> {
      yield* event.wait()
      woken++
    }
    return {
      bodies: [waiter, waiter, waiter],
      *supervise() {
        yield* yieldNow()
        event.set()
      },
      check(tasks) {
        assert.equal(event.stats().waiting, 0)
        assert.equal(woken, tasks.filter((task) => task.outcome?.status === 'done').length)
      },
    }
  })
})

inManyOrders('conditions give the lock back and lose no notification', function* () {
  yield* cancelEverywhere(() => {
    const condition = new Condition()
    const { lock } = condition
    const items: number[] = []
    let produced = 0
    let consumed = 0
    let closed = false
    const producer = function* (): Body<void> {
      for (let i = 0; i < 3; i++) {
        using _ = yield* lock.acquire()
        items.push(++produced)
        condition.notify()
      }
    }
    const consumer = function* (): Body<void> {
      for (;;) {
        yield* lock.acquire()
        try {
          while (items.length === 0 && !closed) yield* condition.wait()
          if (items.length === 0) return
          items.shift()
          consumed++
        } finally {
          // A UsageError unless it is ours, however the wait ended.
          lock.release()
        }
      }
    }
    return {
      bodies: [consumer, producer, consumer, producer],
      *supervise(tasks) {
        for (const task of [tasks[1], tasks[3]]) yield* ended(task as Task<unknown>)
        using _ = yield* lock.acquire()
        closed = true
        condition.notifyAll()
      },
      check(tasks) {
        assert.deepEqual(lock.stats(), { name: '', locked: false, owner: null, waiting: 0 })
        assert.equal(condition.stats().waiting, 0)
        for (const task of tasks) assert.notEqual(task.outcome?.status, 'failed')
        assert.equal(consumed, produced)
      },
    }
  })
})

inManyOrders('barriers let all go on, or fail for all', function* () {
  yield* cancelEverywhere(() => {
    const barrier = new Barrier(3)
    const party = function* (): Body<number> {
      let rounds = 0
      try {
        for (; rounds < 2; rounds++) yield* barrier.wait()
      } catch (error) {
        assert.ok(error instanceof BrokenError)
      }
      return rounds
    }
    return {
      bodies: [party, party, party],
      check(tasks) {
        const { waiting, rounds } = barrier.stats()
        assert.equal(waiting, 0)
        for (const { outcome } of tasks) if (outcome?.status === 'done') assert.equal(outcome.value, rounds)
      },
    }
  })
})
