import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type CheckedAtomic,
  type CheckedFunction,
  type CheckedModule,
  Project,
  settingsFrom,
} from '../green/load/index.ts'
import { columns } from './columns.ts'
import { parseAll } from './options.ts'
import { CommandError } from './usage.ts'

/** A call on the way to what may park. */
interface Step {
  readonly what: string
  readonly file: string
  readonly line: number
}

/** What `--json` prints. Fields are added, never changed; `version` counts up if one ever must be. */
export interface CheckReport {
  readonly version: 1
  readonly files: readonly {
    readonly file: string
    readonly functions: readonly (Omit<CheckedFunction, 'chain'> & { readonly chain: readonly Step[] })[]
    readonly atomics: readonly (Omit<CheckedAtomic, 'chains'> & { readonly chains: readonly (readonly Step[])[] })[]
  }[]
  readonly totals: Totals
}

interface Totals {
  readonly functions: number
  readonly park: number
  readonly never: number
  /** How many are compiled in which way. */
  readonly ways: Readonly<Record<string, number>>
}

/** `fibril check`: what the compiler thinks of each function. */
export function check(args: string[]): void {
  const { values, words } = parseAll(args, { json: { type: 'boolean' } })
  if (words.length === 0) throw new CommandError('fibril check needs a file to look at')
  const project = new Project(settingsFrom(process.env))
  const files = words.map((file) => {
    const { functions, atomics } = checked(project, file)
    return {
      file: nameOf(resolve(file)),
      functions: functions.map((fn) => ({ ...fn, chain: stepsOf(fn.chain) })),
      atomics: atomics.map((atomic) => ({ ...atomic, chains: atomic.chains.map(stepsOf) })),
    }
  })
  const report: CheckReport = { version: 1, files, totals: totalsOf(files.flatMap(({ functions }) => functions)) }
  process.stdout.write(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : textOf(report))
}

function checked(project: Project, file: string): CheckedModule {
  try {
    return project.check(resolve(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new CommandError(`cannot read ${file}: ${(error as Error).message}`)
  }
}

const nameOf = (path: string): string => relative('', path) || path

function stepsOf(chain: CheckedFunction['chain']): Step[] {
  return chain.map(({ what, url, line }) => ({ what, file: nameOf(fileURLToPath(url)), line }))
}

function totalsOf(functions: readonly Pick<CheckedFunction, 'parks' | 'way'>[]): Totals {
  const ways: Record<string, number> = {}
  for (const { way } of functions) ways[way] = (ways[way] ?? 0) + 1
  const park = functions.filter(({ parks }) => parks).length
  return { functions: functions.length, park, never: functions.length - park, ways }
}

function textOf({ files, totals }: CheckReport): string {
  const rows = files.flatMap(({ file, functions }) =>
    functions.map(({ name, line, parks, why, way, chain }) => [
      `${file}:${line}`,
      name || '(anonymous)',
      parks ? 'may park' : 'never parks',
      chain.length > 0 ? wayOf(chain) : (why ?? ''),
      way,
    ]),
  )
  const ways = Object.entries(totals.ways).map(([way, count]) => `${count} ${way}`)
  const sum = `${totals.functions} function${totals.functions === 1 ? '' : 's'}: ${totals.park} may park, ${totals.never} cannot`
  const table = columns([['place', 'function', 'verdict', 'why', 'way'], ...rows])
  const atomics = files.flatMap(({ file, atomics }) => atomics.flatMap((atomic) => warningsOf(file, atomic)))
  const told = atomics.length === 0 ? '' : `\nMay park where nothing must:\n${atomics.join('')}`
  return `${table}\n${sum}${ways.length > 0 ? ` (${ways.join(', ')})` : ''}\n${told}`
}

/** The calls, and where those stand that are not in the function itself. */
function wayOf([first, ...rest]: readonly Step[]): string {
  return [first?.what, ...rest.map(({ what, file, line }) => `${what} at ${file}:${line}`)].join(' → ')
}

function warningsOf(file: string, { what, chains }: CheckReport['files'][number]['atomics'][number]): string[] {
  return chains.map((chain) => `${file}:${chain[0]?.line}: in atomic(${what}): ${wayOf(chain)}\n`)
}
