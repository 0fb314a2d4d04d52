import { Deferred } from './deferred.ts'

/** A place in a line: a Deferred that waits for its turn. */
class Place<T> extends Deferred<T> {
  before: Place<T> | null = null
  after: Place<T> | null = null
  private readonly line: WaitingLine<T>

  constructor(line: WaitingLine<T>) {
    super()
    this.line = line
  }

  /** @internal Whoever is cancelled leaves the line; nothing will be handed to it. */
  override end(reason: unknown): void {
    this.line.remove(this)
    this.giveUp(reason)
  }
}

/** Deferreds in line, first in, first out. One that is cancelled leaves it, wherever it stands, in O(1). */
export class WaitingLine<T> {
  private first: Place<T> | null = null
  private last: Place<T> | null = null
  private count = 0

  get length(): number {
    return this.count
  }

  /** A new place at the end. */
  join(): Deferred<T> {
    const place = new Place(this)
    place.before = this.last
    if (this.last === null) this.first = place
    else this.last.after = place
    this.last = place
    this.count++
    return place
  }

  /** Takes the first out, or gives null. */
  shift(): Deferred<T> | null {
    const { first } = this
    if (first !== null) this.remove(first)
    return first
  }

  /** @internal */
  remove(place: Place<T>): void {
    const { before, after } = place
    if (before === null) this.first = after
    else before.after = after
    if (after === null) this.last = before
    else after.before = before
    place.before = null
    place.after = null
    this.count--
  }
}
