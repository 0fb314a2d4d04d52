import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { compiled, keepAwake } from '../net/machine.mjs'
import { loadFibril } from '../peers.mjs'
import { python } from '../python.mjs'

const fibrilOffload = new URL('../../dist/src/offload/index.js', import.meta.url)
const work = new URL('../offload/work.mjs', import.meta.url)
const portWorker = new URL('../offload/port-worker.mjs', import.meta.url)

/**
 * What makes calls: `inc(n)` and `mark(bytes)`, which moves memory there and back; `close`. `workers` of them, started.
 *
 * @typedef {{ inc(n: number): PromiseLike<number>, mark?(bytes: Uint8Array): PromiseLike<Uint8Array>, close(): unknown,
 *   lanes?: (width: number, total: number) => Promise<void> }} Caller
 */

/** A bare MessagePort for each worker: replies come in the order of the calls. */
async function port(workers) {
  const threads = Array.from({ length: workers }, () => new Worker(portWorker))
  const queues = threads.map(() => [])
  for (const [i, thread] of threads.entries()) {
    thread.on('message', (value) => queues[i].shift()(value))
  }
  await Promise.all(threads.map((thread) => once(thread, 'online')))
  let next = 0
  const send = (value, transfer) => {
    const i = next++ % workers
    return new Promise((resolve) => {
      queues[i].push(resolve)
      threads[i].postMessage(value, transfer)
    })
  }
  return {
    inc: (n) => send(n),
    mark: (bytes) => send(bytes, [bytes.buffer]),
    close: () => Promise.all(threads.map((thread) => thread.terminate())),
  }
}

async function piscina(workers) {
  const { Piscina } = await import('piscina')
  const pool = new Piscina({ filename: work.href, minThreads: workers, maxThreads: workers })
  return {
    inc: (n) => pool.run(n),
    mark: (bytes) => pool.run(bytes, { name: 'markInPiscina', transferList: [bytes.buffer] }),
    close: () => pool.destroy(),
  }
}

async function tinypool(workers) {
  const { Tinypool } = await import('tinypool')
  const pool = new Tinypool({ filename: work.href, minThreads: workers, maxThreads: workers })
  return {
    inc: (n) => pool.run(n),
    mark: (bytes) => pool.run(bytes, { name: 'markInTinypool', transferList: [bytes.buffer] }),
    close: () => pool.destroy(),
  }
}

/** Calls are made as its users make them: by tasks. */
function fibril(kind, options = {}) {
  return async (workers) => {
    const { fn, run, spawn } = await loadFibril('fn', 'run', 'spawn')
    const offload = await import(fibrilOffload.href)
    const pool = new offload[kind](work, { size: workers, ...options })
    await pool.waitReady()
    const lane = fn(function* (from, to) {
      for (let i = from; i < to; i++) {
        const result = yield* pool.submit('inc', i)
        if (result !== i + 1) throw new Error(`inc(${i}) gave ${result}`)
      }
    })
    return {
      inc: (n) => pool.submit('inc', n),
      mark: (bytes) => pool.submit('mark', offload.transfer(bytes)),
      lanes: (width, total) =>
        run(function* () {
          const tasks = Array.from({ length: width }, (_, i) =>
            spawn(lane(i * (total / width), (i + 1) * (total / width))),
          )
          for (const task of tasks) yield* task.join()
        }),
      close: () => pool.close(),
    }
  }
}

/** So many calls are made one after the other, in so many lanes beside each other. */
async function inLanes(caller, width, total) {
  if (caller.lanes) return caller.lanes(width, total)
  const lane = async (from, to) => {
    for (let i = from; i < to; i++) {
      const result = await caller.inc(i)
      if (result !== i + 1) throw new Error(`inc(${i}) gave ${result}`)
    }
  }
  const share = total / width
  await Promise.all(Array.from({ length: width }, (_, i) => lane(i * share, (i + 1) * share)))
}

