import { Fifo } from '../../core/index.ts'

/** Lets so many promised things go on at once; the others wait in line. */
export class Gate {
  private free: number
  private readonly line = new Fifo<() => void>()

  constructor(size: number) {
    this.free = size
  }

  async pass<T>(make: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--
    else await new Promise<void>((enter) => this.line.push(enter))
    try {
      return await make()
    } finally {
      const next = this.line.shift()
      if (next === undefined) this.free++
      else next()
    }
  }
}
