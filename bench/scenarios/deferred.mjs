import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PromiseQueue } from '../hand-made-queues.mjs'
import { timed } from '../measure.mjs'
import { Skipped } from '../peers.mjs'

const entry = new URL('../../dist/src/twisted/index.js', import.meta.url)
const CALLBACKS = 10

async function loadDialect() {
  if (!existsSync(entry)) throw new Skipped('not built: run `npm run build` first')
  return await import(entry.href)
}

async function loadBluebird() {
  return (await import('bluebird')).default
}

/** Debian's own: a python3 that comes first on the path need not have it. */
async function twisted() {
  if (spawnSync('/usr/bin/python3', ['-c', 'import twisted']).status !== 0)
    throw new Skipped('no twisted for /usr/bin/python3')
  return 'twisted'
}

const measure = (scenario) =>
  async function measure(workload, size, options) {
    if (workload !== 'twisted') return timed(workload, size, options)
    const script = fileURLToPath(new URL('../twisted_deferreds.py', import.meta.url))
    return { ns: Number(spawnSync('/usr/bin/python3', [script, scenario, String(size)], { encoding: 'utf8' }).stdout) }
  }

function checkSum(sum, items) {
  if (sum !== (items * (items - 1)) / 2) throw new Error(`${items} items add up to ${sum}`)
}

// -- ten callbacks

const addOne = (n) => n + 1

/** A promise that is settled by hand, as a Deferred is. */
function promiseTen(P) {
  return async (size) => {
    let last
    for (let i = 0; i < size; i += CALLBACKS) {
      let resolve
      let promise = new P((settle) => {
        resolve = settle
      })
      for (let k = 0; k < CALLBACKS; k++) promise = promise.then(addOne)
      resolve(i)
      last = promise
    }
    if ((await last) !== size) throw new Error(`the last chain came to ${await last}`)
  }
}

const ten = {
  native: async () => promiseTen(Promise),
  bluebird: async () => promiseTen(await loadBluebird()),
  twisted,
  async fibril() {
    const { Deferred } = await loadDialect()
    return (size) => {
      let last = 0
      const note = (n) => {
        last = n
      }
      for (let i = 0; i < size; i += CALLBACKS) {
        const deferred = new Deferred()
        for (let k = 0; k < CALLBACKS - 1; k++) deferred.addCallback(addOne)
        deferred.addCallback(note)
        deferred.callback(i)
      }
      if (last !== size - 1) throw new Error(`the last chain came to ${last}`)
    }
  },
}

// -- a queue, drained by a callback that gets the next item

function promiseDrain(P) {
  return async (items) => {
    const queue = new PromiseQueue()
    for (let i = 0; i < items; i++) queue.put(i)
    let left = items
    let sum = 0
    await new P((resolve) => {
      const take = (item) => {
        sum += item
        if (--left === 0) resolve()
        else P.resolve(queue.get()).then(take)
      }
      P.resolve(queue.get()).then(take)
    })
    checkSum(sum, items)
  }
}

const drain = {
  native: async () => promiseDrain(Promise),
  bluebird: async () => promiseDrain(await loadBluebird()),
  twisted,
  async fibril() {
    const { DeferredQueue } = await loadDialect()
    return (items) => {
      const queue = new DeferredQueue()
      for (let i = 0; i < items; i++) queue.put(i)
      let left = items
      let sum = 0
      const take = (item) => {
        sum += item
        if (--left > 0) queue.get().addCallback(take)
      }
      queue.get().addCallback(take)
      checkSum(sum, items)
    }
  },
}

// -- a long chain, each waiting for the next

function promiseChain(P) {
  return async (length) => {
    const gates = Array.from({ length }, () => {
      let resolve
      const promise = new P((settle) => {
        resolve = settle
      })
      return { promise, resolve }
    })
    const chained = new Array(length)
    for (let i = 0; i < length; i++)
      chained[i] = i + 1 < length ? gates[i].promise.then(() => chained[i + 1]) : gates[i].promise
    for (const { resolve } of gates) resolve('end')
    if ((await chained[0]) !== 'end') throw new Error('the chain came to nothing')
  }
}

const chain = {
  native: async () => promiseChain(Promise),
  bluebird: async () => promiseChain(await loadBluebird()),
  twisted,
  async fibril() {
    const { Deferred } = await loadDialect()
    return (length) => {
      const all = Array.from({ length }, () => new Deferred())
      for (let i = 0; i + 1 < length; i++) all[i].addCallback(() => all[i + 1])
      for (const deferred of all) deferred.callback('end')
      let end
      all[0].addCallback((result) => {
        end = result
      })
      if (end !== 'end') throw new Error('the chain came to nothing')
    }
  },
}

const metrics = [{ key: 'ns', title: 'ns' }]

/** @type {import('./index.mjs').Scenario} */
export const deferredTen = {
  name: 'deferred-ten',
  title: 'A Deferred, or promise, is built with ten callbacks and fired; an operation is one callback',
  metrics,
  reference: 'native',
  goals: [
    { metric: 'ns', against: 'twisted', atMost: 1 / 20, says: 'at least 20 × as fast as Twisted' },
    { metric: 'ns', against: 'bluebird', atMost: 1, says: 'at least as fast as bluebird' },
  ],
  rounds: 5,
  sizes: { default: { full: 100_000, quick: 20_000 } },
  contenders: ten,
  measure: measure('ten'),
}

/** @type {import('./index.mjs').Scenario} */
export const deferredQueue = {
  name: 'deferred-queue',
  title: 'A queue is filled, then drained by a callback that asks for the next item; an operation is one item',
  metrics,
  reference: 'native',
  goals: [{ metric: 'ns', against: 'bluebird', atMost: 1, says: 'at least as fast as bluebird' }],
  rounds: 5,
  sizes: {
    default: { full: 1_000_000, quick: 200_000 },
    // Its stack overflows at 332 items, so it gets 100 at a time, as often as that takes.
    twisted: { full: 30_000, quick: 15_000 },
  },
  contenders: drain,
  measure: measure('queue'),
}

/** @type {import('./index.mjs').Scenario} */
export const deferredChain = {
  name: 'deferred-chain',
  title: 'A chain of Deferreds, or promises, each of which waits for the next; an operation is one of them',
  metrics,
  reference: 'native',
  goals: [{ metric: 'ns', against: 'bluebird', atMost: 1, says: 'at least as fast as bluebird' }],
  rounds: 5,
  sizes: { default: { full: 100_000, quick: 100_000 } },
  contenders: chain,
  measure: measure('chain'),
}
