// fibril run --include synckit --include make-synchronous examples/green/atomics-wait/main.ts
//
// Two packages that make an async function synchronous: they have a worker run it, and block on `Atomics.wait` until it is done.
// Here they are as they are, and their calls park. Each call waits in its worker for all the others to come, which
// would take for ever if one of them held the loop.
//
// Both keep one worker for each function, and answers in the order in which they come: neither expects a second call while
// one is under way. So each task makes itself a function of its own.
import { fileURLToPath } from 'node:url'
import { spawn, TaskLocal } from 'fibril/green'
import makeSynchronous from 'make-synchronous'
import { startWorkerThread } from 'synckit'

const CALLS = 8

/** Counts who has come, and answers when all have. It runs in a worker, by its source text alone. */
// @fibril never-parks
async function meet(n: number, counter: Int32Array<SharedArrayBuffer>, all: number): Promise<string> {
  Atomics.add(counter, 0, 1)
  Atomics.notify(counter, 0)
  for (let here = 1; here < all; here = Atomics.load(counter, 0)) Atomics.wait(counter, 0, here, 60_000)
  return `${n}: all ${all} are here`
}

type Meet = (n: number, counter: Int32Array<SharedArrayBuffer>, all: number) => string

function together(name: string, make: () => Meet): void {
  const own = new TaskLocal<Meet>({ create: make })
  const counter = new Int32Array(new SharedArrayBuffer(4))
  const order: string[] = []
  const tasks = Array.from({ length: CALLS }, (_, n) =>
    spawn(() => {
      order.push(`call ${n}`)
      const answer = own.get()(n, counter, CALLS)
      order.push(`answer ${n}`)
      return answer
    }),
  )
  const answers = tasks.map((task) => task.join())
  const before = order.findIndex((event) => event.startsWith('answer'))
  console.log(`${name}: ${before} calls were made before the first answer; ${answers.join(', ')}`)
}

together('make-synchronous', () => makeSynchronous(meet) as Meet)
together('synckit', () => startWorkerThread<typeof meet>(fileURLToPath(new URL('./meet.mjs', import.meta.url))))
