import type { Waiter } from '../../src/core/index.ts'
import { argumentsKind } from '../../src/offload/cost.ts'
import type { Link, LinkEvents } from '../../src/offload/link.ts'
import { Scheduler, type SchedulerOptions } from '../../src/offload/scheduler.ts'
import { Job, PLAIN, type Special } from '../../src/offload/seat.ts'

/** A worker that does what the test says, when it says so. */
export class FakeLink implements Link<Job> {
  readonly id: number
  readonly capacity: number
  readonly events: LinkEvents<Job>
  /** Calls that were posted to it, not taken back, and not returned. */
  readonly calls: Job[] = []
  readonly begun = new Set<Job>()
  readonly askedToEnd: Job[] = []
  /** How many batches came. */
  batches = 0
  readonly granted: [job: Job, count: number][] = []
  stopped = false
  stoppedIdle = false
  /** It died. */
  gone = false
  ready = false
  served = 0
  private unsent = 0

  constructor(id: number, events: LinkEvents<Job>, capacity: number) {
    this.id = id
    this.events = events
    this.capacity = capacity
  }

  post(job: Job): void {
    job.id = ++lastId
    this.calls.push(job)
    this.unsent++
  }

  flush(): void {
    if (this.unsent > 0) this.batches++
    this.unsent = 0
  }

  takeBack(job: Job): boolean {
    if (this.begun.has(job)) return false
    const at = this.calls.indexOf(job)
    if (at >= 0) this.calls.splice(at, 1)
    return true
  }

  isRunning(job: Job): boolean {
    return this.begun.has(job)
  }

  collect(): void {}

  cancel(job: Job): void {
    this.askedToEnd.push(job)
  }

  grant(job: Job, count: number): void {
    this.granted.push([job, count])
  }

  async stop(idle: boolean): Promise<void> {
    this.stopped = true
    this.stoppedIdle = idle
  }

  /** What it has, by name and first argument. */
  get names(): string[] {
    return this.calls.map(({ name, args }) => (args.length === 0 ? name : `${name} ${args[0]}`))
  }

  /** Begins the first call that it has not begun. */
  begin(): Job {
    const job = this.calls.find((call) => !this.begun.has(call))
    if (job === undefined) throw new Error(`worker ${this.id} has no call to begin`)
    this.begun.add(job)
    return job
  }

  /** Returns the first of its calls, which took `micros`. */
  finish(micros = 1, value: unknown = 'done'): Job {
    const job = this.calls.shift()
    if (job === undefined) throw new Error(`worker ${this.id} has no call to finish`)
    this.begun.delete(job)
    this.served++
    this.events.replied(job, { failed: false, value, micros, sync: true, usage: undefined })
    this.events.settled()
    return job
  }

  die(why: unknown): void {
    this.gone = true
    this.events.ended(why)
  }
}

let lastId = 0

/** A caller outside of any task. */
export class Caller implements Waiter<unknown> {
  readonly waitingTask = null
  value: unknown
  error: unknown
  ended = false

  resume(value: unknown): void {
    this.end()
    this.value = value
  }

  reject(error: unknown): void {
    this.end()
    this.error = error
  }

  private end(): void {
    if (this.ended) throw new Error('a call ended twice')
    this.ended = true
  }
}

/** A scheduler whose workers are fakes. */
export class Office {
  readonly scheduler: Scheduler
  readonly links: FakeLink[] = []

  constructor(options: Partial<SchedulerOptions> & { capacity?: number } = {}) {
    const { capacity = 256, ...rest } = options
    const forever = { maxQueue: Infinity, killAfter: Infinity, idleAfter: Infinity }
    const defaults = { name: 'fake', size: 2, express: true, ...forever, minSize: 1, inlineMicros: 20 }
    offices.push(this)
    this.scheduler = new Scheduler({ ...defaults, ...rest, unwatched: true }, (id, events) => {
      const link = new FakeLink(id, events, capacity)
      this.links.push(link)
      return link
    })
  }

  /** Those that were started and have not been stopped. */
  get working(): FakeLink[] {
    return this.links.filter((link) => !link.stopped && !link.gone)
  }

  link(id: number): FakeLink {
    const link = this.links[id - 1]
    if (link === undefined) throw new Error(`there is no worker ${id}`)
    return link
  }

  /** All that were started have loaded a module that has these functions. */
  ready(names: readonly string[] = ['f', 'g', 'h']): void {
    for (const link of this.links) {
      if (link.stopped || link.gone) continue
      link.ready = true
      link.events.ready(names)
    }
  }

  /** Makes a call. */
  call(name: string, ...args: unknown[]): Job {
    return this.callAs(PLAIN, name, ...args)
  }

  /** Makes a call that is not like most. */
  callAs(special: Partial<Special>, name: string, ...args: unknown[]): Job {
    const cost = this.scheduler.costsOf(name).of(argumentsKind(args))
    const caller = new Caller()
    const job = new Job(name, args, cost, caller, null, null, { ...PLAIN, ...special })
    callers.set(job, caller)
    this.scheduler.submit(job)
    return job
  }

  /** Lets the pool know that calls of `name` with such arguments take so long. */
  teach(micros: number, name: string, ...args: unknown[]): void {
    const cost = this.scheduler.costsOf(name).of(argumentsKind(args))
    for (let i = 0; i < 3; i++) cost.learn(micros, true)
  }

  /** Looks for slow calls as often as it takes to find one. */
  look(): void {
    this.scheduler.look()
    this.scheduler.look()
  }
}

/** Who waits for a call, or did. */
export function callerOf(job: Job): Caller {
  const caller = callers.get(job)
  if (caller === undefined) throw new Error('this call was not made by an Office')
  return caller
}

const callers = new WeakMap<Job, Caller>()

const offices: Office[] = []

/** Ends what tests have left under way. */
export async function closeOffices(): Promise<void> {
  for (const office of offices.splice(0)) await office.scheduler.close(true)
}
