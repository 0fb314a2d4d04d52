import type { Readable, Writable } from 'node:stream'

/** So many characters of what a worker said last are kept for who asks why it died. */
const TAIL = 2048

/** Passes on what a worker prints, by the line if each is to have a prefix, and keeps the end of it. */
export class Output {
  tail = ''
  private readonly prefix: string
  private readonly to: Writable
  /** What has come of a line that has not ended. */
  private rest = ''

  constructor(from: Readable, to: Writable, prefix: string) {
    this.prefix = prefix
    this.to = to
    from.setEncoding('utf8')
    from.on('data', (text: string) => this.pass(text))
    from.once('close', () => this.end())
  }

  private pass(text: string): void {
    this.tail = (this.tail + text).slice(-TAIL)
    if (this.prefix === '') return void this.to.write(text)
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop() as string
    // A program that prints megabytes without a line's end must not fill the memory of another.
    if (this.rest.length > TAIL) {
      lines.push(this.rest)
      this.rest = ''
    }
    if (lines.length > 0) this.to.write(lines.map((line) => `${this.prefix}${line}\n`).join(''))
  }

  private end(): void {
    if (this.rest !== '') this.to.write(`${this.prefix}${this.rest}\n`)
    this.rest = ''
  }
}
