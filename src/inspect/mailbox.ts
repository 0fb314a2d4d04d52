/**
 * Theory of operation: how a process that listens and one that asks it for a dump meet.
 *
 * A signal carries no question, and a process that does not listen for it is ended by it. So there is a folder for each user
 * in the folder for temporary files, mode 0700, and nobody but this user can have put into it what is there:
 *
 *     PID.json            written by a process when it begins to listen: here the signal may be sent
 *     PID.NONCE.ask       what is asked, written before the signal
 *     PID.NONCE.jsonl     the answer: written under another name, and renamed when it is whole
 *
 * A process that serves the inspector says its address there, with the token: this user may read it anyway.
 *
 * PIDs are used again, and who was killed takes nothing away. So `PID.json` tells when the process began, and is believed
 * only if that is when the process with this PID did begin.
 */
import { execFileSync } from 'node:child_process'
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FibrilError } from '../core/index.ts'
import { writeAll } from './write-all.ts'

/** A process could not be asked what its tasks wait for; the message says why, and what to do. */
export class InspectError extends FibrilError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('FIBRIL_INSPECT', message, options)
  }
}

/** How a process can be asked. */
export interface Ways {
  /** It answers to this signal. */
  readonly signal?: NodeJS.Signals
  /** It serves the inspector at this address; the token is part of it. */
  readonly inspector?: string
}

/** What a process that listens says of itself. */
export interface Listening extends Ways {
  readonly version: 1
  readonly pid: number
  readonly began: string
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** When it began, in milliseconds since 1970. */
  readonly startedAt: number
}

/** The folder of this user; made if it is not there. An `InspectError` if it cannot be trusted. */
export function mailbox(): string {
  const uid = process.geteuid?.()
  if (uid === undefined) throw new InspectError('processes are asked by a signal, which this platform does not have')
  const folder = join(tmpdir(), `fibril-${uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new InspectError(`${folder} must be a folder that only you (uid ${uid}) can enter: remove it`)
  return folder
}

export function listeningFile(folder: string, pid: number): string {
  return join(folder, `${pid}.json`)
}

/** What the process with this PID said of itself; null if it said nothing, or an earlier one did that had its PID. */
export function listening(folder: string, pid: number): Listening | null {
  try {
    const said = JSON.parse(readFileSync(listeningFile(folder, pid), 'utf8')) as Listening
    return said.pid === pid && said.began === beganAt(pid) ? said : null
  } catch {
    return null
  }
}

/** All processes of this user that listen. */
export function allListening(folder: string): Listening[] {
  const files = readdirSync(folder).filter((name) => /^\d+\.json$/.test(name))
  return files.map((name) => listening(folder, Number.parseInt(name, 10))).filter((said) => said !== null)
}

export function sayListening(folder: string, ways: Ways): void {
  sweep(folder)
  const said: Listening = {
    version: 1,
    pid: process.pid,
    began: beganAt(process.pid),
    command: process.argv.slice(1),
    startedAt: Math.round(Date.now() - process.uptime() * 1000),
    ...ways,
  }
  writeWhole(listeningFile(folder, process.pid), [JSON.stringify(said)])
}

/** Takes away what processes left that have ended. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(name.split('.')[0])
    if (pid > 0 && !isAlive(pid)) rmSync(join(folder, name), { force: true })
  }
}

/** Whether there is a process with this id, of whomever. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process began, in words that differ for each that had the same PID. */
function beganAt(pid: number): string {
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C' } }).trim()
  // The second field is the program's name in brackets, and may hold spaces and brackets; field 22 is the start, in ticks since boot.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** Writes lines to a new file; it appears when it is whole. */
export function writeWhole(file: string, lines: Iterable<string>): void {
  const draft = `${file}.draft`
  rmSync(draft, { force: true })
  const to = openSync(draft, 'wx', 0o600)
  try {
    let text = ''
    for (const line of lines) {
      text += `${line}\n`
      if (text.length > 65_536) {
        writeAll(to, Buffer.from(text))
        text = ''
      }
    }
    writeAll(to, Buffer.from(text))
  } finally {
    closeSync(to)
  }
  renameSync(draft, file)
}

/** What a process is asked for by a signal. */
export interface Ask {
  readonly for: 'snapshot' | 'summary'
  /** With the stacks. */
  readonly frames: boolean
}

/** What such a file asks for: all, if it does not say. */
export function readAsk(file: string): Ask {
  const everything: Ask = { for: 'snapshot', frames: true }
  try {
    return { ...everything, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<Ask>) }
  } catch {
    return everything
  }
}
