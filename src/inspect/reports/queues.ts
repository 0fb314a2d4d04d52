import { type Inspectable, KIND, newcomers } from '../../core/index.ts'
import type { Finding } from './record.ts'

/** Looks in a row at which a queue has grown. */
const RISES = 10

const following = new Set<QueueLooks>()

interface Watched {
  readonly queue: WeakRef<Inspectable>
  size: number
  rises: number
  /** The size that was told last. */
  told: number
}

/** Looks at queues now and then: one that was longer each time will not end well. It keeps none of them alive. */
export class QueueLooks {
  private readonly least: number
  private watched: Watched[] = []

  /** A queue that holds fewer than `least` items is not told. */
  constructor(least: number) {
    this.least = least
  }

  add(thing: Inspectable): void {
    if (thing[KIND] === 'queue') this.watched.push({ queue: new WeakRef(thing), size: 0, rises: 0, told: 0 })
  }

  /** Watches each queue that is made from now on. Returns how to end it. */
  follow(): () => void {
    following.add(this)
    newcomers.told = tellFollowers
    return () => {
      following.delete(this)
      if (following.size === 0) newcomers.told = null
    }
  }

  look(): Finding[] {
    const found: Finding[] = []
    this.watched = this.watched.filter((one) => {
      const queue = one.queue.deref()
      if (queue === undefined) return false
      const stats = queue.stats() as { readonly size: number; readonly getters?: number }
      if (stats.size > one.size) one.rises++
      else if (stats.size < one.size) one.rises = 0
      one.size = stats.size
      if (one.rises >= RISES && one.size >= this.least && one.size >= 2 * one.told) {
        one.told = one.size
        found.push(growing(String(queue), { ...stats }))
      }
      return true
    })
    return found
  }
}

function tellFollowers(thing: Inspectable): void {
  for (const looks of following) looks.add(thing)
}

function growing(name: string, stats: { readonly size: number }): Finding {
  const text = `${name} only grows: it holds ${stats.size} items, and held more at each of the last ${RISES} looks. Whoever takes from it is slower than who puts: give it a capacity, so that putting waits, or more takers`
  return { kind: 'queue', text, data: { name, ...stats } }
}
