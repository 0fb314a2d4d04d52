const SMALLEST = 32
const LARGEST = 512

/**
 * First in, first out, in chunks: ready tasks, and the items of queues.
 *
 *     reading ─▶ ┌───┬───┬───┬───┬───┐      ┌───┬───┬───┬───┬───┐ ◀─ writing
 *                │   │   │ c │ d │ ●─┼──▶…─▶│ x │ y │   │   │   │
 *                └───┴───┴───┴───┴───┘      └───┴───┴───┴───┴───┘
 *                  read ─▲                      write ─▲
 *
 * The last slot of a chunk holds the next chunk. A chunk is used once, as in a paper tape: nothing is ever moved or
 * resized, and a burst gives its memory back as it is read. A fresh chunk also makes writes cheaper than a ring of the same size
 * does, which is soon an old object: V8 keeps a record of each young one that is written into it.
 *
 * `Array.shift` is not used: on a long array it moves every element.
 */
export class Fifo<T> {
  private reading: unknown[]
  private writing: unknown[]
  private read: number
  private write: number
  /** Where the link to the next chunk is, in either of them. */
  private readEnd: number
  private writeEnd: number
  /** Places in the chunks between those two. */
  private between: number

  constructor() {
    const chunk = chunkOf(SMALLEST)
    this.reading = chunk
    this.writing = chunk
    this.read = 0
    this.write = 0
    this.readEnd = SMALLEST
    this.writeEnd = SMALLEST
    this.between = 0
  }

  get length(): number {
    const { reading, writing, read, write, readEnd, between } = this
    return reading === writing ? write - read : readEnd - read + between + write
  }

  get isEmpty(): boolean {
    return this.reading === this.writing && this.read === this.write
  }

  /** What comes out next; it stays. */
  peek(): T | undefined {
    if (this.isEmpty) return undefined
    if (this.read === this.readEnd) this.advance()
    return this.reading[this.read] as T
  }

  push(item: T): void {
    if (this.write === this.writeEnd) this.append()
    const { writing, write } = this
    writing[write] = item
    this.write = write + 1
  }

  /** What came first; undefined if there is nothing. */
  shift(): T | undefined {
    if (this.read === this.readEnd && !this.isEmpty) this.advance()
    const { reading, read } = this
    const item = reading[read] as T
    // Asked only of what may be no item: a place that nothing was written to.
    if (item === undefined && this.isEmpty) return undefined
    reading[read] = undefined
    this.read = read + 1
    return item
  }

  /** Brings the item at place `index`, less than `length`, to the head, and the head to its place. */
  promote(index: number): void {
    if (this.read === this.readEnd) this.advance()
    const { reading, read } = this
    let chunk = reading
    let at = read + index
    for (let end = this.readEnd; at >= end; end = chunk.length - 1) {
      at -= end
      chunk = chunk[end] as unknown[]
    }
    const item = chunk[at]
    chunk[at] = reading[read]
    reading[read] = item
  }

  private append(): void {
    const size = Math.min(LARGEST, Math.max(SMALLEST, 2 * this.length))
    const chunk = chunkOf(size)
    if (this.reading !== this.writing) this.between += this.writeEnd
    this.writing[this.writeEnd] = chunk
    this.writing = chunk
    this.write = 0
    this.writeEnd = size
  }

  private advance(): void {
    const next = this.reading[this.readEnd] as unknown[]
    // Once a chunk is an old object, all that hangs on it lives until the next full collection: the next chunk, and so on.
    this.reading[this.readEnd] = undefined
    this.reading = next
    this.read = 0
    this.readEnd = next.length - 1
    if (next !== this.writing) this.between -= this.readEnd
  }
}

/** Written to once, so that it is an array of anything from the start: V8 would make it one of small numbers, and find out later. */
function chunkOf(size: number): unknown[] {
  const chunk = new Array<unknown>(size + 1)
  chunk[size] = undefined
  return chunk
}
