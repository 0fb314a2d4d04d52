/** Numbers that look random and follow from a seed: a counter by the golden ratio, scrambled. 32 bits of state. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0
  }

  /** The next of 0 … 2**32 - 1. */
  next(): number {
    this.state = (this.state + 0x9e3779b9) | 0
    let bits = this.state
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    return (bits ^ (bits >>> 15)) >>> 0
  }

  /** The next of 0 … n - 1. */
  below(n: number): number {
    return Math.floor(this.fraction() * n)
  }

  /** The next of 0 … 1, without the 1. */
  fraction(): number {
    return this.next() / 2 ** 32
  }

  /** True with chance `p`. */
  chance(p: number): boolean {
    return p > 0 && (p >= 1 || this.fraction() < p)
  }
}
