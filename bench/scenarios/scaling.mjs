import { Cluster } from '../cluster/cluster.mjs'
import { loadFibril } from '../peers.mjs'

/** How long a job holds its worker, ms. */
const JOB = 5
const WORKERS = [1, 2, 4]
const module = new URL('../cluster/work.mjs', import.meta.url)
/** No more workers than are asked for, and nothing that is done here. */
const plain = { express: false, inline: false }

/** Gives a pool of so many workers, and what ends it. */
const engines = {
  async threads(size) {
    const { ThreadPool } = await import('../../dist/src/offload/index.js')
    return of(new ThreadPool(module, { ...plain, size }))
  },
  async processes(size) {
    const { ProcessPool } = await import('../../dist/src/offload/index.js')
    return of(new ProcessPool(module, { ...plain, size }))
  },
  fast: (size) => cluster(size, 'fast'),
  durable: (size) => cluster(size, 'durable'),
}

const of = (pool) => ({ pool, end: () => pool.close() })

/** Each worker is a process with one thread. */
async function cluster(size, delivery) {
  const { ClusterPool } = await import('../../dist/src/offload/cluster/index.js')
  const servers = await Cluster.start()
  const options = { threads: { ...plain, size: 1 } }
  await Promise.all(Array.from({ length: size }, () => servers.work(module, options)))
  const pool = new ClusterPool(module, { servers: servers.url, delivery })
  return {
    pool,
    async end() {
      await pool.close()
      await servers.end()
    },
  }
}

/** µs per call of so many, all under way at once. */
async function together(pool, count, ms) {
  const start = performance.now()
  await pool.map('hold', Array(count).fill(ms), { ahead: count })
  return ((performance.now() - start) * 1000) / count
}

/** µs from a submit to its result, with nothing else under way. */
async function alone(pool, count) {
  const times = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await pool.submit('hold', 0)
    times.push((performance.now() - start) * 1000)
  }
  return times.sort((a, b) => a - b)[count >> 1]
}

async function measure(open, count) {
  const figures = {}
  for (const size of WORKERS) {
    const { pool, end } = await open(size)
    await together(pool, 50 * size, 1)
    // So many that each worker has as much to do, whatever its number.
    figures[`with${size}`] = await together(pool, count * size, JOB)
    if (size === 1) {
      figures.overhead = figures.with1 - JOB * 1000
      figures.empty = await together(pool, count * 4, 0)
      figures.alone = await alone(pool, count)
    }
    await end()
  }
  figures.scale = figures.with1 / figures.with4
  return figures
}

const contender = (name) => async () => {
  await loadFibril('run')
  if (name === 'fast' || name === 'durable') await Cluster.check()
  return engines[name]
}

export const scaling = {
  name: 'scaling',
  title: `µs per job that holds its worker for ${JOB} ms, with 1, 2 and 4 workers`,
  metrics: [
    { key: 'with4', title: 'with 4' },
    { key: 'with2', title: 'with 2' },
    { key: 'with1', title: 'with 1' },
    { key: 'overhead', title: 'overhead of it' },
    { key: 'empty', title: 'of nothing' },
    { key: 'alone', title: 'of nothing, alone' },
    { key: 'scale', title: '4 over 1' },
  ],
  goals: [],
  rounds: 3,
  sizes: { default: { full: 300, quick: 100 } },
  contenders: {
    threads: contender('threads'),
    processes: contender('processes'),
    fast: contender('fast'),
    durable: contender('durable'),
  },
  measure,
}
