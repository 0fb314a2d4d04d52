/** Fast calls, against a real server. Slow, as each of these: they start a server and processes. */
import assert from 'node:assert/strict'
import { all, BrokenError, run, TimeoutError, timeout, UsageError } from '../../../src/index.ts'
import { ClusterPool, serveCluster } from '../../../src/offload/cluster/index.ts'
import { failureOf, stage, until, type Work, work } from './stage.ts'

stage(
  'calls give what functions return and throw, in a process that is not this one',
  async ({ pool: open, startWorker }) => {
    const worker = await startWorker()
    const pool = open()
    assert.equal(await pool.submit('pid'), worker.pid)
    const value = { a: [1n, new Map([['k', new Uint8Array([1, 2])]])] }
    assert.deepEqual(await pool.submit('echo', value), value)
    assert.deepEqual(await pool.map('square', [3, 2, 1]), [9, 4, 1])
    await run(function* () {
      const results = yield* all(Array.from({ length: 500 }, (_, i) => pool.submit('square', i)))
      assert.deepEqual(
        results,
        Array.from({ length: 500 }, (_, i) => i * i),
      )
    })

    const error = await failureOf(pool.submit('fail', 'no'))
    assert.ok(error instanceof RangeError)
    assert.equal(error.message, 'no')
    assert.equal(error.code, 'E_WORK')
    assert.ok(error.cause instanceof TypeError)
    assert.match(error.stack ?? '', /cluster-work[\s\S]*worker \S+ of cluster "cluster-work"\)[\s\S]*fast\.test/)

    assert.ok((await failureOf(pool.submit('nothing' as never))) instanceof UsageError)
    assert.match((await failureOf(pool.submit('leave'))).message, /leave\(…\) was lost with its thread .* code 3/)
    assert.match(
      (await failureOf(pool.submit('echo', new Uint8Array(2 ** 20)))).message,
      /arguments of echo.*take 10485/,
    )
    assert.match((await failureOf(pool.submit('zeros', 2 ** 20))).message, /result of zeros.* takes 10485/)
    assert.match((await failureOf(pool.submit('echo', () => {}))).message, /argument of echo\(…\) cannot be sent/)
    assert.equal(pool.stats().functions['square']?.calls, 503)
    assert.equal(pool.stats().running, 0)
  },
)

stage('a thread that ends under an idempotent call is another try, and the last failure is told', async (stage) => {
  await stage.startWorker()
  const pool = stage.pool({ idempotent: true, tries: 2 })
  assert.ok((await failureOf(pool.submit('leave'))) instanceof BrokenError)
  assert.equal(await pool.submit('square', 2), 4)
})

stage('without a worker, or with workers of another version only, a call fails and says so', async (stage) => {
  const pool = stage.pool({ patience: 1 })
  assert.match((await failureOf(pool.submit('pid'))).message, /no worker serves cluster "cluster-work"/)
  await stage.startWorker('--module-version', 'other')
  const error = await failureOf(pool.submit('pid'))
  assert.ok(error instanceof UsageError)
  assert.match(error.message, /no worker .* has version \w{12} .* has other/)
  assert.ok((await failureOf(stage.pool({ delivery: 'durable' }).submit('pid'))) instanceof UsageError)
  assert.equal(typeof (await stage.pool({ version: 'other' }).submit('pid')), 'number')
})

stage('a call waits for a worker that is about to come', async (stage) => {
  const pool = stage.pool({ patience: 3_600_000 })
  const result = Promise.resolve(pool.submit('pid'))
  await until(() => pool.stats().running === 1)
  const worker = await stage.startWorker()
  assert.equal(await result, worker.pid)
})

stage('a cancel, and a timeout, reach the function that runs', async (stage) => {
  const { file, lines } = stage
  await stage.startWorker()
  const pool = stage.pool()
  const task = run(pool.submit('waitForCancel', file))
  await until(() => lines().length === 1)
  task.cancel()
  await until(() => lines().length === 2)
  assert.deepEqual(lines(), ['begun', 'cancelled'])
  assert.ok((await failureOf(timeout(1, pool.submit('waitForCancel', file)))) instanceof TimeoutError)
  assert.equal(pool.stats().running, 0)
  assert.equal(pool.stats().functions['waitForCancel']?.cancelled, 2)
})

stage('calls beyond maxCalls wait for room, and one that is cancelled there is never made', async (stage) => {
  const { file, lines } = stage
  await stage.startWorker()
  const pool = stage.pool({ maxCalls: 1 })
  const first = run(pool.submit('waitForCancel', file))
  const second = run(pool.submit('mark', file, 'second', 0))
  const third = run(pool.submit('mark', file, 'third', 0))
  await until(() => lines().length === 1)
  assert.equal(pool.stats().waitingForRoom, 2)
  second.cancel()
  first.cancel()
  await third
  await until(() => lines().includes('cancelled'))
  assert.deepEqual(lines().sort(), ['begun', 'cancelled', 'third'])
  assert.equal(pool.stats().waitingForRoom, 0)
})

stage('names and numbers that cannot be are refused', async () => {
  assert.throws(() => new ClusterPool(work, { maxCalls: 0 }), UsageError)
  // @ts-expect-error the module has no such function
  assert.ok(new ClusterPool<Work>(work, { idempotent: ['nothing'] }) instanceof ClusterPool)
  assert.ok((await failureOf(serveCluster(work, { name: 'a.b' }))) instanceof UsageError)
  assert.ok((await failureOf(serveCluster(work, { lease: 1 }))) instanceof UsageError)
  assert.ok((await failureOf(serveCluster('https://example.com/work.js'))) instanceof UsageError)
})
