/** Which processes can be asked, and how. */
import { statSync } from 'node:fs'
import { ByPage } from './by-page.ts'
import { BySignal } from './by-signal.ts'
import { allListening, InspectError, type Listening, listening, mailbox } from './mailbox.ts'
import type { Target } from './target.ts'

/** Those of this user that listen, by their ids. An `InspectError` where the folder in which they meet cannot be trusted. */
export function listProcesses(): Listening[] {
  return allListening(mailbox()).sort((a, b) => a.pid - b.pid)
}

/** How to ask a program: by the id of its process, or the address of its inspector. See `targetOf` for what is thrown. */
export function targetNamed(word: string, waitMs: number): Target {
  return /^\d+$/.test(word) ? targetOf(Number(word), waitMs) : new ByPage(word, waitMs)
}

/**
 * How to ask a process by its id. An `InspectError` if there is none, it is another user's, or it does not listen: it is sent no
 * signal then, which might end it.
 */
export function targetOf(pid: number, waitMs: number): Target {
  if (!Number.isSafeInteger(pid) || pid <= 0) throw new InspectError(`${pid} is no process id`)
  assertMine(pid)
  const said = listening(mailbox(), pid)
  const target = said === null ? null : waysOf(said, waitMs)
  if (target === null)
    throw new InspectError(
      `process ${pid} does not listen: it is none of Fibril's, or was started without FIBRIL_INSPECT=1 or inspectOnSignal(), or has another folder for temporary files`,
    )
  return target
}

/** How to ask a process that said how: by the inspector, which answers also while the loop is held, if it can be. */
export function waysOf({ pid, signal, inspector }: Listening, waitMs: number): Target | null {
  if (inspector !== undefined) return new ByPage(inspector, waitMs)
  return signal === undefined ? null : new BySignal(pid, signal, waitMs)
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
