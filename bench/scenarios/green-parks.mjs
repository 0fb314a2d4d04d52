import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { loadCompiled } from '../green/compiled.mjs'
import { computed, liveBytes } from '../measure.mjs'
import { Skipped } from '../peers.mjs'

const HOUR = 3_600_000

/** Which task ran last: the next must be another. Looked at in place, for a call of it would cost as much as what is measured. */
const turns = () => ({ last: -1 })

const programs = {
  native: () => import('../green/parks-async.mjs'),
  coroutines: () => import('../green/parks-coroutines.mjs'),
  fibril: async () => (await loadCompiled('parks.mjs')).program,
  wayA: async () => (await loadCompiled('parks.mjs', { onlyGenerators: true })).program,
}

function contenders(workload) {
  return Object.fromEntries(Object.entries(programs).map(([name, load]) => [name, async () => workload(await load())]))
}

/** Parks through frames that are entered anew each time. */
function fresh(frames) {
  return {
    name: `green-park-${frames}`,
    title: `Two tasks that park ${frames === 1 ? 'in a call' : `${frames} calls deep`} and return, in turn: one park`,
    metrics: [{ key: 'cpu', title: 'ns CPU/park' }],
    reference: 'native',
    goals: [
      { metric: 'cpu', against: 'native', atMost: 1, says: 'less than async/await' },
      { of: 'wayA', metric: 'cpu', against: 'native', atMost: 2, says: 'by generators, at most 2 × async/await' },
    ],
    rounds: 5,
    sizes: { default: { full: Math.round(600_000 / (frames + 2)), quick: Math.round(150_000 / (frames + 2)) } },
    contenders: contenders(({ descents }) => async (size) => {
      const times = Math.round(size / 2)
      const sum = await descents(frames, times, turns())
      if (sum !== 2 * Math.floor(times / 2)) throw new Error(`The calls gave ${sum}`)
    }),
    measure: computed,
  }
}

/** @type {import('./index.mjs').Scenario} */
export const greenPark1 = fresh(1)
export const greenPark3 = fresh(3)
export const greenPark30 = fresh(30)

/** Parks at the bottom of frames that stay where they are. */
export const greenStay = {
  name: 'green-stay',
  title: 'Two tasks that park in a loop at the bottom of 100 frames, in turn: one park',
  metrics: [
    { key: 'cpu', title: 'ns CPU/park' },
    { key: 'shallow', title: 'below one frame' },
    { key: 'growth', title: 'deep / shallow' },
  ],
  reference: 'native',
  goals: [{ metric: 'growth', atMost: 1.2, says: 'a park costs the same however deep it is (1.2 × is noise)' }],
  rounds: 5,
  sizes: { default: { full: 200_000, quick: 50_000 } },
  contenders: contenders(({ stays }) => async (size, frames) => {
    const times = size / 2
    const sum = await stays(frames, times, turns())
    if (sum !== 2 * times) throw new Error(`The calls gave ${sum}`)
  }),
  async measure(workload, size, options) {
    const deep = (times) => workload(times, 100)
    // Both measure code that has been optimised for both.
    await computed(deep, size, options)
    const { cpu: shallow } = await computed((times) => workload(times, 1), size, options)
    const { cpu } = await computed(deep, size, options)
    return { cpu, shallow, growth: cpu / shallow }
  },
}

const DEPTH = 3

export const greenMemory = {
  name: 'green-memory',
  title: `Tasks that sleep for an hour, ${DEPTH} calls deep: bytes each`,
  metrics: [{ key: 'bytes', title: 'bytes/task' }],
  reference: 'native',
  goals: [{ metric: 'bytes', against: 'native', atMost: 2, says: 'at most 2 × async functions' }],
  rounds: 2,
  sizes: { default: { full: 100_000, quick: 20_000 }, gevent: { full: 20_000, quick: 5_000 } },
  contenders: {
    ...contenders(({ sleepers }) => async (size) => {
      // What is made on first use does not count.
      await sleepers(DEPTH, 100, 1, () => {})
      const before = liveBytes()
      const bytes = await new Promise((resolve) => {
        sleepers(DEPTH, size, HOUR, () => resolve(liveBytes() - before))
      })
      return { bytes: bytes / size }
    }),
    gevent: async () => (size) => ({ bytes: geventBytes(size), note: 'resident memory' }),
  },
  measure: (workload, size) => workload(size),
}

function geventBytes(size) {
  const script = fileURLToPath(new URL('../green/gevent_memory.py', import.meta.url))
  try {
    return Number(execFileSync('/usr/bin/python3', [script, DEPTH, size], { stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    throw new Skipped('no python3 with gevent')
  }
}
