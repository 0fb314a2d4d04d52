import { Queue } from 'fibril/sync'

/** How many lines wait for a member who is slow to take them. */
const OUTBOX = 100

/** Somebody with a name, and the lines that wait to be sent there. */
export class Member {
  readonly name: string
  readonly outbox: Queue<string>
  private missed = 0

  constructor(name: string) {
    this.name = name
    this.outbox = new Queue({ capacity: OUTBOX, name: `outbox of ${name}` })
  }

  toString(): string {
    return this.name
  }

  /** Never waits: who is slow loses the oldest lines, and slows nobody. */
  tell(line: string): void {
    while (!this.outbox.closed && !this.outbox.tryPut(line)) {
      this.outbox.tryGet()
      this.missed++
    }
  }

  /** What to say of lines that were lost since this was last asked. */
  losses(): string {
    const { missed } = this
    this.missed = 0
    return missed === 0 ? '' : `* you are slow: ${missed} lines are lost\n`
  }
}
