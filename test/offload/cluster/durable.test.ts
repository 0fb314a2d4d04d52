/** Durable jobs, against a real server. Slow, as each of these: they start a server and processes, and wait for leases. */
import assert from 'node:assert/strict'
import { BrokenError, run, sleep, UsageError } from '../../../src/index.ts'
import { openJobs } from '../../../src/offload/cluster/index.ts'
import { failureOf, stage, until } from './stage.ts'

const durable = { delivery: 'durable', retryDelay: 10 } as const

stage('jobs give what functions return and throw, whatever their size', async (stage) => {
  await stage.startWorker()
  const pool = stage.pool(durable)
  assert.equal(await pool.submit('square', 3), 9)
  const error = await failureOf(pool.submit('fail', 'no'))
  assert.ok(error instanceof RangeError)
  assert.equal(error.code, 'E_WORK')
  assert.match(error.stack ?? '', /cluster-work[\s\S]*worker \S+ of cluster "cluster-work"\)[\s\S]*durable\.test/)
  const large = new Uint8Array(3 * 2 ** 20).fill(7)
  assert.deepEqual(await pool.submit('echo', large), large)
  assert.match((await failureOf(pool.submit('echo', () => {}))).message, /argument of echo\(…\) cannot be sent/)
  assert.ok((await failureOf(pool.submit('nothing' as never))) instanceof UsageError)
})

stage(
  'a job can be stored under an id, once, and its result be waited for anywhere, before and after it ended',
  async (stage) => {
    const { file, lines } = stage
    const pool = stage.pool(durable)
    assert.equal(await pool.post('order-7', 'mark', file, 'order-7', 0), true)
    assert.equal(await pool.post('order-7', 'mark', file, 'order-7', 0), false)
    const early = Promise.resolve(stage.pool(durable).resultOf('order-7'))
    const worker = await stage.startWorker()
    assert.equal(await early, worker.pid)
    assert.equal(await pool.post('order-7', 'mark', file, 'order-7', 0), false)
    assert.equal(await stage.pool(durable).resultOf('order-7'), worker.pid)
    assert.deepEqual(lines(), ['order-7'])
    assert.ok((await failureOf(pool.resultOf('order-8'))) instanceof UsageError)
    assert.ok((await failureOf(pool.post('a.b', 'pid'))) instanceof UsageError)
    assert.match((await failureOf(stage.pool().resultOf('order-7'))).message, /delivery: 'durable'/)
  },
)

stage('a cancelled submit withdraws its job, queued or running', async (stage) => {
  const { file, lines } = stage
  await stage.startWorker()
  const pool = stage.pool(durable)
  const task = run(pool.submit('waitForCancel', file))
  await until(() => lines().length === 1)
  task.cancel()
  await until(() => lines().length === 2)
  assert.equal(lines()[1], 'cancelled')
  await using open = await openJobs('cluster-work', { servers: stage.server.url })
  for (let left = 1; left > 0; ) left = (await open.counts()).out + (await open.counts()).queued
  assert.equal((await open.counts()).results, 0)
})

stage('a job whose thread ends is tried again, and dies with its error; a worker survives it', async (stage) => {
  await stage.startWorker()
  const pool = stage.pool({ ...durable, tries: 2 })
  const error = await failureOf(pool.submit('leave'))
  assert.match(error.message, /leave\(…\) was given up after 2 tries: .*thread.*code 3/)
  assert.ok(error.cause instanceof BrokenError)
  assert.equal(await pool.submit('square', 2), 4)
})

stage('what a function throws is its result, or a failed try where that is wanted', async (stage) => {
  const { file, lines } = stage
  await stage.startWorker()
  assert.ok((await failureOf(stage.pool(durable).submit('failUntil', file, 3))) instanceof RangeError)
  assert.equal(lines().length, 1)
  const stubborn = stage.pool({ ...durable, retryErrors: true, tries: 4 })
  assert.equal(await stubborn.submit('failUntil', file, 3), 3)
  assert.equal(lines().length, 3)
  const error = await failureOf(stubborn.submit('fail', 'never'))
  assert.match(error.message, /given up after 4 tries: RangeError: never/)
  assert.ok(error.cause instanceof RangeError)
})

stage('results are kept as long as was said', async (stage) => {
  await stage.startWorker()
  const pool = stage.pool({ ...durable, resultTtl: 1000 })
  assert.equal(await pool.submit('square', 4), 16)
  await using open = await openJobs('cluster-work', { servers: stage.server.url })
  while ((await open.counts()).results > 0) await sleep(100)
})

