import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Cluster } from '../cluster/cluster.mjs'
import { loadFibril } from '../peers.mjs'

/** Connections that ask for fib(1), each one request at a time. */
const CONNECTIONS = 8
/** In ms. */
const WARM_UP = 1500
const BEFORE = 1000

const start = async (script, ...args) => {
  const child = fork(fileURLToPath(new URL(`../perf2/${script}`, import.meta.url)), args)
  const [message] = await once(child, 'message')
  return { child, message }
}

/** Requests and answers over a few connections. */
class Load {
  answered = 0
  #sockets = []
  #last = 0
  #silence = 0

  static async open(port) {
    const load = new Load()
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      load.#sockets.push(socket)
      await once(socket, 'connect')
    }
    load.#last = performance.now()
    for (const socket of load.#sockets) {
      socket.on('data', () => {
        const now = performance.now()
        load.#silence = Math.max(load.#silence, now - load.#last)
        load.#last = now
        load.answered++
        socket.write('1\n')
      })
      socket.write('1\n')
    }
    return load
  }

  /** How many answers came while `work` went on, how long that was, and the longest time without one. */
  async during(work) {
    const [first, start] = [this.answered, performance.now()]
    this.#silence = 0
    this.#last = start
    await work()
    const end = performance.now()
    return { answers: this.answered - first, ms: end - start, silence: Math.max(this.#silence, end - this.#last) }
  }

  close() {
    for (const socket of this.#sockets) socket.destroy()
  }
}

const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function ask(port, n) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(`${n}\n`)
  const [answer] = await once(socket, 'data')
  socket.destroy()
  return Number(answer)
}

async function took(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** The n for which fib(n) takes about `ms`. */
async function calibrate(port, ms) {
  // The first starts a thread, and the code is not compiled yet.
  for (let i = 0; i < 5; i++) await ask(port, 28)
  for (let n = 28; ; n++) {
    const time = await took(() => ask(port, n))
    if (time > 60) return n + Math.max(0, Math.round(Math.log(ms / time) / Math.log(1.618)))
  }
}

/** An unrelated program burns a core for `ms`. */
async function besideBurner(ms) {
  const { child } = await start('burner.mjs')
  await pass(ms)
  child.kill('SIGKILL')
}

/** What a pool needs beside the service: the cluster a server, and a worker. */
async function company(pool) {
  if (pool !== 'nats') return null
  const cluster = await Cluster.start()
  await cluster.work(new URL('../../dist/examples/fib/work.js', import.meta.url))
  process.env.NATS_URL = cluster.url
  return cluster
}

async function measure({ script, pool }, ms) {
  // Cores that sleep take long to wake, and any load would keep them awake for free: so they are, all the time.
  const spinners = await Promise.all(Array.from({ length: availableParallelism() }, () => start('burner.mjs', 'idle')))
  const beside = await company(pool)
  const { child: server, message: port } = await start(script, pool)
  try {
    const n = await calibrate(port, ms)
    const load = await Load.open(port)
    const bigs = []
    const bigFibs = async (count) => {
      const big = async () => bigs.push(await took(() => ask(port, n)))
      await Promise.all(Array.from({ length: count }, big))
    }
    await pass(WARM_UP)
    const before = await load.during(() => pass(BEFORE))
    // Each twice, in turn: what slows the machine for a while slows both.
    const big = []
    const burner = []
    for (let i = 0; i < 2; i++) {
      big.push(await load.during(() => bigFibs(1)))
      burner.push(await load.during(() => besideBurner(ms)))
    }
    const one = bigs.splice(0)
    const two = await load.during(() => bigFibs(2))
    const after = await load.during(() => pass(BEFORE))
    load.close()
    const during = micros(big)
    return {
      during,
      before: micros([before]),
      after: micros([after]),
      burner: micros(burner),
      ofBurner: during / micros(burner),
      silence: Math.max(...big.map(({ silence }) => silence)),
      two: micros([two]),
      twoOfBurner: micros([two]) / micros(burner),
      one: mean(one),
      both: mean(bigs),
    }
  } finally {
    for (const { child } of [...spinners, { child: server }]) child.kill('SIGKILL')
    await beside?.end()
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Per answer; all of it, if there was none. */
function micros(spells) {
  const sum = (key) => spells.reduce((total, spell) => total + spell[key], 0)
  return (sum('ms') * 1000) / Math.max(1, sum('answers'))
}

const fibril = (pool) => async () => {
  await loadFibril('fn', 'run')
  if (pool === 'nats') await Cluster.check()
  return { script: 'fibril-server.mjs', pool }
}
const peer = (script) => async () => ({ script, pool: '' })

export const perf2 = {
  name: 'perf2',
  title: `µs per fib(1) for ${CONNECTIONS} clients of the fib service, while another asks for a fib of n ms`,
  metrics: [
    { key: 'during', title: 'during' },
    { key: 'before', title: 'before' },
    { key: 'after', title: 'after' },
    { key: 'burner', title: 'beside a burner' },
    { key: 'silence', title: 'longest silence, ms' },
    { key: 'one', title: 'the big fib, ms' },
    { key: 'two', title: 'during two of them' },
    { key: 'both', title: 'each of the two, ms' },
    { key: 'ofBurner', title: 'during / burner' },
    { key: 'twoOfBurner', title: 'two / burner' },
  ],
  reference: 'piscina',
  goals: [
    { metric: 'silence', atMost: 1000, says: 'no second without an answer during the big fib' },
    {
      metric: 'ofBurner',
      atMost: 1 / 0.9,
      says: 'at least 0.9 of the rate that there is beside an unrelated program that burns a core (time: at most 1.11 of it)',
    },
    { metric: 'during', against: 'piscina', atMost: 1 / 4, says: '4 × the rate of piscina' },
  ],
  rounds: 3,
  sizes: { default: { full: 2000, quick: 700 } },
  contenders: {
    fibril: fibril('threads'),
    processes: fibril('processes'),
    cluster: fibril('nats'),
    piscina: peer('piscina-server.mjs'),
    inline: peer('inline-server.mjs'),
  },
  measure,
}
