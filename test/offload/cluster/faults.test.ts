/** Durable jobs, when workers, submitters and the server are killed. Slow, as each of these: they start a server and processes, and wait for leases. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { connect } from '@nats-io/transport-node'
import { all, BrokenError, run, sleep, UsageError } from '../../../src/index.ts'
import { openJobs } from '../../../src/offload/cluster/index.ts'
import { cli, failureOf, type Stage, stage, until } from './stage.ts'

const durable = { delivery: 'durable', retryDelay: 10 } as const

/** Runs `fibril jobs` for the cluster of the tests. */
async function jobs({ server }: Stage, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [cli, 'jobs', '--nats', server.url, 'cluster-work', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return text(child.stdout)
}

/** Stores `count` jobs of `mark`, whose ids are the lines that they leave. */
async function postMarks({ pool: open, file }: Stage, count: number, ms: number): Promise<void> {
  const pool = open(durable)
  await run(function* () {
    yield* all(Array.from({ length: count }, (_, i) => pool.post(`job-${i}`, 'mark', file, `job-${i}`, ms)))
  })
  await pool.close()
}

/** How often each line occurs. */
function tally(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

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
  'a job that always kills its worker becomes a dead letter, which can be looked at, retried and purged',
  async (stage) => {
    const { file, lines } = stage
    const pool = stage.pool({ ...durable, tries: 2 })
    const failed = failureOf(pool.submit('crash', file))
    for (let tries = 1; tries <= 2; tries++) {
      const worker = await stage.startWorker()
      await until(() => worker.child.signalCode !== null)
      assert.equal(lines().length, tries)
    }
    const healthy = await stage.startWorker()
    const error = await failed
    assert.ok(error instanceof BrokenError)
    assert.match(
      error.message,
      /crash\(…\) was given up after 2 tries: .* its worker died or was silent .* dead letter/,
    )
    assert.equal(lines().length, 2)
    assert.equal(await pool.submit('pid'), healthy.pid)

    const listed = await jobs(stage, 'list')
    const id = /^(\w+) +dead +crash +2 /m.exec(listed)?.[1] as string
    assert.match(listed, /0 queued, 0 out, 2 results, 1 dead/)
    assert.match(await jobs(stage, 'show', id), /state: 'dead'[\s\S]*effects[\s\S]*its worker died/)
    assert.equal(await jobs(stage, 'retry', id), `${id} is queued again\n`)
    await until(() => healthy.child.signalCode !== null)
    assert.equal(lines().length, 3)
    assert.match(await jobs(stage), /0 queued, 1 out, 1 results, 0 dead/)
    assert.equal(await jobs(stage, 'purge', 'jobs'), '1 purged\n')
    assert.match(await jobs(stage), /0 queued, 0 out, 1 results, 0 dead/)
  },
)

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

stage(
  'of thousands of jobs, through kills of all workers and of the server, none is lost, and those run twice were interrupted',
  async (stage) => {
    const { lines, server } = stage
    const count = 3000
    await postMarks(stage, count, 1)
    const begunAtMost = 2 // threads of a worker, so jobs that its end can interrupt
    let interrupted = 0
    const doomed = [await stage.startWorker('--lease', '3000'), await stage.startWorker('--lease', '3000')]
    await until(() => lines().length > 300)
    for (const worker of doomed) {
      await worker.kill()
      interrupted += begunAtMost
    }
    const second = await stage.startWorker('--lease', '3000')
    await until(() => lines().length > 900)
    await server.kill()
    // What the worker had done, and could not tell, it tells after; what the server had given it, it may be given again.
    interrupted += 2 * begunAtMost
    await server.resume()
    await until(() => lines().length > 1500)
    await second.kill()
    interrupted += begunAtMost
    await stage.startWorker('--lease', '3000')

    await using open = await openJobs('cluster-work', { servers: server.url })
    while ((await open.counts()).results < count) await sleep(100)
    const counts = tally(lines())
    assert.equal(counts.size, count)
    const twice = [...counts.values()].reduce((sum, times) => sum + times - 1, 0)
    assert.ok(twice <= interrupted, `${twice} jobs ran again, and ${interrupted} were interrupted at most`)
    // The killed server may have come back with jobs whose acknowledgement it had taken: workers throw them away.
    while ((await open.counts()).out > 0) await sleep(100)
    assert.deepEqual(await open.counts(), { queued: 0, out: 0, results: count, dead: 0 })
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
