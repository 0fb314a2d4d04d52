import { NOT_YET, type Operation, type Task, Wait, type Waiter } from '../../core/index.ts'

/**
 *   connecting ──▶ idle ⇄ leased          checking: a hook (`validate`, `reset`) is at work on it
 *       │           ⇅   ↙   │             closing: out of use, but it counts until it is gone
 *       │        checking   │
 *       ▼           ▼       ▼
 *       └────────▶ closing ◀┘
 */
export type MemberState = 'connecting' | 'idle' | 'checking' | 'leased' | 'closing'

/** What the task of a member is asked to do: wait for a hook, or close the connection. */
export type Work = Operation<void> | 'close'

/** A connection of a pool, from before it is open until it is gone. Its task waits on this for work. */
export class Member<C> extends Wait<Work> {
  readonly name: string
  state: MemberState = 'connecting'
  task: Task<void> | null = null
  connection: C | undefined = undefined
  opened = false
  /** `close` was called. */
  closed = false
  /** It broke while it was leased. */
  broken = false
  /** What it broke by, or was discarded with. */
  fault: unknown = undefined
  /** To be validated whatever `validateAfterIdleMs` says. */
  suspect = false
  /** Milliseconds on the loop's clock. */
  idleSince = 0
  /** Not to be used from then on. */
  expires = Infinity
  private work: Work | null = null
  private waiter: Waiter<Work> | null = null

  constructor(name: string) {
    super()
    this.name = name
  }

  override toString(): string {
    return this.name
  }

  override get reason(): string {
    return `work on ${this.name} (${this.state})`
  }

  /** Hands work to its task. */
  do(work: Work): void {
    const { waiter } = this
    if (waiter === null) {
      this.work = work
      return
    }
    this.waiter = null
    waiter.resume(work)
  }

  override attempt(): Work | typeof NOT_YET {
    const { work } = this
    this.work = null
    return work ?? NOT_YET
  }

  override install(waiter: Waiter<Work>): void {
    const work = this.attempt()
    if (work !== NOT_YET) return waiter.resume(work)
    this.waiter = waiter
  }

  override uninstall(): void {
    this.waiter = null
  }
}
