import { resolve } from 'node:path'
import { type LoadSettings, runProgram, settingsFrom } from '../green/load/index.ts'
import { parseHead } from './options.ts'
import { CommandError } from './usage.ts'

const options = {
  include: { type: 'string', multiple: true },
  exclude: { type: 'string', multiple: true },
  'no-patch': { type: 'boolean' },
  'no-cache': { type: 'boolean' },
  stress: { type: 'boolean' },
  watchdog: { type: 'string' },
  'inspect-signal': { type: 'boolean' },
  'inspect-fibril': { type: 'string' },
  leaks: { type: 'boolean' },
  reports: { type: 'boolean' },
} as const

/** What these mean if their value is left out. */
const withoutValue: Readonly<Record<string, string>> = {
  '--watchdog': '--watchdog=100',
  '--inspect-fibril': '--inspect-fibril=0',
}

/** `fibril run`: makes this process the program's. */
export async function run(args: string[]): Promise<void> {
  const { values, words } = parseHead(args, options, (argument) => withoutValue[argument] ?? argument)
  const [file, ...rest] = words
  if (file === undefined) throw new CommandError('fibril run needs a file to run')
  // Started by a green program, a command goes on in its way, but for what it says itself.
  const former = settingsFrom(process.env)
  const settings: LoadSettings = {
    ...former,
    include: values.include ?? former.include,
    exclude: values.exclude ?? former.exclude,
    patch: former.patch && values['no-patch'] !== true,
    cache: former.cache && values['no-cache'] !== true,
    stress: former.stress || values.stress === true,
    watchdog: values.watchdog === undefined ? former.watchdog : milliseconds(values.watchdog),
  }
  // By the environment, so that what the program starts is looked at as well.
  const page = values['inspect-fibril'] === undefined ? undefined : `page:${port(values['inspect-fibril'])}`
  const looks = [
    page,
    process.env['FIBRIL_INSPECT'],
    values['inspect-signal'] && 'signal',
    values.leaks && 'leaks',
    values.reports && 'reports',
  ]
  process.env['FIBRIL_INSPECT'] = looks.filter(Boolean).join()
  if (process.env['FIBRIL_INSPECT'] === '') delete process.env['FIBRIL_INSPECT']
  else (await import('../inspect/index.ts')).inspectFromEnvironment()
  await runProgram(resolve(file), rest, settings)
}

function milliseconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 1 && value <= 2 ** 31 - 1) return value
  throw new CommandError(`--watchdog takes milliseconds, from 1 on, not ${JSON.stringify(text)}`)
}

function port(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= 65_535) return value
  throw new CommandError(`--inspect-fibril takes a port, from 0 to 65535, not ${JSON.stringify(text)}`)
}
