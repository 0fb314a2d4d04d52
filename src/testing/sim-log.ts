/** What is told of a simulated network. */
export type SimEventKind =
  | 'connect'
  | 'accept'
  | 'refuse'
  | 'send'
  | 'arrive'
  | 'end'
  | 'reset'
  | 'time out'
  | 'partition'
  | 'heal'
  | 'crash'
  | 'restart'
  | 'pause'
  | 'resume'

/** Something that happened in a simulated network. As text: `12 ms: a:49152 → b:80 send 5`. */
export class SimEvent {
  /** Milliseconds of virtual time. */
  readonly at: number
  readonly kind: SimEventKind
  /** Whose doing it was: one side of a connection, or the host. */
  readonly from: string
  /** The other side, if there is one. */
  readonly to: string | null
  /** How many, for bytes that are sent or arrive; otherwise 0. */
  readonly bytes: number

  /** @internal */
  constructor(at: number, kind: SimEventKind, from: string, to: string | null, bytes: number) {
    this.at = at
    this.kind = kind
    this.from = from
    this.to = to
    this.bytes = bytes
  }

  toString(): string {
    const { at, kind, from, to, bytes } = this
    return `${at} ms: ${from}${to === null ? '' : ` → ${to}`} ${kind}${bytes === 0 ? '' : ` ${bytes}`}`
  }
}

/** The last events, up to a number. */
export class SimLog {
  private readonly kept: number
  private events: SimEvent[] = []

  constructor(kept: number) {
    this.kept = kept
  }

  add(event: SimEvent): void {
    if (this.kept === 0) return
    this.events.push(event)
    if (this.events.length >= 2 * this.kept) this.events = this.events.slice(-this.kept)
  }

  get last(): readonly SimEvent[] {
    return this.events.slice(-this.kept)
  }
}
