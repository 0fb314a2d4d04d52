import nodeFs from 'node:fs'
import { parkingOn, type Twin } from './background.ts'
import { type AnyFunction, likeness, original, swap, type Told } from './swap.ts'

/**
 * Descriptors that a call which was given up still works on. Closing one waits for that call to end, or its number would be
 * given to another file under the eyes of it. Nobody waits for that wait.
 */
const lingering = new Map<unknown, { calls: number; close: boolean }>()

function lingers(args: readonly unknown[]): (() => void) | undefined {
  const [fd] = args
  if (typeof fd !== 'number') return undefined
  const entry = lingering.get(fd) ?? { calls: 0, close: false }
  lingering.set(fd, entry)
  entry.calls++
  return () => {
    if (--entry.calls > 0) return
    lingering.delete(fd)
    if (entry.close) nodeFs.close(fd, () => {})
  }
}

function closeLater(former: AnyFunction): AnyFunction {
  return (fd) => {
    const entry = lingering.get(fd)
    if (entry === undefined) return former(fd)
    entry.close = true
    return undefined
  }
}

/** A size that is refused too late by `opendir`: where nobody could catch that. */
const fitsDir = ([, options]: readonly unknown[]): boolean => {
  const { bufferSize = 1 } = (options ?? {}) as { bufferSize?: unknown }
  return Number.isInteger(bufferSize) && (bufferSize as number) > 0
}

/** What only asks: by the name without `Sync`. */
const questions: Readonly<Record<string, Twin>> = {
  access: { args: 2 },
  exists: { twin: 'access', args: 1, result: () => true },
  fstat: { args: 2 },
  glob: { args: 2 },
  lstat: { args: 2 },
  open: { args: 3, drop: (fd) => nodeFs.close(fd as number, () => {}) },
  opendir: { args: 2, takes: fitsDir, drop: (dir) => (dir as nodeFs.Dir).close(() => {}) },
  read: { args: 5, takes: ([, buffer]) => ArrayBuffer.isView(buffer), lingers },
  readdir: { args: 2 },
  readFile: { args: 2, lingers },
  readlink: { args: 2 },
  readv: { args: 3, lingers },
  realpath: { args: 2 },
  stat: { args: 2 },
  statfs: { args: 2 },
}

/** What changes something: how many arguments it takes. */
const changes: Readonly<Record<string, number>> = {
  ...{
    appendFile: 3,
    chmod: 2,
    chown: 3,
    copyFile: 3,
    cp: 3,
    fchmod: 2,
    fchown: 3,
    fdatasync: 1,
    fsync: 1,
    ftruncate: 2,
  },
  ...{ futimes: 3, lchmod: 2, lchown: 3, link: 2, lutimes: 3, mkdir: 2, mkdtemp: 2, rename: 2, rm: 2, rmdir: 2 },
  ...{ symlink: 3, truncate: 2, unlink: 1, utimes: 3, write: 5, writeFile: 3, writev: 3 },
}

/** The filter of `cpSync` must answer at once, that of `cp` need not. */
const hasNoFilter = ([, , options]: readonly unknown[]): boolean =>
  (options as { filter?: unknown } | null | undefined)?.filter === undefined

const mapTwins = <T>(
  table: Readonly<Record<string, T>>,
  twin: (entry: T, name: string) => Twin,
): Record<string, Twin> => Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, twin(entry, name)]))

const twins: Readonly<Record<string, Twin>> = {
  ...mapTwins(questions, (twin) => ({ ...twin, again: true })),
  ...mapTwins(changes, (args, name) => ({ args, changes: true, ...(name === 'cp' ? { takes: hasNoFilter } : {}) })),
  close: { args: 1, changes: true, takes: ([fd]) => !lingering.has(fd) },
}

/** Patches `node:fs`. Tells `told` what became of each name. */
export function patchFs(told: Told): void {
  const fs = nodeFs as unknown as Record<string, AnyFunction>
  for (const [name, twin] of Object.entries(twins)) {
    const background = fs[twin.twin ?? name]
    const key = `${name}Sync`
    if (background === undefined) continue
    const make = (former: AnyFunction): AnyFunction =>
      parkingOn(`fs.${key}`, twin, background, name === 'close' ? closeLater(former) : former)
    told(`fs.${key}`, swap(fs, key, make))
  }
  patchNativeRealpath(fs)
  patchDir(told)
}

/** `realpathSync.native` is a property of a function that is ours by now, so it goes when that goes. */
function patchNativeRealpath(fs: Record<string, AnyFunction>): void {
  const patched = fs['realpathSync'] as AnyFunction & { native?: AnyFunction }
  const { native: former } = original(patched) as typeof patched
  const { native: background } = fs['realpath'] as typeof patched
  // Not there (Bun), or done before.
  if (former === undefined || background === undefined || patched.native !== former) return
  patched.native = likeness(parkingOn('fs.realpathSync.native', { args: 2, again: true }, background, former), former)
}

function patchDir(told: Told): void {
  const prototype = nodeFs.Dir.prototype as unknown as Record<string, AnyFunction>
  for (const [name, changes] of [
    ['read', false],
    ['close', true],
  ] as const) {
    const background = prototype[name] as AnyFunction
    const make = (former: AnyFunction): AnyFunction =>
      parkingOn(`fs.Dir.${name}Sync`, { args: 0, changes }, background, former)
    told(`fs.Dir.prototype.${name}Sync`, swap(prototype, `${name}Sync`, make))
  }
}
