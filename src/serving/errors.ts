import { BrokenError } from '../core/index.ts'

/** How a worker ended. */
export interface Ending {
  /** Null if a signal killed it. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

/** A worker died, or did not come to listen. `stderr` is the end of what it said on its standard error. */
export class WorkerError extends BrokenError {
  readonly pid: number
  /** Null if it was killed by a signal. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string

  constructor(what: string, pid: number, { exitCode, signal }: Ending, stderr: string) {
    const words = stderr.trim()
    super(`${what}${words === '' ? '; it said nothing on standard error' : `. Its last words:\n${words}`}`)
    this.pid = pid
    this.exitCode = exitCode
    this.signal = signal
    this.stderr = stderr
  }
}
Object.defineProperty(WorkerError.prototype, 'name', { value: 'WorkerError', configurable: true, writable: true })
