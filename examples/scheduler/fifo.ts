/**
 * A queue, first in, first out, at a constant cost per item however long it grows. (`Array.shift` moves every item
 * that stays behind: draining 200,000 that way takes seconds.)
 *
 * ```ts
 * const line = new Fifo<string>()
 * line.push('Ann')
 * line.push('Bob')
 * line.take() // 'Ann'
 * ```
 */
export class Fifo<T> {
  // Two stacks. Items come in on top of one and leave from the top of the other; when that one is empty, the first
  // is turned upside down and takes its place. So each item is moved once in its life.
  //
  //   push 1 2 3        take → 1          push 4
  //   in  [1 2 3]       in  []            in  [4]
  //   out []            out [3 2]         out [3 2]
  #in: T[] = []
  #out: T[] = []

  get length(): number {
    return this.#in.length + this.#out.length
  }

  push(item: T): void {
    this.#in.push(item)
  }

  /** The item that has waited longest, or undefined if there is none. */
  take(): T | undefined {
    if (this.#out.length === 0) [this.#in, this.#out] = [this.#out, this.#in.reverse()]
    return this.#out.pop()
  }
}
