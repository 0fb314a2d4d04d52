import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readSnapshot, type Snapshot } from './format.ts'
import { type Ask, InspectError, isAlive, mailbox, writeWhole } from './mailbox.ts'
import type { Summary } from './summary.ts'
import { HeldLoopError, type Target } from './target.ts'

/** Milliseconds between two looks for the answer. */
const LOOK_MS = 20

/** A process that answers to a signal, by files in the mailbox. */
export class BySignal implements Target {
  readonly live = null
  readonly #pid: number
  readonly #signal: NodeJS.Signals
  readonly #waitMs: number

  constructor(pid: number, signal: NodeJS.Signals, waitMs: number) {
    this.#pid = pid
    this.#signal = signal
    this.#waitMs = waitMs
  }

  async snapshot(frames: boolean): Promise<Snapshot> {
    return readSnapshot(await this.#ask({ for: 'snapshot', frames }))
  }

  async summary(): Promise<Summary> {
    return JSON.parse(await this.#ask({ for: 'summary', frames: false })) as Summary
  }

  async #ask(what: Ask): Promise<string> {
    const pid = this.#pid
    const ask = join(mailbox(), `${pid}.${randomUUID()}.ask`)
    const answer = ask.replace(/ask$/, 'jsonl')
    writeWhole(ask, [JSON.stringify(what)])
    try {
      this.#send()
      const end = performance.now() + this.#waitMs
      while (!existsSync(answer)) {
        if (performance.now() > end) throw new HeldLoopError(silent(pid, this.#waitMs), null)
        await pause(LOOK_MS)
        if (!existsSync(answer)) this.#assertAlive()
      }
      return readFileSync(answer, 'utf8')
    } finally {
      rmSync(ask, { force: true })
      rmSync(answer, { force: true })
    }
  }

  #send(): void {
    try {
      process.kill(this.#pid, this.#signal)
    } catch {
      this.#assertAlive()
    }
  }

  #assertAlive(): void {
    if (!isAlive(this.#pid)) throw new InspectError(`process ${this.#pid} ended before it answered`)
  }
}

function silent(pid: number, ms: number): string {
  return `process ${pid} did not answer within ${ms} ms: a function holds its loop, or it is stopped. Started with --inspect-fibril it would name the function; fibril run --watchdog does, too`
}
