/** Says on which line of a text a position is. */
export class Lines {
  private readonly starts: readonly number[]

  constructor(text: string) {
    const starts = [0]
    for (const { index, 0: end } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(index + end.length)
    this.starts = starts
  }

  /** The line, from 1, and the column, from 0. */
  of(position: number): { line: number; column: number } {
    let low = 0
    let high = this.starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.starts[middle] as number) <= position) low = middle
      else high = middle
    }
    return { line: high, column: position - (this.starts[low] as number) }
  }
}
