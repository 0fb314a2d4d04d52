/** What is told of calls, and by them: progress, streams, usage, context, priority. Slow, as each of these: they start a server and workers. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import { BrokenError, run, sleep, UsageError } from '../../../src/index.ts'
import { ClusterPool, type ClusterPoolOptions, serveCluster } from '../../../src/offload/cluster/index.ts'
import type { CallUsage } from '../../../src/offload/index.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { failureOf, type Stage, stage, until } from './stage.ts'

type Work = typeof import('./told-work.ts')
const work = new URL('./told-work.js', import.meta.url)

/** A worker in this process, unless there is to be none, and pools. */
async function open({ server }: Stage, options: ClusterPoolOptions<Work> = {}, serve = true) {
  const worker = serve ? await serveCluster(work, { servers: server.url, threads: { size: 1 }, lease: 1000 }) : null
  const fast = new ClusterPool<Work>(work, { servers: server.url, ...options })
  const durable = new ClusterPool<Work>(work, { servers: server.url, delivery: 'durable', retryDelay: 10, ...options })
  return {
    fast,
    durable,
    async [Symbol.asyncDispose]() {
      await Promise.all([fast.close({ now: true }), durable.close({ now: true })])
      await worker?.close({ now: true })
    },
  }
}

stage('a function tells its progress, in order and before its result, in both modes', async (stage) => {
  await using pools = await open(stage)
  for (const pool of [pools.fast, pools.durable]) {
    const told: unknown[] = []
    assert.equal(await pool.with({ onProgress: (value) => told.push(value) }).submit('steps', 20), 20)
    assert.deepEqual(
      told,
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
    const onProgress = (): never => {
      throw new RangeError('a listener')
    }
    assert.equal((await failureOf(pool.with({ onProgress }).submit('steps', 3, 20))).message, 'a listener')
    const much = await failureOf(pool.with({ onProgress: () => {} }).submit('tellMuch'))
    assert.match(much.message, /progress of .* takes 2097\d\d\d bytes, and the server takes 1048576/)
  }
  // Whoever waits for a job that somebody else has posted can listen.
  await pools.durable.post('steps-1', 'steps', 5, 100)
  const heard: unknown[] = []
  assert.equal(await pools.durable.resultOf('steps-1', { onProgress: (value) => heard.push(value) }), 5)
  assert.equal(heard.at(-1), 5)
})

stage('results come one by one, and no more are made than were asked for', async (stage) => {
  const { file, lines } = stage
  await using pools = await open(stage)
  const { fast } = pools
  assert.deepEqual(
    await fast.stream('numbers', 1000).all(),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  const blocks = await fast.stream('blocks', 5, 600_000).all() // more than a message holds, when they come together
  assert.deepEqual(
    blocks.map((block) => [block.length, block[0]]),
    [0, 1, 2, 3, 4].map((n) => [600_000, n]),
  )

  const few = fast.with({ ahead: 4 }).stream('counted', file)
  await run(function* () {
    for (let n = 0; n < 6; n++) assert.equal((yield* few.next()).value, n)
  })
  const made = () => lines().filter((line) => line.startsWith('made')).length
  await until(() => made() >= 8)
  assert.ok(made() <= 6 + 3 * 4, `${made()} were made`) // ahead of us, of the worker, and of its thread
  few.close()
  await until(() => lines().includes('left'))

  const failing = fast.stream('failing', 2)
  assert.equal((await failing.next()).value, 0)
  assert.equal((await failing.next()).value, 1)
  assert.ok((await failureOf(failing.next())) instanceof RangeError)
  assert.match((await failureOf(fast.stream('blocks', 1, 2 ** 21).all())).message, /a result of blocks.* takes 20972/)
  assert.ok((await failureOf(fast.stream('steps' as never, 1 as never).all())) instanceof UsageError)
  assert.ok((await failureOf(fast.submit('numbers', 1))) instanceof UsageError)
})

stage('a stream whose worker is killed fails after what has come', async (stage) => {
  const { file, lines } = stage
  await using pools = await open(stage, { silence: 2000, idempotent: true }, false)
  const { fast } = pools
  const first = await stage.serve(fileURLToPath(work))
  const dying = fast.stream('dying', file)
  assert.equal((await dying.next()).value, 0)
  await until(() => lines().length === 1)
  await first.kill()
  const error = await failureOf(dying.next())
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /dying.* was lost: nothing was heard of worker/)
})

stage('a stream whose results are lost on the way fails after what has come', async (stage) => {
  const { file, lines, server } = stage
  await using wire = await TcpProxy.open(server.port)
  await using pools = await open(stage, { servers: wire.url, silence: 3_600_000, idempotent: true })
  const { fast } = pools
  const made = () => lines().filter((line) => line.startsWith('made')).length
  const lossy = fast.with({ ahead: 50 }).stream('counted', file)
  assert.equal((await lossy.next()).value, 0)
  wire.hold('to') // What is granted stays on the way,
  for (let n = 1; n < 50; n++) assert.equal((await lossy.next()).value, n)
  wire.hold('from') // and arrives now; but what is made then does not come back.
  await until(() => made() >= 100)
  await sleep(100) // The worker has sent them.
  wire.reset()
  wire.heal()
  assert.match(
    (await failureOf(lossy.all())).message,
    /counted.* was given up: of its results, number \d+ was lost on the way/,
  )
})

stage('what a call took is told, in both modes', async (stage) => {
  await using pools = await open(stage)
  for (const pool of [pools.fast, pools.durable]) {
    const used: CallUsage[] = []
    assert.equal(await pool.with({ onUsage: (usage) => used.push(usage) }).submit('burn', 30), 30)
    assert.equal(used.length, 1)
    assert.ok((used[0]?.runMs ?? 0) >= 30 && (used[0]?.queueMs ?? -1) >= 0)
  }
})

stage('what a pool carries over, and what a call is given, comes to the function, in both modes', async (stage) => {
  const trace = new AsyncLocalStorage<string>()
  await using pools = await open(stage, { carry: { trace, pool: () => 'of tests' } })
  const { fast, durable } = pools
  for (const pool of [fast, durable]) {
    assert.deepEqual(await trace.run('t-1', () => pool.submit('context')), {
      context: { trace: 't-1', pool: 'of tests' },
      trace: 't-1',
    })
    const given = await pool.with({ context: { pool: 'mine', user: 7 } }).submit('context')
    assert.deepEqual(given, { context: { pool: 'mine', user: 7 }, trace: undefined })
  }
  await trace.run('t-2', () => durable.post('traced', 'context'))
  assert.deepEqual(await durable.resultOf('traced'), { context: { trace: 't-2', pool: 'of tests' }, trace: 't-2' })
})

stage('a cancel aborts the signal of the function, in both modes', async (stage) => {
  const { file, lines } = stage
  await using pools = await open(stage)
  for (const pool of [pools.fast, pools.durable]) {
    const before = lines().length
    const task = run(pool.submit('untilAborted', file))
    await until(() => lines().length === before + 1)
    task.cancel()
    await until(() => lines().length === before + 2)
    assert.equal(lines().at(-1), 'aborted')
  }
})

stage('fast calls of greater priority run first, and what durable jobs cannot have is refused', async (stage) => {
  const { file, lines } = stage
  await using pools = await open(stage)
  const { fast, durable } = pools
  const blocker = run(fast.submit('steps', 10, 50))
  await until(() => fast.stats().running === 1)
  const calls = [0, 2, 1].map((priority) => run(fast.with({ priority }).submit('order', file, `of ${priority}`)))
  await Promise.all([blocker, ...calls])
  assert.deepEqual(lines(), ['of 2', 'of 1', 'of 0'])
  assert.match((await failureOf(durable.stream('numbers', 1).all())).message, /cannot give its results one by one/)
  assert.ok((await failureOf(fast.with({ timeout: 1 }).submit('steps', 100, 50))).message.includes('1'))
})
