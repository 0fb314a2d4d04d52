// Real threads. Their programs are written here, as data: URLs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ClosedError } from '../../examples/scheduler/errors.ts'
import type { Future } from '../../examples/scheduler/future.ts'
import type { Requests } from '../../examples/scheduler/requests.ts'
import { Scheduler } from '../../examples/scheduler/scheduler.ts'
import { WorkerPool } from '../../examples/scheduler/worker-pool.ts'

test('each job gets its own answer, though there are more jobs than threads', async () => {
  const pool = new WorkerPool<number, number>(thread('parentPort.postMessage(input * 2)'), 2)
  const inputs = Array.from({ length: 50 }, (_, i) => i)
  const outcomes = await wait(inputs.map((input) => pool.submit(input)))
  assert.deepEqual(
    outcomes,
    inputs.map((input) => input * 2),
  )
  await pool.close()
})

test('as many threads are started as allowed, and no more', async () => {
  // Each pair of jobs can only end together.
  const program = `
    const arrived = Atomics.add(input, 0, 1) + 1
    Atomics.notify(input, 0)
    if (arrived % 2 === 1) Atomics.wait(input, 0, arrived)
    parentPort.postMessage(threadId)
  `
  const pool = new WorkerPool<Int32Array, number>(thread(program), 2)
  const counter = new Int32Array(new SharedArrayBuffer(4))
  const threads = await wait([1, 2, 3, 4, 5, 6].map(() => pool.submit(counter)))
  assert.equal(new Set(threads).size, 2)
  assert.equal(pool.threads, 2)
  await pool.close()
  assert.equal(pool.threads, 0)
})

test('a job that throws fails its own future; the next gets a new thread', async () => {
  const pool = new WorkerPool<string, string>(
    thread("if (input === 'bad') throw new RangeError('no')\nparentPort.postMessage(input)"),
    1,
  )
  const outcomes = await wait(['good', 'bad', 'good'].map((input) => pool.submit(input)))
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : outcome)),
    ['good', 'RangeError: no', 'good'],
  )
  await pool.close()
})

test('a thread that ends without an answer fails the future of its job', async () => {
  const pool = new WorkerPool<number, number>(thread('process.exit(input)'), 1)
  const [outcome] = await wait([pool.submit(3)])
  assert.match((outcome as Error).message, /the thread ended: 3/)
  await pool.close()
})

test('a thread that ends while it is idle is replaced', async () => {
  const pool = new WorkerPool<string, string>(
    thread("parentPort.postMessage(input); if (input === 'bye') process.exit()"),
    1,
  )
  assert.deepEqual(await wait([pool.submit('bye')]), ['bye'])
  while (pool.threads > 0) await nextTurn()
  assert.deepEqual(await wait([pool.submit('hello')]), ['hello'])
  await pool.close()
})

test('an input that cannot be sent fails its own future, and the thread is kept for the next', async () => {
  const pool = new WorkerPool<unknown, unknown>(thread('parentPort.postMessage(input)'), 1)
  const outcomes = await wait([pool.submit(() => {}), pool.submit('fine')])
  assert.equal((outcomes[0] as Error).name, 'DataCloneError')
  assert.equal(outcomes[1], 'fine')
  await pool.close()
})

test('closing the pool stops its threads in the middle of their work, and fails what has no answer', async () => {
  const pool = new WorkerPool<number, number>(thread('for (;;);'), 1)
  const jobs = [pool.submit(1), pool.submit(2)]
  await pool.close()
  for (const outcome of await wait(jobs)) assert.ok(outcome instanceof ClosedError)
  assert.throws(() => pool.submit(3), ClosedError)
})

// ---- Actors -----------------------------------------------------------------------------------------------------

/** A thread that runs this with each input. */
function thread(program: string): URL {
  const source = `
    import { parentPort, threadId } from 'node:worker_threads'
    parentPort.on('message', (input) => {${program}})
  `
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

/** What the futures come to: results and errors. */
async function wait<T>(futures: Future<T>[]): Promise<unknown[]> {
  const scheduler = new Scheduler()
  const tasks = futures.map((future) => scheduler.spawn(outcome(future)))
  await scheduler.run()
  return tasks.map((task) => task.done.result())

  function* outcome(future: Future<T>): Requests<unknown> {
    try {
      return yield* future.wait()
    } catch (error) {
      return error
    }
  }
}
