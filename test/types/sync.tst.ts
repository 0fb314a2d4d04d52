// What users of fibril/sync see: items keep their types through queues, results through blocks.
import { type Body, fn, type Operation, run, type Wait } from 'fibril'
import {
  Channel,
  Condition,
  Event,
  Limit,
  Lock,
  mapLimit,
  Queue,
  type QueueOptions,
  ReentrantLock,
  Semaphore,
} from 'fibril/sync'
import type { Equal, Expect } from './expect.ts'

interface Job {
  readonly rank: number
}

// -- queues and channels

const numbers = new Queue<number>({ capacity: 2, name: 'numbers' })
const byRank = new Queue({ order: (a: Job, b: Job) => a.rank - b.rank })
const unknowns = new Queue()
const channel = new Channel<string>()

export type Exchanges = [
  Expect<Equal<typeof byRank, Queue<Job>>>,
  Expect<Equal<typeof unknowns, Queue<unknown>>>,
  Expect<Equal<ReturnType<typeof numbers.get>, Wait<number>>>,
  Expect<Equal<ReturnType<typeof numbers.put>, Wait<void>>>,
  Expect<Equal<ReturnType<typeof numbers.tryGet>, number | undefined>>,
  Expect<Equal<ReturnType<typeof numbers.tryPut>, boolean>>,
  Expect<Equal<ReturnType<typeof numbers.next>, Wait<IteratorResult<number, undefined>>>>,
  Expect<Equal<ReturnType<typeof channel.receive>, Wait<string>>>,
  Expect<Equal<ReturnType<typeof channel.tryReceive>, string | undefined>>,
]

export const inTask = fn(function* () {
  const item = yield* numbers.get()
  const next = yield* numbers.next()
  const last = next.done ? null : next.value
  yield* numbers.forEach((n: number) => void n.toFixed())
  yield* byRank.forEach(function* (job) {
    yield* numbers.put(job.rank)
  })
  return [item, last, yield* channel.receive()] as const
})

export async function outside() {
  const item = await numbers.get()
  const items: string[] = []
  for await (const text of channel) items.push(text)
  return [item, items] as const
}

export type Taken = [
  Expect<Equal<ReturnType<typeof inTask>, Operation<readonly [number, number | null, string]>>>,
  Expect<Equal<ReturnType<typeof outside>, Promise<readonly [number, string[]]>>>,
]

export const exactOptions: QueueOptions<number> = { order: 'lifo' }

// @ts-expect-error an item of another type
numbers.put('one')
// @ts-expect-error an item of another type
numbers.tryPut('one')
// @ts-expect-error an item of another type
channel.send(1)
// @ts-expect-error no such order
new Queue({ order: 'random' })
// @ts-expect-error capacity is a number
new Queue({ capacity: '3' })
// @ts-expect-error a function that compares other items
new Queue<string>({ order: (a: Job, b: Job) => a.rank - b.rank })

// -- locks and semaphores

const lock = new Lock()
const semaphore = new Semaphore(2, { name: 'seats', limit: 3 })
const condition = new Condition({ lock: new ReentrantLock() })
const generatorBody = lock.with(function* () {
  yield* condition.wait()
  return 1
})
const asyncBody = semaphore.with(async () => 'x')
const plainBody = lock.with(() => null)
const operationBody = new Limit(2).run(numbers.get())

export type Blocks = [
  Expect<Equal<ReturnType<typeof lock.acquire>, Wait<Disposable>>>,
  Expect<Equal<ReturnType<typeof semaphore.acquire>, Wait<Disposable>>>,
  Expect<Equal<typeof generatorBody, Operation<number>>>,
  Expect<Equal<typeof asyncBody, Operation<string>>>,
  Expect<Equal<typeof plainBody, Operation<null>>>,
  Expect<Equal<typeof operationBody, Operation<number>>>,
  Expect<Equal<typeof condition.lock, Lock>>,
]

export const released = run(function* () {
  using held = yield* lock.acquire()
  return held
})

// @ts-expect-error the number of permits is not optional
new Semaphore()
// @ts-expect-error a name goes into the options
new Event('ready')
// @ts-expect-error a lock cannot be assigned an owner
lock.owner = null
// @ts-expect-error figures are read-only
lock.stats().waiting = 0

// -- mapLimit

const byGenerator = mapLimit(
  [1, 2],
  function* (n, index): Body<string> {
    return `${n.toFixed()} ${index.toFixed()}`
  },
  { concurrency: 2 },
)
const byCall = mapLimit(new Set(['a']), inTask, { concurrency: 2 })
const byPromise = mapLimit(channel, async (text) => text.length, { concurrency: 2, ordered: false })
const byValue = mapLimit([true], (flag) => !flag, { concurrency: 1 })

export type Maps = [
  Expect<Equal<typeof byGenerator, Operation<string[]>>>,
  Expect<Equal<typeof byCall, Operation<(readonly [number, number | null, string])[]>>>,
  Expect<Equal<typeof byPromise, Operation<number[]>>>,
  Expect<Equal<typeof byValue, Operation<boolean[]>>>,
]

// @ts-expect-error without a limit use all()
mapLimit([1], (n) => n)
// @ts-expect-error not iterable
mapLimit(1, (n) => n, { concurrency: 1 })
