import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readSnapshot, type Snapshot } from './format.ts'
import { InspectError, isAlive, listening, mailbox, writeWhole } from './mailbox.ts'

export { InspectError } from './mailbox.ts'

/** Milliseconds between two looks for the answer. */
const LOOK_MS = 20

export interface DumpOptions {
  /** Milliseconds that the process is given to answer. 5000 unless said. */
  readonly waitMs?: number
}

/**
 * Asks another process of this user, which called `inspectOnSignal`, what its tasks wait for. An `InspectError` if there is
 * no such process, it is another user's, none that listens (it is sent no signal then, which might end it), or it does not
 * answer in time: then a function holds its loop.
 */
export async function dumpProcess(pid: number, options: DumpOptions = {}): Promise<Snapshot> {
  const { waitMs = 5000 } = options
  if (!Number.isSafeInteger(pid) || pid <= 0) throw new InspectError(`${pid} is no process id`)
  assertMine(pid)
  const folder = mailbox()
  const said = listening(folder, pid)
  if (said === null)
    throw new InspectError(
      `process ${pid} does not listen: it is none of Fibril's, or was started without FIBRIL_INSPECT=1 or inspectOnSignal(), or has another folder for temporary files`,
    )
  const ask = join(folder, `${pid}.${randomUUID()}.ask`)
  const answer = ask.replace(/ask$/, 'jsonl')
  writeWhole(ask, [])
  try {
    process.kill(pid, said.signal)
    const end = performance.now() + waitMs
    while (!existsSync(answer)) {
      if (performance.now() > end) throw new InspectError(silent(pid, waitMs))
      await pause(LOOK_MS)
      if (!existsSync(answer) && !isAlive(pid)) throw new InspectError(`process ${pid} ended before it answered`)
    }
    return readSnapshot(readFileSync(answer, 'utf8'))
  } finally {
    rmSync(ask, { force: true })
    rmSync(answer, { force: true })
  }
}

function silent(pid: number, ms: number): string {
  return `process ${pid} did not answer within ${ms} ms: a function holds its loop, or it is stopped. fibril run --watchdog names the function that holds the loop`
}

function assertMine(pid: number): void {
  const other = `process ${pid} belongs to another user: only its owner can ask it`
  try {
    process.kill(pid, 0)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPERM') throw new InspectError(other, { cause: error })
    throw new InspectError(`there is no process ${pid}`, { cause: error })
  }
  // The superuser may send a signal to anybody, and looks into a folder of its own.
  if (process.platform === 'linux' && statSync(`/proc/${pid}`).uid !== process.geteuid?.())
    throw new InspectError(other)
}
