/**
 * gevent's `monkey` on the patches of green threads: Node's blocking calls, made to park in tasks of green code.
 *
 * ```ts
 * import { monkey } from 'fibril/gevent'
 *
 * monkey.patchAll({ crypto: false })
 * console.log(monkey.isModulePatched('fs'), monkey.isModulePatched('crypto')) // prints: true false
 * monkey.unpatchAll()
 * ```
 */
import childProcess from 'node:child_process'
import nodeCrypto from 'node:crypto'
import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import zlib from 'node:zlib'
import { UsageError } from '../core/index.ts'
import {
  isPatched,
  original,
  type PatchOptions,
  type PatchReport,
  patchAll as patch,
  unpatch,
} from '../green/patch/index.ts'

/** The modules that can be patched, in the order in which they are. */
export type PatchableModule = keyof PatchOptions
const modules: Readonly<Record<PatchableModule, object>> = {
  fs,
  childProcess,
  atomics: Atomics,
  crypto: nodeCrypto,
  zlib,
}
const names = Object.keys(modules) as PatchableModule[]

/** Thrown by whoever is told of `willPatchModule`: that module is left as it is. */
export class DoNotPatch extends Error {
  override readonly name = 'DoNotPatch'
}

/**
 * What is told: `willPatchAll` and `didPatchAll` with the options, `willPatchModule` and `didPatchModule` with the name of the
 * module. A listener of the first of each that throws `DoNotPatch` vetoes it.
 */
export const events: EventEmitter<{
  willPatchAll: [options: PatchOptions]
  willPatchModule: [module: PatchableModule]
  didPatchModule: [module: PatchableModule, report: PatchReport]
  didPatchAll: [options: PatchOptions]
}> = new EventEmitter()

const patched = new Set<PatchableModule>()
let lastOptions: string | null = null

/**
 * Patches all that can be, but for what the options say false to. Call it before anything else is loaded: what took a function
 * out of a module before goes on blocking, and a warning names it. A second call with other options warns, and only adds.
 * Only in the main thread does it need no thought: elsewhere it warns.
 */
export function patchAll(options: PatchOptions = {}): PatchReport {
  const wanted = names.filter((name) => options[name] !== false)
  const text = JSON.stringify(names.map((name) => options[name] !== false))
  if (lastOptions !== null && lastOptions !== text)
    warn(
      'Patching more than once with other options: what was patched before stays patched. See the first call of patchAll()',
    )
  lastOptions = text
  if (!isMainThread) warn('patchAll() was called in a worker: it patches that worker alone')
  const reports: PatchReport[] = []
  if (!vetoed(() => events.emit('willPatchAll', options))) {
    for (const name of wanted) {
      const report = patchOne(name)
      if (report !== null) reports.push(report)
    }
    events.emit('didPatchAll', options)
  }
  return Object.freeze({
    patched: reports.flatMap((report) => report.patched),
    already: reports.flatMap((report) => report.already),
    late: reports.flatMap((report) => report.late),
  })
}

/** Patches one module. Null if somebody vetoed it. */
export function patchModule(name: PatchableModule): PatchReport | null {
  if (!names.includes(name)) throw new UsageError(`patchModule('${name}'): there are ${names.join(', ')}`)
  return patchOne(name)
}

function patchOne(name: PatchableModule): PatchReport | null {
  if (vetoed(() => events.emit('willPatchModule', name))) return null
  const only = Object.fromEntries(names.map((each) => [each, each === name])) as PatchOptions
  const report = patch(only)
  patched.add(name)
  events.emit('didPatchModule', name, report)
  return report
}

function vetoed(tell: () => void): boolean {
  try {
    tell()
    return false
  } catch (error) {
    if (error instanceof DoNotPatch) return true
    throw error
  }
}

/** True if a module was patched here. */
export function isModulePatched(name: PatchableModule): boolean {
  return patched.has(name)
}

/** True if a function of a module is a patched one. */
export function isObjectPatched(name: PatchableModule, item: string): boolean {
  const found = (modules[name] as Record<string, unknown>)[item]
  return typeof found === 'function' && isPatched(found as (...args: never[]) => unknown)
}

type Anything = (...args: never[]) => unknown

/** What a function was before it was patched: that of a module by its name, or of several. */
export function getOriginal(name: PatchableModule, item: string): Anything
export function getOriginal(name: PatchableModule, items: readonly string[]): Anything[]
export function getOriginal(name: PatchableModule, item: string | readonly string[]): Anything | Anything[] {
  if (typeof item !== 'string') return item.map((each) => getOriginal(name, each))
  const found = (modules[name] as Record<string, unknown>)[item]
  if (typeof found !== 'function') throw new UsageError(`${name} has no function ${item}`)
  return original(found as Anything)
}

/** Puts everything back; gives the names of what somebody else has replaced since. */
export function unpatchAll(): string[] {
  patched.clear()
  lastOptions = null
  return unpatch()
}

function warn(message: string): void {
  process.emitWarning(message, { type: 'MonkeyPatchWarning', code: 'FIBRIL_MONKEY_PATCH' })
}
