/** Durable jobs, when workers, submitters and the server are killed. Slow, as each of these: they start a server and processes, and wait for leases. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from '@nats-io/transport-node'
import { BrokenError, sleep, UsageError } from '../../../src/index.ts'
import { openJobs } from '../../../src/offload/cluster/index.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { failureOf, stage, until } from './stage.ts'

const durable = { delivery: 'durable', retryDelay: 10 } as const

stage(
  'the job of a worker that is killed goes to another; that of a submitter that is killed goes on',
  async (stage) => {
    const { file, lines, server } = stage
    const first = await stage.startWorker()
    const submitter = spawn(process.execPath, ['--input-type=module', '--eval', submitterSource, server.url, file], {
      stdio: 'inherit',
    })
    await until(() => lines().length === 1)
    submitter.kill('SIGKILL')
    await once(submitter, 'exit')
    await first.kill()
    const second = await stage.startWorker()
    await until(() => lines().length === 3)
    assert.deepEqual(lines(), [`begun ${first.pid}`, `begun ${second.pid}`, `ended ${second.pid}`])
    assert.equal(await stage.pool(durable).resultOf('orphan'), second.pid)
  },
)

const submitterSource = `
  import { ClusterPool } from ${JSON.stringify(new URL('../../../src/offload/cluster/index.js', import.meta.url).href)}
  const [url, file] = process.argv.slice(1)
  const work = ${JSON.stringify(new URL('./cluster-work.js', import.meta.url).href)}
  const pool = new ClusterPool(work, { servers: url, delivery: 'durable' })
  await pool.post('orphan', 'longMark', file, 1000)
  await pool.resultOf('orphan')
`

stage(
  'of two workers that both finish a job, since one was silent past its lease, one result is kept',
  async (stage) => {
    const { file, lines, server } = stage
    const slow = await stage.startWorker('--lease', '500')
    const pool = stage.pool(durable)
    await pool.post('twice', 'longMark', file, 500)
    await until(() => lines().length === 1)
    slow.child.kill('SIGSTOP')
    const quick = await stage.startWorker('--lease', '500')
    await until(() => lines().length === 3)
    assert.equal(await pool.resultOf('twice'), quick.pid)
    slow.child.kill('SIGCONT')
    await until(() => lines().length === 4)
    assert.equal(lines()[3], `ended ${slow.pid}`)
    // Its next job comes after its word about that one.
    await quick.kill()
    assert.equal(await pool.submit('pid'), slow.pid)
    await using open = await openJobs('cluster-work', { servers: server.url })
    assert.deepEqual(await open.counts(), { queued: 0, out: 0, results: 2, dead: 0 })
    assert.equal(await pool.resultOf('twice'), quick.pid)
  },
)

stage(
  'jobs and results survive a kill of the server, while they wait, while they run, while they are waited for',
  async (stage) => {
    const { file, lines, server } = stage
    const pool = stage.pool(durable)
    await pool.post('waits', 'mark', file, 'waits', 0)
    await server.kill()
    await server.resume()
    const worker = await stage.startWorker()
    assert.equal(await pool.resultOf('waits'), worker.pid)
    const running = Promise.resolve(pool.submit('longMark', file, 1000))
    await until(() => lines().length === 2)
    await server.kill()
    const posted = Promise.resolve(pool.post('meanwhile', 'square', 5))
    await sleep(100)
    await server.resume()
    assert.equal(await running, worker.pid)
    assert.equal(await posted, true)
    assert.equal(await pool.resultOf('meanwhile'), 25)
  },
)

stage('a client that gives the server up fails its calls, and the next call connects anew', async (stage) => {
  const { file, lines, server } = stage
  const worker = await stage.startWorker()
  const connection = { maxReconnectAttempts: 1, reconnectTimeWait: 1, reconnectJitter: 0 }
  const pools = [stage.pool({ connection }), stage.pool({ connection, ...durable })]
  const failed = pools.map((pool) => failureOf(pool.submit('longMark', file, 500)))
  await until(() => lines().length >= 2)
  await server.kill()
  for (const error of await Promise.all(failed)) {
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /connection of cluster "cluster-work" to NATS is closed/)
  }
  await server.resume()
  for (const pool of pools) {
    await pool.waitReady()
    assert.equal(await pool.submit('pid'), worker.pid)
  }
})

stage('what a worker cannot read fails, and the worker goes on', async (stage) => {
  const { server } = stage
  const worker = await stage.startWorker('--module-version', 'v')
  const pool = stage.pool({ ...durable, version: 'v' })
  assert.equal(await pool.submit('pid'), worker.pid)
  const nats = await connect({ servers: server.url })
  try {
    nats.publish('fibril.cluster-work.call.v', 'nonsense')
    await nats.request('fibril.cluster-work.call.v', 'nonsense')
    nats.publish('fibril.cluster-work.jobs.v.nonsense', 'nonsense')
    const error = await failureOf(pool.resultOf('nonsense'))
    assert.match(error.message, /given up .* cannot be read/)
    assert.ok(error.cause instanceof UsageError)
    nats.publish('fibril.cluster-work.results.odd', 'nonsense')
    await nats.flush()
    assert.ok((await failureOf(pool.resultOf('odd'))) instanceof UsageError)
  } finally {
    await nats.close()
  }
  assert.equal(await pool.submit('pid'), worker.pid)
})

stage('a result larger than a message is stored and read, whenever the connection breaks', async (stage) => {
  const size = 24e6
  await using wire = await TcpProxy.open(stage.server.port)
  const worker = await stage.startWorker('--nats', wire.url)
  const pool = stage.pool({ ...durable, servers: wire.url })
  // While it is stored, and read at once.
  const first = Promise.resolve(pool.submit('zeros', size))
  for (const ms of [60, 700]) await sleep(ms).then(() => wire.reset())
  assert.equal((await first).length, size)
  await worker.kill()
  await stage.startWorker()
  await pool.post('large', 'zeros', size)
  const length = async (id: string) => ((await pool.resultOf(id)) as Uint8Array).length
  assert.equal(await length('large'), size)
  for (const ms of [40, 100]) {
    const result = length('large')
    await sleep(ms)
    wire.reset()
    assert.equal(await result, size, `cut after ${ms} ms`)
  }
})
