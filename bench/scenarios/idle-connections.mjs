import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { openFiles, start } from '../net/machine.mjs'
import { loadFibril } from '../peers.mjs'

/** Files of either process that are not connections. */
const SPARE = 200
/** Connections that are opened at a time. */
const AT_A_TIME = 100

const server = (...args) => [
  process.execPath,
  '--expose-gc',
  '--import',
  new URL('../net/report-memory.mjs', import.meta.url).href,
  ...args,
]

const serverFile = (name) => fileURLToPath(new URL(`../net/servers/${name}`, import.meta.url))

async function measure(command, wanted) {
  const count = Math.min(wanted, openFiles(wanted + SPARE) - SPARE)
  const { child, lines, said: port } = await start(command)
  const memory = async () => {
    child.stdin.write('memory\n')
    return JSON.parse((await lines.next()).value)
  }
  try {
    // The first ones compile code and fill caches. They stay, too: what is closed is not gone at once.
    const first = await openSockets(port, AT_A_TIME)
    const before = await memory()
    const sockets = await openSockets(port, count)
    const after = await memory()
    if ([...first, ...sockets].some((socket) => socket.closed))
      throw new Error('the server hung up on an idle connection')
    const each = (key) => (after[key] - before[key]) / count
    const note = count < wanted ? `${count} connections: no more files may be open` : undefined
    return { heap: each('heap'), rss: each('rss'), ...(note === undefined ? {} : { note }) }
  } finally {
    child.kill('SIGKILL')
  }
}

/** Each has had an answer, so that the server has it, and has served it. */
async function openSockets(port, count) {
  const sockets = []
  while (sockets.length < count) {
    const some = Math.min(AT_A_TIME, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => openSocket(port)))))
  }
  return sockets
}

async function openSocket(port) {
  const socket = connect(port, '127.0.0.1')
  socket.write('hello\n')
  await once(socket, 'data')
  return socket
}

export const idleConnections = {
  name: 'idle-connections',
  title: 'connections to an echo server that have had one answer and are idle; bytes for each',
  metrics: [
    { key: 'heap', title: 'heap bytes each' },
    { key: 'rss', title: 'RSS each', spread: true },
  ],
  reference: 'net',
  goals: [
    { metric: 'heap', against: 'net', atMost: 1.3, says: 'at most 1.3 × the heap of bare net' },
    { metric: 'rss', against: 'net', atMost: 1.3, says: 'at most 1.3 × the memory of bare net' },
  ],
  rounds: 3,
  sizes: { default: { full: 10_000, quick: 2000 } },
  contenders: {
    net: async () => server(serverFile('net.mjs'), 'chunks'),
    netLines: async () => server(serverFile('net.mjs'), 'lines'),
    readline: async () => server(serverFile('net.mjs'), 'readline'),
    fibril: async () => {
      await loadFibril('run', 'fn')
      return server(serverFile('fibril.mjs'))
    },
  },
  measure,
}
