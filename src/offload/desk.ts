/** Where a worker's calls are begun, and plain results are left: memory that it shares with the pool (slots.ts), or nothing. */
export interface Desk {
  begin(slot: number, id: number): boolean
  /** The pool has asked this call to end. */
  isAsked(slot: number, id: number): boolean
  end(slot: number): void
  leave(slot: number, result: unknown, micros: number, late: boolean): boolean
  /** Where the pool finds what was left. */
  readonly ended: { mustKnock(): boolean }
}

/** One call at a time, and no memory to leave results in. */
export const bareDesk: Desk = {
  begin: () => true,
  isAsked: () => false,
  end: () => {},
  leave: () => false,
  ended: { mustKnock: () => false },
}
