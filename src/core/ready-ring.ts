const SMALL = 64
// A ring that once held a burst gives the memory back when it is empty.
const LARGE = 1 << 14

/**
 * The tasks that are ready, first in, first out: a ring in an array whose size is a power of two.
 *
 *     ┌───┬───┬───┬───┬───┬───┬───┬───┐
 *     │ d │ e │   │   │   │ a │ b │ c │        head = 5, length = 5
 *     └───┴───┴───┴───┴───┴───┴───┴───┘
 *
 * `Array.shift` is not used: on a long array it moves every element.
 */
export class ReadyRing<T> {
  private slots: (T | undefined)[] = new Array(SMALL).fill(undefined)
  private mask = SMALL - 1
  private head = 0
  private count = 0

  get length(): number {
    return this.count
  }

  push(item: T): void {
    if (this.count > this.mask) this.resize(this.slots.length * 2)
    this.slots[(this.head + this.count++) & this.mask] = item
  }

  shift(): T | undefined {
    if (this.count === 0) return undefined
    const item = this.slots[this.head]
    this.slots[this.head] = undefined
    this.head = (this.head + 1) & this.mask
    if (--this.count === 0 && this.mask >= LARGE) this.resize(SMALL)
    return item
  }

  /** Brings the item at place `index` to the head, and the head to its place. */
  promote(index: number): void {
    const at = (this.head + index) & this.mask
    const item = this.slots[at]
    this.slots[at] = this.slots[this.head]
    this.slots[this.head] = item
  }

  private resize(size: number): void {
    const slots = new Array<T | undefined>(size).fill(undefined)
    for (let i = 0; i < this.count; i++) slots[i] = this.slots[(this.head + i) & this.mask]
    this.slots = slots
    this.mask = size - 1
    this.head = 0
  }
}
