/**
 * Node's blocking calls, made to park: in a green task they wait in the background while other tasks run, and everywhere else
 * they are what they always were.
 *
 *   background.ts     a call and its twin that takes a callback      child-process.ts  execSync and its kin
 *   fs.ts tables.ts   which has which: fs; crypto and zlib           atomics.ts        Atomics.wait
 *   swap.ts           what was replaced, by what                     late.ts           who still holds what was there before
 */
import { syncBuiltinESMExports } from 'node:module'
import { patchAtomics } from './atomics.ts'
import { patchChildProcess } from './child-process.ts'
import { patchFs } from './fs.ts'
import { findLate, type LateModule } from './late.ts'
import { formerNames, swapBack, type Told } from './swap.ts'
import { patchCrypto, patchZlib } from './tables.ts'

export type { LateModule } from './late.ts'
export { isPatched, original } from './swap.ts'

/** What is to be patched; all that is left out is. */
export interface PatchOptions {
  readonly fs?: boolean
  readonly childProcess?: boolean
  readonly atomics?: boolean
  readonly crypto?: boolean
  readonly zlib?: boolean
}

/** What became of it. */
export interface PatchReport {
  /** Such as `fs.readFileSync`. */
  readonly patched: readonly string[]
  /** What had been patched before. */
  readonly already: readonly string[]
  /** CommonJS modules that were loaded before, and go on calling what blocks. */
  readonly late: readonly LateModule[]
}

const parts: Readonly<Record<keyof PatchOptions, { readonly builtin: string; readonly patch: (told: Told) => void }>> =
  {
    fs: { builtin: 'fs', patch: patchFs },
    childProcess: { builtin: 'child_process', patch: patchChildProcess },
    atomics: { builtin: 'Atomics', patch: patchAtomics },
    crypto: { builtin: 'crypto', patch: patchCrypto },
    zlib: { builtin: 'zlib', patch: patchZlib },
  }

/**
 * Patches the blocking calls of `node:fs`, `node:child_process`, `node:crypto` and `node:zlib`, and `Atomics.wait`. Imports by
 * name follow, also in modules that were loaded before; CommonJS modules that took a function out of a builtin before do
 * not, and are named in the report and in a warning. So patch first: `fibril run` does.
 *
 * ```ts
 * import { patchAll, unpatch } from 'fibril/green/patch'
 *
 * const { patched, late } = patchAll({ crypto: false })
 * console.log(patched.includes('fs.readFileSync'), late.length) // prints: true 0
 * unpatch()
 * ```
 */
export function patchAll(options: PatchOptions = {}): PatchReport {
  const patched: string[] = []
  const already: string[] = []
  const builtins: string[] = []
  const told: Told = (name, done) => {
    if (done !== null) (done ? patched : already).push(name)
  }
  for (const [name, { builtin, patch }] of Object.entries(parts)) {
    if (options[name as keyof PatchOptions] === false) continue
    builtins.push(builtin)
    patch(told)
  }
  syncBuiltinESMExports()
  const late = patched.length === 0 ? [] : findLate(builtins, formerNames())
  for (const { file, names } of late) warnOfLate(file, names)
  return Object.freeze({ patched, already, late })
}

function warnOfLate(file: string, names: readonly string[]): void {
  const message = `${file} was loaded before patchAll() and holds ${names.join(', ')} as they were: they go on blocking the loop. Call patchAll() before it is loaded`
  process.emitWarning(message, { type: 'FibrilWarning', code: 'FIBRIL_LATE_PATCH' })
}

/** Puts everything back; gives the names of what somebody else has replaced since, and which was therefore left. */
export function unpatch(): string[] {
  const left = swapBack()
  syncBuiltinESMExports()
  return left
}
