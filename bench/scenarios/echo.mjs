import { fileURLToPath } from 'node:url'
import { compiled, coresToPin, keepAwake, outputOf, start, works } from '../net/machine.mjs'
import { loadFibril, Skipped } from '../peers.mjs'

/** In ms. */
const WARM_UP = { full: 1000, quick: 400 }

const serverFile = (name) => fileURLToPath(new URL(`../net/servers/${name}`, import.meta.url))

const node = (name, ...args) => [process.execPath, serverFile(name), ...args]

/** Debian's own: a python3 that comes first on the path need not have its packages. */
const python = (name, module) => {
  if (!works('/usr/bin/python3', '-c', `import ${module}`)) throw new Skipped(`no ${module} for /usr/bin/python3`)
  return ['/usr/bin/python3', serverFile(name)]
}

/** Each gives the command that starts its server. */
const contenders = {
  net: async () => node('net.mjs', 'chunks'),
  netLines: async () => node('net.mjs', 'lines'),
  netCorked: async () => node('net.mjs', 'corked'),
  fibril: async () => {
    await loadFibril('run', 'fn')
    return node('fibril.mjs')
  },
  fibrilTwisted: async () => {
    await loadFibril('run', 'fn')
    return node('fibril-twisted.mjs')
  },
  asyncio: async () => python('asyncio_streams.py', 'asyncio'),
  gevent: async () => python('gevent_server.py', 'gevent'),
  twisted: async () => python('twisted_lines.py', 'twisted'),
  go: async () => [compiled('servers/bufio.go', ['go', 'build'])],
}

/** @param {{ connections: number, depth: number, sameCore?: boolean }} load */
const measure = ({ connections, depth, sameCore = false }) =>
  async function measure(command, ms, { quick }) {
    if (process.platform !== 'linux') throw new Skipped('the load needs Linux')
    const load = compiled('load.c', ['cc', '-O2'])
    const cores = coresToPin()
    const [serverCore, loadCore] = cores === null ? [null, null] : sameCore ? [cores[0], cores[0]] : cores
    const server = await start(command, serverCore)
    const letSleep = await keepAwake(cores)
    try {
      const warmUp = quick ? WARM_UP.quick : WARM_UP.full
      const args = [server.said, connections, depth, warmUp, ms, server.child.pid].map(String)
      const { answers, ...figures } = JSON.parse(await outputOf([load, ...args], loadCore))
      return {
        us: (figures.ms * 1000) / answers,
        rate: answers / figures.ms,
        p50: figures.p50,
        p99: figures.p99,
        max: figures.max / 1000,
        cpu: (figures.serverMs * 1000) / answers,
        share: figures.share,
        ...(cores === null ? { note: 'not pinned: there is no taskset' } : {}),
      }
    } finally {
      letSleep()
      server.child.kill('SIGKILL')
    }
  }

const scenario = (name, title, load, goals) => ({
  name,
  title: `${title}: µs per line of 32 bytes; n is milliseconds`,
  metrics: [
    { key: 'us', title: 'µs/line' },
    { key: 'rate', title: '1,000 lines/s' },
    { key: 'p50', title: 'p50, µs' },
    { key: 'p99', title: 'p99, µs' },
    { key: 'max', title: 'longest, ms' },
    { key: 'cpu', title: 'CPU µs/line' },
    { key: 'share', title: 'core of the load' },
  ],
  reference: 'net',
  goals,
  rounds: 5,
  sizes: { default: { full: 1500, quick: 500 } },
  contenders,
  measure: measure(load),
})

const nine = {
  metric: 'us',
  against: 'net',
  atMost: 1 / 0.9,
  says: "at least 0.9 of the rate of bare net (time: at most 1.11 of net's)",
}

export const echo1 = scenario(
  'echo-1',
  'TCP echo, 1 connection, server and client on one core',
  { connections: 1, depth: 1, sameCore: true },
  [],
)

export const echo100 = scenario(
  'echo-100',
  'TCP echo, 100 connections with a line in flight each',
  { connections: 100, depth: 1 },
  [nine],
)

export const echo100x16 = scenario(
  'echo-100x16',
  'TCP echo, 100 connections with 16 lines in flight each',
  { connections: 100, depth: 16 },
  [
    {
      metric: 'us',
      against: 'netLines',
      atMost: 1 / 4,
      says: '4 × the rate of a splitter with a write for each line',
    },
    {
      metric: 'us',
      against: 'net',
      atMost: 1 / 0.6,
      says: 'at least 0.6 of the rate of bare net, which splits no lines (time: at most 1.67 of its)',
    },
  ],
)
