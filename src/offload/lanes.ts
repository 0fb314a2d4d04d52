import { Line, type Standing } from './line.ts'

/**
 * Lines of different priorities, as one: who is in a line of greater priority comes first.
 *
 *     plain   priority 0, where almost all stand
 *     others  one lane for each other priority at which somebody stands, the greatest last
 */
export class Lanes<T extends Standing<T>> implements Iterable<T> {
  size = 0
  private readonly plain = new Line<T>()
  private readonly others: Lane<T>[] = []

  /** The first of the greatest priority. */
  get first(): T | null {
    return this.top.first
  }

  /** The greatest priority at which somebody stands; -Infinity if nobody does. */
  get priority(): number {
    const last = this.others.at(-1)
    if (this.plain.size > 0) return Math.max(0, last?.priority ?? 0)
    return last?.priority ?? -Infinity
  }

  push(one: T, priority: number): void {
    this.size++
    if (priority === 0) this.plain.push(one)
    else this.laneOf(priority).push(one)
  }

  /** It must stand here, at this priority. */
  remove(one: T, priority: number): void {
    this.size--
    if (priority === 0) return this.plain.remove(one)
    const lane = this.laneOf(priority)
    lane.remove(one)
    if (lane.size === 0) this.others.splice(this.placeOf(priority), 1)
  }

  /** From the first to the last. The one that is given may be taken out meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    const lanes: Line<T>[] = [...this.others]
    const above = this.placeOf(0)
    lanes.splice(above, 0, this.plain)
    for (const lane of lanes.reverse()) yield* lane
  }

  private get top(): Line<T> {
    const { others, plain } = this
    if (others.length === 0) return plain
    const last = others.at(-1) as Lane<T>
    return last.priority > 0 || plain.size === 0 ? last : plain
  }

  /** Where the lane of this priority is, or belongs. */
  private placeOf(priority: number): number {
    let low = 0
    let high = this.others.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.others[middle] as Lane<T>).priority < priority) low = middle + 1
      else high = middle
    }
    return low
  }

  private laneOf(priority: number): Lane<T> {
    const place = this.placeOf(priority)
    const found = this.others[place]
    if (found?.priority === priority) return found
    const lane = new Lane<T>(priority)
    this.others.splice(place, 0, lane)
    return lane
  }
}

class Lane<T extends Standing<T>> extends Line<T> {
  readonly priority: number

  constructor(priority: number) {
    super()
    this.priority = priority
  }
}
