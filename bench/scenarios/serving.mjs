import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { start } from '../net/machine.mjs'
import { loadFibril, Skipped } from '../peers.mjs'

const KEPT = 64
const FRESH = 16
const REQUEST = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

const file = (name) => fileURLToPath(new URL(`../net/servers/${name}`, import.meta.url))
const across = (how, workers, spread) => async () => {
  if (how === 'fibril') await loadFibril('run')
  return [process.execPath, file('serving.mjs'), how, String(workers), spread]
}

const contenders = {
  alone: async () => [process.execPath, file('page.mjs')],
  cluster1: across('cluster', 1, 'even'),
  fibril1: across('fibril', 1, 'even'),
  cluster2: across('cluster', 2, 'even'),
  fibril2: across('fibril', 2, 'even'),
  clusterKernel2: across('cluster', 2, 'kernel'),
  fibrilKernel2: across('fibril', 2, 'kernel'),
}

/** A connection; each answer, which comes in one piece, is told with the id of the process that gave it. */
const open = (port, answered) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket
      .setNoDelay()
      .setEncoding('latin1')
      .on('data', (text) => answered(socket, text.slice(text.lastIndexOf('\n') + 1)))
    socket.once('error', reject)
  })

/** µs that a process and its children have had of a processor so far. */
function cpuOf(parent) {
  const micros = (pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
      // Ticks of 10 ms, in user's and in system's time.
      return pid === parent || fields[1] === String(parent) ? (Number(fields[11]) + Number(fields[12])) * 10_000 : 0
    } catch {
      return 0
    }
  }
  return readdirSync('/proc').reduce((sum, name) => sum + (/^\d+$/.test(name) ? micros(Number(name)) : 0), 0)
}

/** µs per request over connections that are kept, each of which asks again as soon as it has its answer. */
async function kept(port, pid, ms) {
  let answers = 0
  const servers = new Map()
  const sockets = []
  const first = []
  for (let n = 0; n < KEPT; n++) {
    let heard
    first.push(new Promise((resolve) => (heard = resolve)))
    const socket = await open(port, (socket, pid) => {
      if (heard !== null) {
        servers.set(pid, (servers.get(pid) ?? 0) + 1)
        heard()
        heard = null
      } else answers++
      socket.write(REQUEST)
    })
    socket.write(REQUEST)
    sockets.push(socket)
  }
  await Promise.all(first)
  await new Promise((resolve) => setTimeout(resolve, ms / 4))
  answers = 0
  const begun = performance.now()
  const before = cpuOf(pid)
  await new Promise((resolve) => setTimeout(resolve, ms))
  const cpu = (cpuOf(pid) - before) / answers
  const us = ((performance.now() - begun) * 1000) / answers
  for (const socket of sockets) socket.destroy()
  return { us, cpu, most: Math.max(...servers.values()) / KEPT }
}

/** µs per request if each has a connection of its own. */
async function fresh(port, pid, ms) {
  let answers = 0
  const before = cpuOf(pid)
  const begun = performance.now()
  const client = async () => {
    while (performance.now() - begun < ms) {
      await new Promise((resolve, reject) => {
        open(port, (socket) => {
          answers++
          socket.destroy()
          resolve()
        }).then((socket) => socket.write(REQUEST), reject)
      })
    }
  }
  await Promise.all(Array.from({ length: FRESH }, client))
  const connectionCpu = (cpuOf(pid) - before) / answers
  return { connection: ((performance.now() - begun) * 1000) / answers, connectionCpu }
}

async function measure(command, ms) {
  if (process.platform !== 'linux') throw new Skipped('the time of the processor is read from /proc')
  const { child, said } = await start(command)
  try {
    return { ...(await kept(Number(said), child.pid, ms)), ...(await fresh(Number(said), child.pid, ms)) }
  } finally {
    child.stdin.end()
    child.kill('SIGTERM')
  }
}

const asCluster = (of, against) => ({
  of,
  metric: 'cpu',
  against,
  atMost: 1.15,
  says: `a request takes the processor for as long as under node:cluster (${of} against ${against}: at most 1.15)`,
})

export const serving = {
  name: 'serving',
  title: `HTTP by 1 and 2 processes, ${KEPT} connections that are kept, then ${FRESH} at a time for a request each: µs per request; n is milliseconds`,
  metrics: [
    { key: 'us', title: 'µs/request' },
    { key: 'cpu', title: 'CPU µs/request' },
    { key: 'connection', title: 'µs/fresh connection' },
    { key: 'connectionCpu', title: 'CPU µs/fresh connection' },
    { key: 'most', title: 'of the kept, most at one' },
  ],
  reference: 'cluster2',
  goals: [
    asCluster('fibril1', 'cluster1'),
    asCluster('fibril2', 'cluster2'),
    asCluster('fibrilKernel2', 'clusterKernel2'),
  ],
  rounds: 5,
  sizes: { default: { full: 1500, quick: 500 } },
  contenders,
  measure,
}
