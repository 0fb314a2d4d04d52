/** The wire to the server cut. Slow, as each of these: they start a server and processes, and wait for leases. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { BrokenError } from '../../../src/index.ts'
import { type ClusterWorker, serveCluster } from '../../../src/offload/cluster/index.ts'
import { TcpProxy, type Way } from '../../support/tcp-proxy.ts'
import { failureOf, type Stage, stage, until, work } from './stage.ts'

const durable = { delivery: 'durable', retryDelay: 10 } as const
/** A silent wire is given up after two of these went unanswered. */
const connection = { pingInterval: 500 }
const ways: readonly Way[] = ['both', 'from', 'to']

/** A worker in this process that reaches the server by a wire of its own. */
async function wired({ server }: Stage): Promise<{ wire: TcpProxy; worker: ClusterWorker } & AsyncDisposable> {
  const wire = await TcpProxy.open(server.port)
  const threads = { size: 1 }
  const worker = await serveCluster(work, { servers: wire.url, connection, threads, lease: 1000 })
  return {
    wire,
    worker,
    async [Symbol.asyncDispose]() {
      await worker.close({ now: true })
      await wire.close()
    },
  }
}

// They mostly wait: so some of them at once.
describe('a wire that is cut', { concurrency: 3 }, () => {
  for (const way of ways) {
    stage(`a fast call whose worker is cut off (${way}) fails, or goes to another if it may`, async (stage) => {
      const { file, lines } = stage
      await using cut = await wired(stage)
      const careful = stage.pool({ silence: 2000 })
      const bold = stage.pool({ silence: 2000, idempotent: true, tries: 10 })
      const failed = failureOf(careful.submit('longMark', file, 4000))
      await until(() => lines().length === 1)
      cut.wire.hold(way)
      const other = await stage.startWorker()
      assert.match((await failed).message, /was lost: nothing was heard of .*not tried again/)
      assert.equal(await bold.submit('pid'), other.pid)
      cut.wire.heal()
    })

    stage(`the job of a worker that is cut off (${way}) goes to another, and one result is kept`, async (stage) => {
      const { file, lines } = stage
      const pool = stage.pool(durable)
      await using cut = await wired(stage)
      await pool.post('cut', 'longMark', file, 3000)
      await until(() => lines().length === 1)
      cut.wire.hold(way)
      const other = await stage.startWorker('--lease', '1000')
      assert.equal(await pool.resultOf('cut'), other.pid)
      cut.wire.heal()
      await until(() => lines().length === 4 && cut.worker.stats().running === 0)
      assert.equal(await pool.resultOf('cut'), other.pid)
      await other.kill()
      assert.equal(await pool.submit('pid'), process.pid) // It has come back.
    })

    stage(`a submitter that is cut off (${way}) hears of its calls when it is back`, async (stage) => {
      const { file, lines, server } = stage
      const worker = await stage.startWorker()
      await using wire = await TcpProxy.open(server.port)
      const wired = { servers: wire.url, connection }
      const stored = stage.pool({ ...wired, ...durable })
      const fast = stage.pool({ ...wired, silence: 1500, idempotent: ['pid'], tries: 100 })
      try {
        const job = Promise.resolve(stored.submit('longMark', file, 1000))
        const lost = failureOf(fast.submit('waitForCancel', file))
        await until(() => lines().length === 2)
        wire.hold(way)
        const posted = Promise.resolve(stored.post('meanwhile', 'square', 5))
        const asked = Promise.resolve(fast.submit('pid'))
        await until(() => lines().includes(`ended ${worker.pid}`))
        const failed = await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, 2500))])
        wire.heal()
        assert.equal(await job, worker.pid)
        assert.equal(await posted, true)
        assert.equal(await stored.resultOf('meanwhile'), 25)
        assert.equal(await asked, worker.pid)
        // Whether it was given up before the client had seen that the wire is silent, or its worker spoke of it again: both are fair.
        if (failed !== undefined) assert.ok(failed instanceof BrokenError)
      } finally {
        await Promise.all([stored, fast].map((pool) => pool.close({ now: true })))
      }
    })
  }
})

stage('connections that are reset come back, on either side and in both modes', async (stage) => {
  const { file, lines, server } = stage
  await using cut = await wired(stage)
  await using wire = await TcpProxy.open(server.port)
  const stored = stage.pool({ ...durable, servers: wire.url })
  const fast = stage.pool({ servers: wire.url })
  try {
    for (const one of [cut.wire, wire]) {
      const begun = lines().length
      const job = Promise.resolve(stored.submit('longMark', file, 500))
      await until(() => lines().length === begun + 1)
      one.reset()
      assert.equal(await job, process.pid)
      assert.equal(lines().length, begun + 2)
      await fast.waitReady()
      assert.equal(await fast.submit('square', 3), 9)
    }
  } finally {
    await Promise.all([stored, fast].map((pool) => pool.close({ now: true })))
  }
})
