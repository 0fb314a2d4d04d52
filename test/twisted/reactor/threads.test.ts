import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { suspend } from '../../../src/core/index.ts'
import { ThreadPool } from '../../../src/offload/index.ts'
import {
  deferLater,
  deferToThread,
  exposeToThreads,
  type Failure,
  type Functions,
  reactor,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'
import { LoggedErrors } from '../logged-errors.ts'

const samples = new URL('./samples/', import.meta.url)

/** Runs a worker to its end, with a door to these functions. */
function* withWorker(job: string, functions: Functions) {
  const door = exposeToThreads(reactor, functions)
  const port = door.port()
  const worker = new Worker(fileURLToPath(new URL('caller.js', samples)), {
    workerData: { port, job },
    transferList: [port],
  })
  const code = yield* suspend<number>('a worker to end', (wake) => void worker.once('exit', wake), { external: true })
  door.close()
  assert.equal(code, 0)
}

it('callFromThread of a worker calls functions of this thread, in the order of the calls', function* () {
  const heard: unknown[] = []
  yield* withWorker('calls', { note: (...args: unknown[]) => heard.push(args.join(' ')) })
  assert.deepEqual(
    heard,
    Array.from({ length: 100 }, (_, i) => `call ${i}`),
  )
})

it('what a function throws that a thread called is logged, and the next call is made', function* () {
  using errors = new LoggedErrors()
  const heard: unknown[] = []
  yield* withWorker('fails', {
    fail: () => {
      throw new Error('no')
    },
    note: (what: string) => heard.push(what),
  })
  assert.deepEqual(heard, ['after'])
  assert.deepEqual(errors.take(), [
    'Unhandled error in fail, called from a thread: no',
    'Unhandled error in unknown, called from a thread: a thread called unknown, which was not exposed to threads',
  ])
})

it('blockingCallFromThread blocks the worker until there is a result, also of a Deferred, and throws what failed', function* () {
  const heard: unknown[] = []
  yield* withWorker('blocks', {
    add: (a: number, b: number) => deferLater(reactor, 5, () => a + b),
    fail: () => {
      throw new RangeError('no')
    },
    function: () => () => {},
    note: (...args: unknown[]) => heard.push(...args),
  })
  assert.deepEqual(heard[0], 3)
  assert.equal(heard[1], 'RangeError no')
  assert.match(String(heard[2]), /could not be cloned/)
})

it('deferToThread has a worker of a pool call a function: its result, its failure', function* () {
  const pool = new ThreadPool<typeof import('./samples/work.ts')>(new URL('work.js', samples), { size: 1 })
  assert.equal(yield* deferToThread(pool, 'add', 1, 2), 3)
  const failed = deferToThread(pool, 'fail', 'no').addErrback((failure: Failure) => failure.getErrorMessage())
  assert.equal(yield* failed, 'no')
  yield* pool.close()
})
