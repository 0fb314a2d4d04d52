/** Choices made from a seed: the same ones each time. */
export class Random {
  private state: number
  private count = 0

  constructor(seed: number, salt: number) {
    this.state = seed * 2654435761 + salt
  }

  /** An integer from 0, below `limit`. */
  below(limit: number): number {
    this.state = (Math.imul(this.state ^ (this.state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    const mixed = Math.imul(this.state ^ (this.state >>> 12), 0x297a2d39)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** A name that was not there before. */
  fresh(letter: string): string {
    return `${letter}${++this.count}`
  }
}
