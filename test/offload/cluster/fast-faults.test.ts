/** Fast calls, when workers, the server and the pool end. Slow, as each of these: they start a server and processes. */
import assert from 'node:assert/strict'
import { BrokenError, ClosedError } from '../../../src/index.ts'
import { ClusterPool, serveCluster } from '../../../src/offload/cluster/index.ts'
import { failureOf, stage, until, type Work, work } from './stage.ts'

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

stage('pools and workers can be closed while the server is away', async (stage) => {
  const { file, lines, server } = stage
  const worker = await serveCluster(work, { servers: server.url, threads: { size: 1 }, lease: 1000 })
  const pools = [stage.pool(), stage.pool({ delivery: 'durable' })]
  const failed = pools.map((pool) => failureOf(pool.submit('longMark', file, 300)))
  await until(() => lines().length >= 1)
  await server.kill()
  for (const pool of pools) await pool.close({ now: true })
  for (const error of await Promise.all(failed)) assert.ok(error instanceof ClosedError)
  await worker.close({ now: true })
  await worker.join()
})
