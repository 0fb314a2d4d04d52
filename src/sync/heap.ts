/**
 * Items with the smallest first; equal ones in the order in which they came. A binary heap in two arrays: `turns[i]` counts
 * the pushes up to `items[i]`, and breaks ties.
 *
 *            0              The place where an item belongs is found before anything is moved, so that a `compare`
 *         1     2           that throws leaves the heap as it was. What lies between the two ends of a move is always
 *        3 4   5 6          the chain of parents: (i - 1) >> 1.
 */
export class Heap<T> {
  private readonly items: T[] = []
  private readonly turns: number[] = []
  private readonly compare: (a: T, b: T) => number
  private pushes = 0

  constructor(compare: (a: T, b: T) => number) {
    this.compare = compare
  }

  get length(): number {
    return this.items.length
  }

  /** The smallest; it stays. */
  peek(): T | undefined {
    return this.items[0]
  }

  push(item: T): void {
    const { items, turns } = this
    const turn = this.pushes++
    const end = items.length
    let place = end
    // An equal parent was here before.
    while (place > 0 && this.compare(item, items[(place - 1) >> 1] as T) < 0) place = (place - 1) >> 1
    for (let i = end; i > place; i = (i - 1) >> 1) {
      items[i] = items[(i - 1) >> 1] as T
      turns[i] = turns[(i - 1) >> 1] as number
    }
    items[place] = item
    turns[place] = turn
  }

  /** Takes the smallest out. */
  shift(): T | undefined {
    const { items, turns } = this
    const end = items.length - 1
    if (end < 0) return undefined
    // The last item goes where, from the root down along the smaller children, none is smaller than it.
    let place = 0
    for (let child = 1; child < end; child = 2 * place + 1) {
      if (child + 1 < end && this.before(child + 1, child)) child++
      if (!this.before(child, end)) break
      place = child
    }
    let item = items.pop() as T
    let turn = turns.pop() as number
    if (end === 0) return item
    for (let i = place; ; i = (i - 1) >> 1) {
      const nextItem = items[i] as T
      const nextTurn = turns[i] as number
      items[i] = item
      turns[i] = turn
      item = nextItem
      turn = nextTurn
      if (i === 0) return item
    }
  }

  private before(a: number, b: number): boolean {
    const order = this.compare(this.items[a] as T, this.items[b] as T)
    return order < 0 || (order === 0 && (this.turns[a] as number) < (this.turns[b] as number))
  }
}