const go = (width) => async () => {
  const program = compiled('../offload/pools.go', ['go', 'build'])
  return Object.assign(
    (total) => {
      const { stdout, status, stderr } = spawnSync(program, [String(width), String(total)], { encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
      return Number(stdout)
    },
    { measuresItself: true },
  )
}

const pythonPool = (width, kind) =>
  python(
    'concurrent.futures',
    `
from concurrent.futures import ${kind}
from collections import deque

def inc(n):
    return n + 1

pool = ${kind}(max_workers=${width === 1 ? 1 : 2})

def run(size):
    waiting = deque()
    for i in range(size):
        waiting.append((i, pool.submit(inc, i)))
        if len(waiting) == ${width}:
            j, future = waiting.popleft()
            assert future.result() == j + 1
    for j, future in waiting:
        assert future.result() == j + 1
`,
  )

/** µs for each call, in so many lanes, with the cores kept awake. */
function roundTrips(width) {
  return async (open, total, { quick }) => {
    const sleep = await keepAwake(null)
    try {
      if (open.measuresItself) return { us: open(total) / 1000 }
      const caller = await open(width === 1 ? 1 : Math.min(2, availableParallelism()))
      await inLanes(caller, width, quick ? total / 2 : total)
      const before = process.cpuUsage()
      const start = performance.now()
      await inLanes(caller, width, total)
      const us = ((performance.now() - start) * 1000) / total
      const { user, system } = process.cpuUsage(before)
      await caller.close()
      return { us, cpu: (user + system) / total }
    } finally {
      sleep()
    }
  }
}

const contenders = (width) => ({
  port: async () => port,
  piscina: async () => piscina,
  tinypool: async () => tinypool,
  pythonThreads: pythonPool(width, 'ThreadPoolExecutor'),
  pythonProcesses: pythonPool(width, 'ProcessPoolExecutor'),
  go: go(width),
  fibril: async () => fibril('ThreadPool', { inline: false }),
  fibrilProcesses: async () => fibril('ProcessPool'),
  fibrilInline: async () => fibril('ThreadPool'),
})

const metrics = [
  { key: 'us', title: 'µs' },
  { key: 'cpu', title: 'µs CPU' },
]

/** @type {import('./index.mjs').Scenario} */
export const offloadOne = {
  name: 'offload-1',
  title: 'n + 1 in another thread, one call at a time, the cores kept awake; an operation is one call',
  metrics,
  reference: 'port',
  goals: [{ metric: 'us', against: 'port', atMost: 1.2, says: 'at most 1.2 × a bare MessagePort' }],
  rounds: 7,
  // Enough of them that what is compiled meanwhile is no part of the figure.
  sizes: { default: { full: 25_600, quick: 1280 }, go: { full: 200_000, quick: 50_000 } },
  contenders: contenders(1),
  measure: roundTrips(1),
}

/** @type {import('./index.mjs').Scenario} */
export const offloadMany = {
  name: 'offload-64',
  title: 'n + 1 in other threads, 64 calls in flight; an operation is one call',
  metrics,
  reference: 'piscina',
  goals: [{ metric: 'us', against: 'piscina', atMost: 1 / 8, says: '8 × the throughput of piscina' }],
  rounds: 7,
  sizes: {
    default: { full: 64_000, quick: 12_800 },
    port: { full: 256_000, quick: 64_000 },
    fibril: { full: 256_000, quick: 64_000 },
    fibrilInline: { full: 256_000, quick: 64_000 },
    go: { full: 640_000, quick: 64_000 },
    pythonProcesses: { full: 6400, quick: 1280 },
  },
  contenders: contenders(64),
  measure: roundTrips(64),
}

/** @type {import('./index.mjs').Scenario} */
export const offloadMoved = {
  name: 'offload-moved',
  title: '16 MiB moved to another thread and back; an operation is one call',
  metrics,
  reference: 'port',
  goals: [{ metric: 'us', against: 'piscina', atMost: 1, says: 'no slower than piscina' }],
  rounds: 5,
  sizes: { default: { full: 2000, quick: 400 } },
  contenders: {
    port: async () => port,
    piscina: async () => piscina,
    tinypool: async () => tinypool,
    fibril: async () => fibril('ThreadPool', { inline: false }),
  },
  async measure(open, total) {
    const sleep = await keepAwake(null)
    const caller = await open(1)
    let bytes = new Uint8Array(16 * 2 ** 20)
    const pass = async (times) => {
      for (let i = 0; i < times; i++) bytes = await caller.mark(bytes)
    }
    try {
      await pass(total / 4)
      bytes[0] = 0
      const before = process.cpuUsage()
      const start = performance.now()
      await pass(total)
      const us = ((performance.now() - start) * 1000) / total
      const { user, system } = process.cpuUsage(before)
      if (bytes[0] !== total % 256 || bytes.length !== 16 * 2 ** 20) throw new Error('it was not marked each time')
      await caller.close()
      return { us, cpu: (user + system) / total }
    } finally {
      sleep()
    }
  },
}

/** @type {import('./index.mjs').Scenario} */
export const offloadIdle = {
  name: 'offload-idle',
  title:
    'A program whose pool of two has nothing to do: how often its threads wake in a second, and their processor time',
  metrics: [
    { key: 'wakes', title: 'wakes/s' },
    { key: 'ms', title: 'ms CPU/s' },
  ],
  reference: 'port',
  goals: [
    { metric: 'wakes', against: 'port', atMost: 1.5, says: 'no more than threads that wait at a bare MessagePort' },
  ],
  rounds: 3,
  sizes: { default: { full: 3000, quick: 1000 } },
  contenders: {
    port: async () => port,
    piscina: async () => piscina,
    tinypool: async () => tinypool,
    fibril: async () => fibril('ThreadPool', { inline: false }),
  },
  async measure(open, ms) {
    const caller = await open(2)
    await inLanes(caller, 64, 6400)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const [before, wokenBefore] = [process.cpuUsage(), wakes()]
    await new Promise((resolve) => setTimeout(resolve, ms))
    const [{ user, system }, woken] = [process.cpuUsage(before), wakes() - wokenBefore]
    await caller.close()
    return { ...(Number.isNaN(woken) ? {} : { wakes: (woken * 1000) / ms }), ms: (user + system) / ms }
  },
}

/** How often the threads of this process have slept and been woken, all together; NaN where that is not told. */
function wakes() {
  try {
    const threads = readdirSync('/proc/self/task')
    return threads.reduce((sum, thread) => {
      const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8')
      return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1])
    }, 0)
  } catch {
    return NaN
  }
}
