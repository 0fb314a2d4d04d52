import { closeSync, openSync, writeSync } from 'node:fs'
import { devNull } from 'node:os'
import { computed } from '../measure.mjs'
import { flagsFor, lookAt, wayNames } from '../overhead-ways.mjs'
import { loadFibril } from '../peers.mjs'
import { echo100 } from './echo.mjs'
import { spawnJoin } from './spawn-join.mjs'
import { switch1000 } from './switch.mjs'

/** The same program, and nobody who looks at it: `fibril/inspect` is not even loaded. Then each way to look at it. */
function lookedAt(program, arrange) {
  const contenders = { none: () => arrange(program, null) }
  for (const way of wayNames) contenders[way] = () => arrange(program, way)
  return contenders
}

async function here(program, way) {
  const workload = await program()
  if (way !== null) await lookAt(way)
  return workload
}

/** In a process of its own: the command gets options. */
async function there(program, way) {
  const [node, ...args] = await program()
  return way === null ? [node, ...args] : [node, ...flagsFor(way), ...args]
}

const goals = (metric) => [
  { of: 'off', metric, against: 'none', atMost: 1.01, says: 'off: nothing that can be measured' },
  { of: 'watched', metric, against: 'none', atMost: 1.1, says: 'on, and watched: less than 10 %' },
]

const local = (name, title, { sizes, contenders: { fibril } }) => ({
  name,
  title: `${title}, looked at in several ways: CPU ns`,
  metrics: [{ key: 'cpu', title: 'CPU ns' }],
  reference: 'none',
  goals: goals('cpu'),
  rounds: 7,
  sizes: { default: sizes.fibril ?? sizes.default },
  contenders: lookedAt(fibril, here),
  measure: computed,
})

export const overheadSwitch = local('overhead-switch', 'a switch between 1000 tasks', switch1000)

export const overheadSpawn = local('overhead-spawn', 'a task that is spawned and joined', spawnJoin)

export const overheadEcho = {
  ...echo100,
  name: 'overhead-echo',
  title:
    'TCP echo, 100 connections with a line in flight each, looked at in several ways: µs per line; n is milliseconds',
  reference: 'none',
  goals: goals('cpu'),
  contenders: lookedAt(echo100.contenders.fibril, there),
}

/** Each gives what `snapshotLines` is asked for. */
const snapshots = { stacks: async () => ({ frames: true }), tree: async () => ({ frames: false }) }

export const snapshotSize = {
  name: 'snapshot-size',
  title:
    'n parked tasks with two frames each as lines of JSON, with and without stacks; resources is the search for all else',
  metrics: [
    { key: 'cpuMs', title: 'CPU ms' },
    { key: 'ms', title: 'ms' },
    { key: 'more', title: 'heap on top, MB' },
    { key: 'resources', title: 'resources, ms' },
  ],
  goals: [{ of: 'stacks', metric: 'ms', atMost: 1000, says: '10,000 parked tasks with their stacks in a second' }],
  rounds: 5,
  sizes: { stacks: { full: 10_000, quick: 10_000 }, default: { full: 1_000_000, quick: 100_000 } },
  contenders: snapshots,
  async measure(options, tasks) {
    const { Event, fn, run, sleep, spawn } = await loadFibril('Event', 'fn', 'run', 'sleep', 'spawn')
    const { snapshot, snapshotLines } = await import(new URL('../../dist/src/inspect/index.js', import.meta.url).href)
    const go = new Event()
    const inner = fn(function* inner(i) {
      yield* go.wait()
      return i
    })
    run(function* main() {
      for (let i = 0; i < tasks; i++) {
        spawn(function* worker() {
          yield* inner(i)
        })
      }
    })
    let left = tasks + 1
    while (left > 0) {
      await sleep(10)
      left = tasks + 1 - snapshot({ frames: false }).tasks.filter(({ state }) => state === 'parked').length
    }
    globalThis.gc()
    const figures = dump(snapshotLines(options), tasks)
    return { ...figures, resources: resourcesMs(snapshot) }
  },
}

/** What they take on top of the tasks. */
function resourcesMs(snapshot) {
  const took = (resources) => {
    const start = performance.now()
    snapshot({ frames: false, resources })
    return performance.now() - start
  }
  took(true)
  return Math.max(0, took(true) - took(false))
}

function dump(lines, tasks) {
  const file = openSync(devNull, 'w')
  const before = process.memoryUsage().heapUsed
  const cpu = process.cpuUsage()
  const start = performance.now()
  let written = 0
  let most = before
  let text = ''
  for (const line of lines) {
    text += `${line}\n`
    written++
    if (text.length < 1 << 16) continue
    writeSync(file, text)
    text = ''
    most = Math.max(most, process.memoryUsage().heapUsed)
  }
  writeSync(file, text)
  closeSync(file)
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  if (written !== tasks + 3) throw new Error(`${written} lines of ${tasks} tasks`)
  return { ms, cpuMs: (user + system) / 1000, more: (most - before) / 1e6 }
}
