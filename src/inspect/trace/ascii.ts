/**
 * Text of one byte a character, put together without strings: to make a long string out of many short ones and that into
 * bytes takes longer than to write the bytes.
 */
export class Ascii {
  private bytes: Buffer
  private size = 0

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }

  /** Adds characters, which must all be ASCII. */
  text(text: string): this {
    const { length } = text
    if (this.size + length > this.bytes.length) this.grow(length)
    const { bytes } = this
    let at = this.size
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i)
    this.size = at
    return this
  }

  /** Adds a whole number, not below 0. */
  whole(value: number): this {
    let left = value
    const at = this.leave(value)
    for (let i = this.size - 1; i >= at; i--) {
      const tens = Math.floor(left / 10)
      this.bytes[i] = 48 + left - 10 * tens
      left = tens
    }
    return this
  }

  /** Adds whole nanoseconds as microseconds. */
  micros(ns: number): this {
    const whole = Math.floor(ns / 1000)
    const rest = ns - 1000 * whole
    this.whole(whole)
    if (rest === 0) return this
    this.text(rest < 10 ? '.00' : rest < 100 ? '.0' : '.')
    return this.whole(rest)
  }

  /** What was added since the last call; it is written over by what is added next. */
  take(): Buffer {
    const { size } = this
    this.size = 0
    return this.bytes.subarray(0, size)
  }

  /** Leaves room for the digits of a number; gives where they begin. */
  private leave(value: number): number {
    let digits = 1
    for (let limit = 10; value >= limit; limit *= 10) digits++
    const at = this.size
    if (at + digits > this.bytes.length) this.grow(digits)
    this.size = at + digits
    return at
  }

  private grow(more: number): void {
    const wider = Buffer.allocUnsafe(2 * this.bytes.length + more)
    this.bytes.copy(wider, 0, 0, this.size)
    this.bytes = wider
  }
}

/** JSON of a value, in ASCII. */
export function asciiJson(value: string | object): string {
  return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
