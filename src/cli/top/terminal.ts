import { emitKeypressEvents } from 'node:readline'
import type { Paper } from './draw.ts'
import type { Key } from './view.ts'

// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
const ENTER = '\u001b[?1049h\u001b[?25l' // the other screen, no cursor
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const REST_OF_LINE = '\u001b[K'
const REST_OF_SCREEN = '\u001b[J'

/** The whole of the terminal, until it is disposed or the process leaves, however it does: then it is as it was before. */
export class Terminal implements Disposable {
  readonly #key: (text: string | undefined, key: Key) => void
  readonly #resized: () => void
  readonly #restore = (): void => {
    process.stdin.setRawMode(false)
    process.stdout.write(LEAVE)
  }
  readonly #killed = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]()
    process.kill(process.pid, signal)
  }

  /** `key` is called for each key that is pressed, `resized` when there is more or less room. */
  constructor(key: (key: Key) => void, resized: () => void) {
    this.#key = (_, pressed) => key(pressed)
    this.#resized = resized
    process.on('exit', this.#restore)
    process.on('SIGTERM', this.#killed)
    process.on('SIGHUP', this.#killed)
    emitKeypressEvents(process.stdin)
    process.stdin.setRawMode(true)
    process.stdin.on('keypress', this.#key)
    process.stdout.on('resize', this.#resized)
    process.stdout.write(ENTER)
  }

  get paper(): Paper {
    const { columns, rows } = process.stdout
    return { width: columns, height: rows, colour: !process.env['NO_COLOR'] }
  }

  show(lines: readonly string[]): void {
    // In one piece, or it flickers.
    process.stdout.write(`${HOME}${lines.map((line) => `${line}${REST_OF_LINE}`).join('\r\n')}${REST_OF_SCREEN}`)
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#restore)
    process.off('SIGTERM', this.#killed)
    process.off('SIGHUP', this.#killed)
    process.stdin.off('keypress', this.#key)
    process.stdout.off('resize', this.#resized)
    process.stdin.pause()
    this.#restore()
  }
}
