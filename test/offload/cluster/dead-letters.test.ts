/** Jobs that are given up, and the command that looks after them. Slow, as each of these: they start a server and processes, and wait for leases. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { BrokenError } from '../../../src/index.ts'
import { cli, failureOf, type Stage, stage, until } from './stage.ts'

const durable = { delivery: 'durable', retryDelay: 10 } as const

/** Runs `fibril jobs` for the cluster of the tests. */
async function jobs({ server }: Stage, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [cli, 'jobs', '--nats', server.url, 'cluster-work', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return text(child.stdout)
}

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
