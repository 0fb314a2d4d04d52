/**
 * Theory of operation: any number of timers on one host timer.
 *
 *     heap of buckets, earliest first      each bucket: the timers of one deadline, in the order in which they came
 *     ┌────┬────┬────┐
 *     │ 12 │ 15 │ 13 │   12 ─▶ [t, t, ·, t]      · stopped
 *     └────┴────┴────┘
 *
 * The host puts deadlines on a grid (a millisecond on Node), so a million sleepers share a thousand buckets: starting a
 * timer is a map look-up and a push, stopping one clears its slot, and equal deadlines fire first in, first out, by
 * construction. Bucket slots that were stopped are squeezed out when they are the majority; a bucket that was emptied
 * stays until its time, so that start-and-stop in a loop allocates nothing.
 */
import type { LoopView, Timer, TimerBucket } from './machine.ts'

export class Deadlines {
  private readonly loop: LoopView
  private readonly buckets = new Map<number, TimerBucket>()
  private readonly heap: TimerBucket[] = []
  private live = 0
  /** The bucket that was used last: runs of equal deadlines skip the map. */
  private recent: TimerBucket | null = null
  /** The bucket that `expire` walks: its slots must stay where they are. */
  private expiring: TimerBucket | null = null

  constructor(loop: LoopView) {
    this.loop = loop
  }

  /** Timers that are running. */
  get size(): number {
    return this.live
  }

  start(timer: Timer, deadline: number): void {
    let bucket = this.recent
    if (bucket === null || bucket.deadline !== deadline) {
      bucket = this.buckets.get(deadline) ?? this.open(deadline)
      this.recent = bucket
    }
    timer.bucket = bucket
    timer.index = bucket.timers.length
    bucket.timers.push(timer)
    bucket.live++
    this.live++
  }

  stop(timer: Timer): void {
    const bucket = timer.bucket
    if (bucket === null) return // fired or never started
    bucket.timers[timer.index] = null
    timer.bucket = null
    this.live--
    bucket.live--
    if (bucket === this.expiring) return
    if (bucket.live === 0) bucket.timers.length = 0
    else if (bucket.timers.length > 32 && bucket.live < bucket.timers.length >> 1) squeeze(bucket)
  }

  /** The earliest deadline that a running timer has, or Infinity. */
  next(): number {
    for (;;) {
      const first = this.heap[0]
      if (first === undefined) return Infinity
      if (first.live > 0) return first.deadline
      this.pop()
    }
  }

  /** The next deadlines at which timers run, so many at most, and how many timers each has. */
  upcoming(most: number): { readonly at: number; readonly timers: number }[] {
    return this.heap
      .filter(({ live }) => live > 0)
      .sort((a, b) => a.deadline - b.deadline)
      .slice(0, most)
      .map(({ deadline, live }) => ({ at: deadline, timers: live }))
  }

  /** Fires every timer that is due at `now`, and none that these start. */
  expire(now: number): void {
    // Taken out first: what a timer starts for this very instant is in a bucket of its own, and comes next time.
    const due: TimerBucket[] = []
    for (let first = this.heap[0]; first !== undefined && first.deadline <= now; first = this.heap[0]) {
      this.pop()
      due.push(first)
    }
    for (const first of due) {
      this.expiring = first
      const { timers } = first
      for (let i = 0; i < timers.length; i++) {
        const timer = timers[i]
        // Stopped by one that fired before it.
        if (timer === null || timer === undefined) continue
        timers[i] = null
        timer.bucket = null
        first.live--
        this.live--
        timer.fire()
      }
    }
    this.expiring = null
  }

  private open(deadline: number): TimerBucket {
    const bucket: TimerBucket = { loop: this.loop, deadline, timers: [], live: 0 }
    this.buckets.set(deadline, bucket)
    const heap = this.heap
    let i = heap.length
    for (; i > 0; ) {
      const up = (i - 1) >> 1
      const parent = heap[up] as TimerBucket
      if (parent.deadline <= deadline) break
      heap[i] = parent
      i = up
    }
    heap[i] = bucket
    return bucket
  }

  private pop(): void {
    const heap = this.heap
    const first = heap[0] as TimerBucket
    const last = heap.pop() as TimerBucket
    this.buckets.delete(first.deadline)
    if (this.recent === first) this.recent = null
    const size = heap.length
    if (size === 0) return
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      if (down >= size) break
      if (down + 1 < size && (heap[down + 1] as TimerBucket).deadline < (heap[down] as TimerBucket).deadline) down++
      const child = heap[down] as TimerBucket
      if (child.deadline >= last.deadline) break
      heap[i] = child
      i = down
    }
    heap[i] = last
  }
}

function squeeze(bucket: TimerBucket): void {
  let kept = 0
  for (const timer of bucket.timers) {
    if (timer === null) continue
    timer.index = kept
    bucket.timers[kept++] = timer
  }
  bucket.timers.length = kept
}
