// What happened to a task; the fields of a record that a kind needs are told here.
export const SPAWNED = 0 // other: its parent, or 0; text: its name
export const READY = 1 // other: the task that woke it, or 0
export const BEGAN = 2 // a step; text: the task's name
export const STOPPED = 3 // a step
export const PARKED = 4 // text: the reason
export const ENDED = 5 // text: the status

/** Records between two times that they are made into text: few, for the loop waits meanwhile. */
const SIZE = 2048

/** What happened, in the order in which it did. Made once and used again: noting something allocates nothing. */
export class Batch {
  readonly kinds: Uint8Array = new Uint8Array(SIZE)
  /** Milliseconds, as `performance.now()` has them. */
  readonly times: Float64Array = new Float64Array(SIZE)
  readonly ids: Float64Array = new Float64Array(SIZE)
  readonly others: Float64Array = new Float64Array(SIZE)
  readonly texts: string[] = new Array(SIZE).fill('')
  size = 0

  /** True if it is full now. */
  add(kind: number, id: number, other: number, text: string): boolean {
    const at = this.size++
    this.kinds[at] = kind
    this.times[at] = performance.now()
    this.ids[at] = id
    this.others[at] = other
    this.texts[at] = text
    return this.size === SIZE
  }
}
