/**
 * Theory of operation: when the clock may move although something outside is waited for.
 *
 * A drive turns the loop until nothing is ready, and then lets the host go on: usually that moves the clock. Real
 * things take real time, and a clock that jumped meanwhile would fire the timeouts that guard them. So the platform
 * gets its say first: microtasks run, sockets are polled; what that makes ready runs. If there is nothing, the clock
 * waits
 *
 *   - *not at all*, if nothing outside is waited for, or only promises that tasks of this loop will settle;
 *   - *as long as it would really take*, if a wait holds an external (a socket, a worker), or a promise is waited for
 *     while the platform has something of this run under way: a deadline `d` ms ahead comes after `d` real ms in which
 *     nothing happened. So a timeout that guards something real never comes too early, and a task that sleeps
 *     beside an idle server still goes on;
 *   - *as long as it would really take, but at most `GRACE`*, if a promise from unknown hands is waited for while
 *     nothing is known to be under way (the platform does not name everything: real-world.ts), or if something is
 *     under way but no wait says that it is for it.
 *
 * Under all this `now()` stands still. With no deadline at all, the same rules tell a deadlock from a long wait.
 *
 * A drive is a generator that yields what is to be awaited: so one text serves runs that go on by promises, runs that
 * are over before they return, and those that begin like the latter and turn out to need the platform.
 */
import { IDLE, type Loop, machine, Registers, type Task, UsageError } from '../core/index.ts'
import { canLeak, macrotask, namesResources, pause, resources, resourcesSince } from './real-world.ts'
import type { VirtualHost } from './virtual-host.ts'

/** Macrotasks without an event after which what waits for a promise counts as blocked. */
const SETTLED = 5
/** Real milliseconds that a promise from unknown hands gets. */
const GRACE = namesResources ? 100 : 1000

/** When the platform gets its say: never, where the run cannot do without, before each step of the clock. */
export type Mode = 'sync' | 'eager' | 'patient'

/** What a drive asks of whoever runs it. */
export type Need = () => Promise<void>

type Pace = 'free' | 'grace' | 'real'

export class Drive {
  private readonly host: VirtualHost
  private readonly mode: Mode
  /** What the platform had under way before the run. */
  private readonly before = resources()

  constructor(host: VirtualHost, mode: Mode) {
    this.host = host
    this.mode = mode
  }

  /** Drives until `over`, or until nothing can run any more. */
  *until(over: () => boolean): Generator<Need, void, void> {
    const { host } = this
    let eager = this.mode !== 'patient'
    for (;;) {
      while (host.deferred) {
        host.turn()
        if (host.deferred && !(eager && host.loop.externals === 0)) yield* this.need(macrotask)
      }
      if (over()) return
      if (eager && host.loop.externals === 0) {
        if (!host.goOn()) return
      } else {
        if (!(yield* this.outside())) return
        eager = false
      }
    }
  }

  /** Gives what waits for promises that are settled already the time to notice. */
  *settle(): Generator<Need, void, void> {
    for (let i = 0; i < SETTLED; i++) {
      yield* this.need(macrotask)
      while (this.host.deferred) this.host.turn()
    }
  }

  /** What the run has left open in the platform; closing takes that some turns. */
  *handles(): Generator<Need, string[], void> {
    // Of several runs at the same time, nobody knows whose it is.
    const alone = awaited.every(({ loop }) => loop === this.host.loop)
    const left = (): string[] => (alone ? resourcesSince(this.before).filter(canLeak) : [])
    for (let i = 0; i < 20 && this.mode !== 'sync' && left().length > 0; i++) yield i < 10 ? macrotask : () => pause(2)
    return left()
  }

  /** Nothing is ready: waits until something is, or lets the host go on when it may. False if nothing ever will. */
  private *outside(): Generator<Need, boolean, void> {
    const { host } = this
    const enough = host.loop.externals > 0 || host.ahead === Infinity ? SETTLED : 1
    let pace: Pace = 'free'
    // Only time in which the platform was free to bring something counts: not that of a long step of somebody else.
    let waited = 0
    let last = performance.now()
    for (let quiet = 1, nap = 0, naps = 0; ; quiet++) {
      yield* this.need(nap === 0 ? macrotask : () => pause(nap, (wake) => (host.poke = wake)))
      host.poke = null
      if (host.deferred || host.happen()) return true
      if (quiet < enough) continue
      if (host.wakeBlocked()) return true
      const now = performance.now()
      waited += Math.min(now - last, nap + 1)
      last = now
      const before: Pace = pace
      pace = this.pace()
      if (pace !== before) waited = 0
      const wait = pace === 'free' ? 0 : pace === 'real' ? host.ahead : Math.min(host.ahead, GRACE)
      if (waited >= wait) return host.goOn()
      if (waited >= host.patience) throw this.impatience(waited)
      nap = Math.max(1, Math.min(wait - waited, 2 ** Math.min(naps++, 5)))
    }
  }

  private *need(need: Need): Generator<Need, void, void> {
    if (this.mode !== 'sync') return yield need
    const who = [...this.host.parked()].map((task) => `  ${task}: ${task.reason}`).join('\n')
    throw new UsageError(
      `runSync: the program waits for something outside of the loop, use \`await host.run(…)\`:\n${who}`,
    )
  }

  private pace(): Pace {
    const { loop, ahead } = this.host
    const { externals } = loop
    // A run that was started in this one, and for whose promise it may be waiting, is as good as the real world.
    const inner = externals > 0 && awaited.at(-1)?.loop !== loop
    const busy = inner || resourcesSince(this.before).length > 0
    if (busy && (externals > 0 || ahead === Infinity)) return 'real'
    if (externals === 0) return busy ? 'grace' : 'free'
    let promises = 0
    for (const task of this.host.parked()) promises += promisesIn(task.reason ?? '')
    if (externals > promises) return 'real'
    // Each operation that async code awaits is a task at the root, and may be why a promise is waited for.
    let ours = -1
    for (const child of loop.root) if ((child as Task<unknown>).awaited) ours++
    return promises > ours ? 'grace' : 'free'
  }

  private impatience(waited: number): UsageError {
    const real = resourcesSince(this.before)
    const under = real.length === 0 ? '' : `; under way: ${real.join(', ')}`
    const ms = Math.round(waited)
    return new UsageError(
      `nothing has happened for ${ms} real ms, while tasks wait for the real world${under}\n${this.host.tasks()}`,
    )
  }
}

/** The registers of the runs that are being awaited, the last one last. */
const awaited: Registers[] = []

/** Runs a drive of `loop` to its end, awaiting what it needs. */
export async function awaitDrive<T>(loop: Loop, drive: Generator<Need, T, void>): Promise<T> {
  // Inside a step of another loop, microtasks of this one must not run before that step is over.
  if (machine.task !== null) await undefined
  let step = drive.next()
  if (step.done) return step.value
  // Microtasks of this run find its loop, as code in a turn does.
  const registers = new Registers(loop)
  awaited.push(registers)
  machine.registers = registers
  try {
    for (; !step.done; step = drive.next()) await step.value()
    return step.value
  } finally {
    awaited.splice(awaited.indexOf(registers), 1)
    machine.registers = awaited.at(-1) ?? IDLE
  }
}

/** How many promises a task with this reason waits for. */
function promisesIn(reason: string): number {
  return reason.split('a promise').length - 1
}
