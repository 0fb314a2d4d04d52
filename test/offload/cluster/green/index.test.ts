/** A cluster in green code: plain calls, compiled as a user's program is. Slow: it starts a server and processes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node } from '../../../green/load/program.ts'
import { NatsServer, noNats } from '../../../support/nats-server.ts'

const program = `
import { spawn } from 'fibril/green'
import { ClusterPool, openJobs, serveCluster } from 'fibril/offload/cluster/green'

const servers = process.argv[2] as string
const work = new URL('./work.js', import.meta.url)

function main() {
  const worker = serveCluster(work, { servers, threads: { size: 1 } })
  const fast = new ClusterPool<typeof import('./work.js')>(work, { servers })
  const stored = new ClusterPool<typeof import('./work.js')>(work, { servers, delivery: 'durable' })
  const tasks = [1, 2, 3].map((n) => spawn(() => fast.submit('square', n)))
  console.log(tasks.map((task) => task.join()).join())
  console.log(fast.map('square', [4, 5]).join(), fast.stream('naturals', 3).all().join())
  console.log(fast.with({ timeout: 60_000 }).submit('square', 6), stored.submit('square', 7))
  console.log(stored.post('eight', 'square', 8), stored.resultOf('eight'), stored.post('eight', 'square', 8))
  try {
    fast.submit('fail')
  } catch (error) {
    console.log((error as Error).message, fast.stats().functions['square']?.calls)
  }
  const jobs = openJobs('work', { servers })
  console.log(jobs.counts().results, jobs.show('eight').result)
  jobs.close()
  for (const pool of [fast, stored]) pool.close()
  worker.close()
  worker.join()
  console.log(worker.stats().running)
}
main()
`

const work = `
export const square = (n) => n * n
export function* naturals(n) { for (let i = 0; i < n; i++) yield i }
export function fail() { throw new RangeError('no') }
`

test('pools, workers and jobs of a cluster are used by plain calls', { skip: noNats }, async (t) => {
  const server = await NatsServer.start()
  try {
    const cwd = folderWith(t, { 'main.ts': program, 'work.js': work, 'package.json': '{ "type": "module" }' })
    const { stdout, stderr, code } = await node([cli, 'run', 'main.ts', server.url], { cwd })
    assert.equal(stderr, '')
    assert.equal(stdout, '1,4,9\n16,25 0,1,2\n36 49\ntrue 64 false\nno 6\n2 64\n0\n')
    assert.equal(code, 0)
  } finally {
    await server.end()
  }
})
