import { type Cost, type FunctionCosts, type Kind, LONG, MIDDLE, SHORT } from './cost.ts'
import { Line } from './line.ts'
import type { Job } from './seat.ts'

/**
 * The calls that wait for a worker.
 *
 *     submit ─▶ room ─▶ line SHORT   fib(1) ─▶ fib(2) ─▶ hash(s)       each of these kinds of calls
 *                       line MIDDLE  parse(…)                          has a line of its own;
 *                       line LONG    fib(40) ─▶ fib(41)                they take turns
 *
 * At most `max` calls that are not known to be short wait in the lines; others wait for room. Short ones are let in: they
 * are soon over, and must not wait behind big ones here either.
 */
export class Backlog {
  private readonly lines: readonly [Line<Cost<Job>>, Line<Cost<Job>>, Line<Cost<Job>>] = [
    new Line(),
    new Line(),
    new Line(),
  ]
  private readonly counts: [number, number, number] = [0, 0, 0]
  private readonly room = new Line<Job>()
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  /** How many calls of this kind wait. */
  count(kind: Kind): number {
    return this.counts[kind]
  }

  /** How many wait that are not known to be short. */
  get bigs(): number {
    return this.counts[MIDDLE] + this.counts[LONG]
  }

  get size(): number {
    return this.counts[SHORT] + this.bigs
  }

  /** How many wait for room. */
  get outside(): number {
    return this.room.size
  }

  add(job: Job): void {
    if (job.cost.kind === SHORT || (this.room.size === 0 && this.bigs < this.max)) return this.enqueue(job)
    job.outside = true
    this.room.push(job)
  }

  /** Puts calls back that were the first in their lines, in this order. */
  putBack(jobs: readonly Job[]): void {
    for (let i = jobs.length - 1; i >= 0; i--) this.enqueue(jobs[i] as Job, true)
  }

  remove(job: Job): void {
    if (job.outside) return this.room.remove(job)
    const { cost } = job
    cost.waiting.remove(job)
    this.counts[cost.kind]--
    if (cost.waiting.size === 0) this.lines[cost.kind].remove(cost)
    this.admit()
  }

  /** Takes the next call of this kind; there must be one. The turn passes to the next kind of call in the line. */
  take(kind: Kind): Job {
    const line = this.lines[kind]
    const cost = line.shift() as Cost<Job>
    line.push(cost)
    const job = cost.waiting.first as Job
    this.remove(job)
    return job
  }

  /** `cost` may be of another kind now than `before`. */
  moved(cost: Cost<Job>, before: Kind): void {
    const { kind } = cost
    if (kind === before) return
    const { size } = cost.waiting
    if (size > 0) {
      this.lines[before].remove(cost)
      this.counts[before] -= size
      this.lines[kind].push(cost)
      this.counts[kind] += size
    }
    if (kind === SHORT) {
      for (const job of this.room) {
        if (job.cost !== cost) continue
        this.room.remove(job)
        this.enqueue(job)
      }
    }
    this.admit()
  }

  /** Takes out all that wait for a function, and gives them. */
  takeAll(costs: FunctionCosts<Job>): Job[] {
    const jobs: Job[] = []
    for (const cost of costs) for (const job of cost.waiting) jobs.push(job)
    for (const job of this.room) if (job.cost.owner === costs) jobs.push(job)
    for (const job of jobs) this.remove(job)
    return jobs
  }

  private enqueue(job: Job, first = false): void {
    const { cost } = job
    job.outside = false
    if (cost.waiting.size === 0) this.lines[cost.kind].push(cost)
    if (first) cost.waiting.unshift(job)
    else cost.waiting.push(job)
    this.counts[cost.kind]++
  }

  private admit(): void {
    while (this.room.size > 0 && this.bigs < this.max) this.enqueue(this.room.shift() as Job)
  }
}
