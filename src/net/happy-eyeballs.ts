/**
 * Theory of operation: a connection to a host that has several addresses (RFC 8305, "Happy Eyeballs").
 *
 *   ask for IPv6 ──┐                    ┌─▶ attempt ─┐
 *                  ├─▶ the next address ├─▶ attempt  ├─▶ the first that succeeds; the others are cancelled
 *   ask for IPv4 ──┘                    └─▶ attempt ─┘
 *
 *  1. All families are asked for at once. When one has answered, the first attempt begins; but if that is not the
 *     preferred one, which is IPv6, then 50 ms later, or when that has answered, too.
 *  2. The families take turns. The next attempt begins when one has failed, or `delayMs` after the last one began.
 *  3. Questions and attempts are tasks of one scope: nothing outlives the result.
 *
 * It knows neither names nor sockets: those are given to it, and time by the loop.
 *
 * https://www.rfc-editor.org/rfc/rfc8305
 */
import { type Body, currentLoop, fn, type Operation, type Scope, scope, suspend, timeoutOr } from '../core/index.ts'

export type Family = 4 | 6

/** How long the other family waits for the preferred one. */
const RESOLUTION_DELAY_MS = 50

/** What to connect to, and how. */
export interface Plan<T> {
  /** What a task waits for here, in words. */
  readonly reason: string
  /** The preferred one first. */
  readonly families: readonly Family[]
  readonly delayMs: number
  /** The addresses of that family. */
  ask(family: Family): Operation<readonly string[]>
  dial(address: string): Operation<T>
  /** Lets go of a connection that nobody wants. */
  discard(connection: T): void
  /** What the attempts failed with so far is added here; if there is no address at all, what the questions did. */
  readonly failures: unknown[]
}

class Race<T> {
  connection: T | null = null
  private readonly plan: Plan<T>
  private readonly addresses = new Map<Family, string[]>()
  private readonly lookupFailures: unknown[] = []
  private questions: number
  /** The preferred family has not answered yet. */
  private preferring = true
  private attempts = 0
  private running = 0
  private last: Family | null = null
  /** The next attempt begins then, if there is one to make. */
  private nextAt = 0
  private wake: (() => void) | null = null

  constructor(plan: Plan<T>) {
    this.plan = plan
    this.questions = plan.families.length
  }

  *run(tasks: Scope): Body<void> {
    const { plan } = this
    for (const family of plan.families) tasks.spawn(this.ask(family), { name: `addresses of IPv${family}` })
    while (this.connection === null) {
      const delay = this.nextAt - currentLoop().now()
      const address = delay > 0 ? undefined : this.nextAddress()
      if (address !== undefined) {
        this.attempts++
        this.running++
        this.nextAt = currentLoop().now() + plan.delayMs
        tasks.spawn(this.attempt(address), { name: `attempt ${address}` })
      } else if (this.questions + this.running === 0 && delay <= 0) break
      else yield* timeoutOr(delay > 0 ? delay : Infinity, undefined, this.news())
    }
    tasks.cancel('another attempt was first')
    if (this.attempts === 0) plan.failures.push(...this.lookupFailures)
  }

  private nextAddress(): string | undefined {
    const families = this.plan.families.filter((family) => (this.addresses.get(family)?.length ?? 0) > 0)
    const family = families.find((family) => family !== this.last) ?? families[0]
    if (family === undefined) return undefined
    this.last = family
    return this.addresses.get(family)?.shift()
  }

  private *ask(family: Family): Body<void> {
    let addresses: readonly string[] = []
    try {
      addresses = yield* this.plan.ask(family)
    } catch (error) {
      this.lookupFailures.push(error)
    } finally {
      this.addresses.set(family, [...addresses])
      if (family === this.plan.families[0]) this.preferring = false
      if (this.attempts === 0) this.nextAt = this.preferring ? currentLoop().now() + RESOLUTION_DELAY_MS : 0
      this.questions--
      this.wake?.()
    }
  }

  private *attempt(address: string): Body<void> {
    try {
      const connection = yield* this.plan.dial(address)
      if (this.connection === null) this.connection = connection
      else this.plan.discard(connection)
    } catch (error) {
      this.plan.failures.push(error)
      this.nextAt = 0
    } finally {
      this.running--
      this.wake?.()
    }
  }

  private news(): Operation<void> {
    return suspend(this.plan.reason, (wake) => {
      this.wake = () => wake()
      return () => {
        this.wake = null
      }
    })
  }
}

/** The first connection that can be made; null if none can. A cancel gives up all attempts. */
export const firstConnection = fn(function* firstConnection<T>(plan: Plan<T>): Body<T | null> {
  const race = new Race(plan)
  try {
    yield* scope((tasks) => race.run(tasks))
    const { connection } = race
    race.connection = null
    return connection
  } finally {
    if (race.connection !== null) plan.discard(race.connection)
  }
})
