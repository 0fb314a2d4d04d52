import type { Snapshot } from './format.ts'
import { targetOf } from './processes.ts'

export interface DumpOptions {
  /** Milliseconds that the process is given to answer. 5000 unless said. */
  readonly waitMs?: number
}

/**
 * Asks another process of this user, which called `inspectOnSignal` or `inspect`, what its tasks wait for. An `InspectError` if
 * there is no such process, it is another user's, none that listens (it is sent no signal then, which might end it), or it does
 * not answer in time: then a function holds its loop.
 */
export async function dumpProcess(pid: number, options: DumpOptions = {}): Promise<Snapshot> {
  return targetOf(pid, options.waitMs ?? 5000).snapshot(true)
}
