import { extname } from 'node:path'
import { Script } from 'node:vm'
import { type Operation, UsageError } from '../core/index.ts'
import { argumentsKind } from './cost.ts'
import type { ReturnOf } from './pool.ts'
import { ThreadPool } from './threads.ts'

type Offloaded = typeof import('./offloaded.ts')

// This file is run as it is written, or compiled: so is that.
const module = new URL(`./offloaded${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
let pool: ThreadPool<Offloaded> | null = null

/** By their text: functions are told apart by what they cost. */
const ids = new Map<string, number>()

/**
 * Makes of a function one that runs in another thread: its calls are operations, like those of a pool. For something small that
 * deserves no module of its own.
 *
 * The text of the function is what is sent. So it must be self-contained: it sees its arguments, what is global, and what it
 * imports by `import()`, but no variable around it, no `this`, and not the module that it stands in. It may be async, and of one file
 * compiled to another it is what it was compiled to. Arguments and results are copied (`transfer` moves buffers).
 *
 * All share one pool of threads, started when they are needed and stopped when they have been idle for a while.
 *
 * Fails as a call of a pool does. `UsageError` for a class, or a function that has no text: bound, or built in.
 *
 * ```ts
 * import { offload } from 'fibril/offload'
 *
 * const digest = offload(async (text: string, rounds: number) => {
 *   const { createHash } = await import('node:crypto')
 *   for (let i = 0; i < rounds; i++) text = createHash('sha256').update(text).digest('hex')
 *   return text
 * })
 * console.log((await digest('secret', 1000)).length) // => 64
 * ```
 */
export function offload<F extends (...args: never[]) => unknown>(
  fn: F,
): (...args: Parameters<F>) => Operation<ReturnOf<{ fn: F }, 'fn'>> {
  const expression = expressionOf(fn)
  if (!ids.has(expression)) ids.set(expression, ids.size)
  const run = (...args: Parameters<F>): Operation<ReturnOf<{ fn: F }, 'fn'>> => {
    pool ??= new ThreadPool<Offloaded>(module, { name: 'offload', inline: false, minSize: 0, kindOf: kindOfCall })
    return pool.submit('call', expression, ...args) as Operation<ReturnOf<{ fn: F }, 'fn'>>
  }
  Object.defineProperty(run, 'name', { value: fn.name })
  return run
}

function kindOfCall(_name: string, [expression, ...args]: readonly unknown[]): string {
  return `${ids.get(expression as string)} ${argumentsKind(args)}`
}

/** An expression that makes the same function again. */
function expressionOf(fn: unknown): string {
  if (typeof fn !== 'function') throw new UsageError(`offload(${String(fn)}): it must be a function`)
  const text = Function.prototype.toString.call(fn)
  const cannot = `offload(${fn.name || 'function'}): `
  if (/^class\b/.test(text)) throw new UsageError(`${cannot}a class cannot be called`)
  if (/\{\s*\[native code\]\s*\}$/.test(text))
    throw new UsageError(`${cannot}a bound or built-in function has no text: write a function that calls it`)
  // A method is one in an object only.
  const found = [`(${text}\n)`, `Object.values({${text}\n})[0]`].find(compiles)
  if (found === undefined) throw new UsageError(`${cannot}its text makes no function by itself`)
  return found
}

function compiles(expression: string): boolean {
  try {
    new Script(expression)
    return true
  } catch {
    return false
  }
}
