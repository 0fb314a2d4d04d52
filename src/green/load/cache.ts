/**
 * Theory of operation: compiled code is kept on disk, one file for each key, and the key is a hash of all that the code
 * depends on. So a file, once there, is right for ever; nobody changes it, and any number of processes may share a folder.
 *
 *   - A file appears by `rename`, complete. Two processes that make the same one make the same content; the last wins.
 *   - The first line holds a hash of the rest. What does not match it (a full disk, a crash) is as if it were not there.
 *   - The cache is never needed. A folder that cannot be read or written is said once, for `NODE_DEBUG=fibril`, and from
 *     then on let alone.
 *   - The first process that writes to a folder that has grown beyond `limit` deletes the oldest half of it.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { debug } from './debug.ts'

/** Bytes that a folder may grow to. */
const LIMIT = 64 * 2 ** 20
const EXTENSION = '.fibril'

export interface Cache {
  /** The text that was kept under `key`; null if there is none, or it is damaged. */
  read(key: string): string | null
  write(key: string, text: string): void
}

export const noCache: Cache = { read: () => null, write: () => {} }

/** A short hash of any number of texts. */
export function hashOf(...texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}:`).update(text)
  return hash.digest('hex').slice(0, 40)
}

/** Where compiled code is kept: beside the packages of the program that is run, or with what the user's other programs keep. */
export function cacheFolder(cwd: string = process.cwd(), env: NodeJS.ProcessEnv = process.env): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const packages = join(folder, 'node_modules')
    if (isFolder(packages)) return join(packages, '.cache', 'fibril')
    if (dirname(folder) === folder) break
  }
  if (platform() === 'win32') return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData/Local'), 'fibril', 'Cache')
  if (platform() === 'darwin') return join(homedir(), 'Library/Caches/fibril')
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fibril')
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return false // the permission model
  }
}

export function createCache(folder: string, limit: number = LIMIT): Cache {
  let usable = true
  let written = 0

  const giveUp = (verb: string, error: unknown): void => {
    usable = false
    debug('compiled code is not kept: cannot %s %s: %s', verb, folder, (error as Error).message)
  }

  return {
    read(key) {
      if (!usable) return null
      const path = join(folder, key + EXTENSION)
      try {
        const content = readFileSync(path, 'utf8')
        const end = content.indexOf('\n')
        const text = content.slice(end + 1)
        if (end >= 0 && content.slice(0, end) === hashOf(text)) return text
        debug('%s is damaged, and made anew', path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') giveUp('read', error)
      }
      return null
    },

    write(key, text) {
      if (!usable) return
      const temporary = join(folder, `${key}.${process.pid}-${threadId}.tmp`)
      try {
        if (written++ === 0) {
          mkdirSync(folder, { recursive: true })
          prune(folder, limit)
        }
        writeFileSync(temporary, `${hashOf(text)}\n${text}`)
        renameSync(temporary, join(folder, key + EXTENSION))
      } catch (error) {
        giveUp('write to', error)
        try {
          rmSync(temporary, { force: true })
        } catch {
          // Not even that: nothing was written.
        }
      }
    },
  }
}

/** Deletes the oldest files of a folder that has grown beyond `limit` bytes until half of that is left. */
function prune(folder: string, limit: number): void {
  const files = readdirSync(folder)
    .map((name) => ({ path: join(folder, name), stat: statSync(join(folder, name), { throwIfNoEntry: false }) }))
    .filter(({ stat }) => stat?.isFile())
    .map(({ path, stat }) => ({ path, size: stat?.size ?? 0, age: stat?.mtimeMs ?? 0 }))
    .sort((a, b) => a.age - b.age)
  let size = files.reduce((sum, file) => sum + file.size, 0)
  if (size <= limit) return
  for (const file of files) {
    if (size <= limit / 2) return
    rmSync(file.path, { force: true })
    size -= file.size
  }
}
