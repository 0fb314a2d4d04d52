import { type Cost, type FunctionCosts, type Group, type Kind, LONG, MIDDLE, SHORT } from './cost.ts'
import { Lanes } from './lanes.ts'
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
 *
 * Calls of greater priority are let in, and taken, before others: kinds take turns only among the same.
 */
export class Backlog {
  private readonly lines: readonly [Lanes<Group<Job>>, Lanes<Group<Job>>, Lanes<Group<Job>>] = [
    new Lanes(),
    new Lanes(),
    new Lanes(),
  ]
  private readonly counts: [number, number, number] = [0, 0, 0]
  private readonly room = new Lanes<Job>()
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

  /** The greatest priority of a call of this kind that waits; -Infinity if there is none. */
  priority(kind: Kind): number {
    return this.lines[kind].priority
  }

  add(job: Job): void {
    if (job.cost.kind === SHORT || (this.room.size === 0 && this.bigs < this.max)) return this.enqueue(job)
    job.outside = true
    this.room.push(job, job.priority)
  }

  /** Puts calls back that were the first in their lines, in this order. */
  putBack(jobs: readonly Job[]): void {
    for (let i = jobs.length - 1; i >= 0; i--) this.enqueue(jobs[i] as Job, true)
  }

  remove(job: Job): void {
    if (job.outside) return this.room.remove(job, job.priority)
    const { cost, priority } = job
    const group = cost.group(priority)
    group.jobs.remove(job)
    this.counts[cost.kind]--
    if (group.jobs.size === 0) {
      this.lines[cost.kind].remove(group, priority)
      cost.left(group)
    }
    this.admit()
  }

  /** Takes the next call of this kind; there must be one. The turn passes to the next kind of call in the line. */
  take(kind: Kind): Job {
    const line = this.lines[kind]
    const group = line.first as Group<Job>
    const { priority } = group
    line.remove(group, priority)
    line.push(group, priority)
    const job = group.jobs.first as Job
    this.remove(job)
    return job
  }

  /** `cost` may be of another kind now than `before`. */
  moved(cost: Cost<Job>, before: Kind): void {
    const { kind } = cost
    if (kind === before) return
    for (const group of cost.groups()) {
      const { size } = group.jobs
      if (size === 0) continue
      this.lines[before].remove(group, group.priority)
      this.counts[before] -= size
      this.lines[kind].push(group, group.priority)
      this.counts[kind] += size
    }
    if (kind === SHORT) {
      for (const job of this.room) {
        if (job.cost !== cost) continue
        this.room.remove(job, job.priority)
        this.enqueue(job)
      }
    }
    this.admit()
  }

  /** Takes out all that wait for a function, and gives them. */
  takeAll(costs: FunctionCosts<Job>): Job[] {
    const jobs: Job[] = []
    for (const cost of costs) for (const group of cost.groups()) for (const job of group.jobs) jobs.push(job)
    for (const job of this.room) if (job.cost.owner === costs) jobs.push(job)
    for (const job of jobs) this.remove(job)
    return jobs
  }

  private enqueue(job: Job, first = false): void {
    const { cost, priority } = job
    const group = cost.group(priority)
    job.outside = false
    if (group.jobs.size === 0) this.lines[cost.kind].push(group, priority)
    if (first) group.jobs.unshift(job)
    else group.jobs.push(job)
    this.counts[cost.kind]++
  }

  private admit(): void {
    while (this.room.size > 0 && this.bigs < this.max) {
      const job = this.room.first as Job
      this.room.remove(job, job.priority)
      this.enqueue(job)
    }
  }
}
