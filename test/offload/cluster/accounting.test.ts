/** Each of many jobs accounted for. Slow, as each of these: they start a server and processes, and wait for leases. */
import assert from 'node:assert/strict'
import { all, run, sleep } from '../../../src/index.ts'
import { openJobs } from '../../../src/offload/cluster/index.ts'
import { type Stage, stage, until } from './stage.ts'

const durable = { delivery: 'durable', retryDelay: 10 } as const

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
