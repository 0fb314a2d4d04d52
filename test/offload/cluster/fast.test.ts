/** Fast calls, against a real server. Slow, as each of these: they start a server and processes. */
import assert from 'node:assert/strict'
import { all, BrokenError, ClosedError, run, TimeoutError, timeout, UsageError } from '../../../src/index.ts'
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

stage('kill -9 of a worker fails its call, unless that may run twice: then another worker has it', async (stage) => {
  const { file, lines, startWorker } = stage
  const careful = stage.pool({ silence: 3000 })
  const bold = stage.pool({ silence: 3000, idempotent: ['longMark'] })
  const first = await startWorker()
  const failed = failureOf(careful.submit('longMark', file, 3_600_000))
  await until(() => lines().length === 1)
  const result = Promise.resolve(bold.submit('longMark', file, 3_600_000)).catch(() => {})
  await until(() => lines().length === 2)
  const second = await startWorker()
  await first.kill()
  await until(() => lines().length === 3)
  assert.equal(lines()[2], `begun ${second.pid}`)
  const error = await failed
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /nothing was heard of .*may have had effects, and was not tried again/)
  await bold.close({ now: true })
  await result
})

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

stage('closing a pool finishes its calls, or fails them at once', async (stage) => {
  const { file, lines } = stage
  await stage.startWorker()
  const patient = stage.pool()
  const result = Promise.resolve(patient.submit('longMark', file, 200))
  await until(() => lines().length === 1)
  await patient.close()
  assert.equal(typeof (await result), 'number')
  assert.equal(patient.stats().state, 'closed')
  assert.ok((await failureOf(patient.submit('pid'))) instanceof ClosedError)

  const hasty = stage.pool()
  const failed = failureOf(hasty.submit('waitForCancel', file))
  await until(() => lines().length === 3)
  await hasty.close({ now: true })
  assert.ok((await failed) instanceof ClosedError)
})

stage('a worker that is closed finishes what it has, and what comes then goes to others', async (stage) => {
  const options = { servers: stage.server.url, threads: { size: 1 } }
  const worker = await serveCluster(work, options)
  const pool = stage.pool()
  const result = Promise.resolve(pool.submit('longMark', stage.file, 200))
  await until(() => stage.lines().length === 1)
  await worker.close()
  assert.equal(await result, process.pid)
  assert.equal(worker.stats().finished, 1)
  const other = await stage.startWorker()
  assert.equal(await pool.submit('pid'), other.pid)
})

stage('SIGTERM has a worker finish what runs and end with exit code 0', async (stage) => {
  const { child, pid } = await stage.startWorker()
  const pool = stage.pool()
  const result = Promise.resolve(pool.submit('longMark', stage.file, 300))
  await until(() => stage.lines().length === 1)
  child.kill('SIGTERM')
  assert.equal(await result, pid)
  await until(() => child.exitCode !== null)
  assert.equal(child.exitCode, 0)
})

stage(
  'calls go on when the server was stopped and is back; one that was under way is made again if it may',
  async (stage) => {
    const { server } = stage
    const worker = await stage.startWorker()
    const pool = stage.pool({ patience: 3_600_000, silence: 3000, idempotent: ['pid'], tries: 100 })
    assert.equal(await pool.submit('pid'), worker.pid)
    await server.kill()
    const result = Promise.resolve(pool.submit('pid'))
    await server.resume()
    assert.equal(await result, worker.pid)
  },
)

stage('without a server a call fails and says so; the next one tries again', async ({ server }) => {
  await server.kill()
  const pool = new ClusterPool<Work>(work, { servers: server.url })
  const error = await failureOf(pool.submit('pid'))
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /no connection to NATS at nats:\/\/127/)
  assert.ok((await failureOf(pool.submit('pid'))) instanceof BrokenError)
  await pool.close()
})

stage('names and numbers that cannot be are refused', async () => {
  assert.throws(() => new ClusterPool(work, { maxCalls: 0 }), UsageError)
  assert.ok((await failureOf(serveCluster(work, { name: 'a.b' }))) instanceof UsageError)
  assert.ok((await failureOf(serveCluster(work, { lease: 1 }))) instanceof UsageError)
  assert.ok((await failureOf(serveCluster('https://example.com/work.js'))) instanceof UsageError)
})
