import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FunctionVerdict } from '../green/compile/index.ts'
import { compileSource, settingsFrom } from '../green/load/index.ts'
import { columns } from './columns.ts'
import { parseAll } from './options.ts'
import { CommandError } from './usage.ts'

/** What `--json` prints. Fields are added, never changed; `version` counts up if one ever must be. */
export interface CheckReport {
  readonly version: 1
  readonly files: readonly { readonly file: string; readonly functions: readonly FunctionVerdict[] }[]
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
  const files = words.map((file) => ({ file: relative('', file) || file, functions: verdictsOf(file) }))
  const report: CheckReport = { version: 1, files, totals: totalsOf(files.flatMap(({ functions }) => functions)) }
  process.stdout.write(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : textOf(report))
}

function verdictsOf(file: string): readonly FunctionVerdict[] {
  return compileSource(read(file), pathToFileURL(resolve(file)).href, settingsFrom(process.env)).functions
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${(error as Error).message}`)
  }
}

function totalsOf(functions: readonly FunctionVerdict[]): Totals {
  const ways: Record<string, number> = {}
  for (const { way } of functions) ways[way] = (ways[way] ?? 0) + 1
  const park = functions.filter(({ parks }) => parks).length
  return { functions: functions.length, park, never: functions.length - park, ways }
}

function textOf({ files, totals }: CheckReport): string {
  const rows = files.flatMap(({ file, functions }) =>
    functions.map(({ name, line, parks, why, way }) => [
      `${file}:${line}`,
      name || '(anonymous)',
      parks ? 'may park' : 'never parks',
      why ?? '',
      way,
    ]),
  )
  const ways = Object.entries(totals.ways).map(([way, count]) => `${count} ${way}`)
  const sum = `${totals.functions} function${totals.functions === 1 ? '' : 's'}: ${totals.park} may park, ${totals.never} cannot`
  const table = columns([['place', 'function', 'verdict', 'why', 'way'], ...rows])
  return `${table}\n${sum}${ways.length > 0 ? ` (${ways.join(', ')})` : ''}\n`
}