stage('looking after a cluster that never was is refused, and so is an id that nobody knows', async (stage) => {
  const { server } = stage
  assert.ok((await failureOf(openJobs('nothing', { servers: server.url }))) instanceof UsageError)
  const pool = stage.pool(durable)
  await pool.post('one', 'square', 1)
  await using open = await openJobs('cluster-work', { servers: server.url })
  assert.ok((await failureOf(open.show('two'))) instanceof UsageError)
  assert.ok((await failureOf(open.retry('one'))) instanceof UsageError)
  const shown = await open.show('one')
  assert.deepEqual([shown.state, shown.name, shown.arguments], ['queued', 'square', [1]])
  assert.deepEqual(await open.counts(), { queued: 1, out: 0, results: 0, dead: 0 })
})

stage(
  'without JetStream durable calls fail and say so, and fast ones go on',
  async (stage) => {
    const worker = await stage.startWorker()
    const error = await failureOf(stage.pool(durable).submit('pid'))
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /need JetStream.*start it with -js/)
    assert.equal(await stage.pool().submit('pid'), worker.pid)
  },
  { jetstream: false },
)

stage('jobs of greater priority run first, and an id is good for one job whatever its priority', async (stage) => {
  const { file, lines } = stage
  const pool = stage.pool(durable)
  const post = (id: string, priority: number) => pool.post({ id, priority }, 'mark', file, id, 0)
  for (const id of ['low-1', 'low-2']) assert.equal(await post(id, -5), true)
  assert.equal(await pool.post('normal', 'mark', file, 'normal', 0), true)
  for (const id of ['high-1', 'high-2']) assert.equal(await post(id, 1), true)
  assert.equal(await post('low-1', 3), false)
  assert.equal(await pool.post('high-1', 'mark', file, 'again', 0), false)
  await using open = await openJobs('cluster-work', { servers: stage.server.url })
  const { arguments: args, ...waiting } = await open.show('low-2')
  assert.deepEqual([waiting.state, waiting.priority, args?.[1]], ['queued', -5, 'low-2'])
  assert.deepEqual(await open.counts(), { queued: 5, out: 0, results: 0, dead: 0 })
  const ids = ['low-1', 'low-2', 'normal', 'high-1', 'high-2']
  for (let n = 3; n <= 20; n++)
    for (const [level, priority] of [
      ['low', -5],
      ['high', 1],
    ] as const) {
      ids.push(`${level}-${n}`)
      await post(`${level}-${n}`, priority)
    }
  const worker = await stage.startWorker('--threads', '1')
  for (const id of ids) assert.equal(await pool.resultOf(id), worker.pid)
  assert.deepEqual(lines().toSorted(), ids.toSorted())
  // Which of the levels answers a worker's first question first is chance; from then on the greater one has the greater part.
  const highs = lines()
    .slice(0, 20)
    .filter((id) => id.startsWith('high'))
  assert.ok(highs.length > 12, lines().join())
  assert.equal(await pool.with({ priority: 7 }).submit('square', 3), 9)
  assert.deepEqual((await pool.with({ priority: -1 }).map('square', [1, 2, 3])).join(), '1,4,9')
  assert.ok(
    (await failureOf(stage.pool(durable).with({ priority: 2, timeout: 50 }).submit('waitForCancel', file))).message,
  )
  assert.throws(() => post('no', Number.NaN), UsageError)
})

stage('a dead letter that is tried again keeps its priority', async (stage) => {
  const first = await stage.startWorker()
  const pool = stage.pool({ ...durable, tries: 1 })
  await pool.post({ id: 'doomed', priority: 1 }, 'fail', 'no')
  assert.ok((await failureOf(pool.resultOf('doomed'))) instanceof RangeError)
  await pool.post({ id: 'deadly', priority: -1 }, 'leave')
  await failureOf(pool.resultOf('deadly'))
  await first.kill()
  await using open = await openJobs('cluster-work', { servers: stage.server.url })
  assert.equal((await open.show('deadly')).priority, -1)
  await open.retry('deadly')
  // nats-server 2.9 may still give it to the worker that was killed, which asked for jobs.
  const again = await open.show('deadly')
  assert.deepEqual([['queued', 'out'].includes(again.state), again.priority], [true, -1])
  await stage.startWorker()
  await failureOf(pool.resultOf('deadly'))
  // The result is told before the job is acknowledged.
  for (let state = ''; state !== 'dead'; ) ({ state } = await open.show('deadly'))
})
