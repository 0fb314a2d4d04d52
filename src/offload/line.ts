/** What can stand in a line. Both fields belong to the line; it stands in one at a time. */
export interface Standing<T> {
  before: T | null
  after: T | null
}

/**
 * A line, first in first out, of which anything can be taken out in O(1).
 *
 *     head ─▶ one ⇄ two ⇄ three ◀─ tail       push at the tail, unshift and shift at the head, remove anywhere
 */
export class Line<T extends Standing<T>> implements Iterable<T> {
  first: T | null = null
  last: T | null = null
  size = 0

  push(one: T): void {
    one.before = this.last
    if (this.last === null) this.first = one
    else this.last.after = one
    this.last = one
    this.size++
  }

  unshift(one: T): void {
    one.after = this.first
    if (this.first === null) this.last = one
    else this.first.before = one
    this.first = one
    this.size++
  }

  /** Takes the first out of the line. */
  shift(): T | null {
    const one = this.first
    if (one !== null) this.remove(one)
    return one
  }

  /** Takes one out, wherever it stands. It must be in this line. */
  remove(one: T): void {
    const { before, after } = one
    if (before === null) this.first = after
    else before.after = after
    if (after === null) this.last = before
    else after.before = before
    one.before = null
    one.after = null
    this.size--
  }

  /** From the first to the last. The one that is given may be taken out meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let one = this.first; one !== null; ) {
      const after: T | null = one.after
      yield one
      one = after
    }
  }
}
