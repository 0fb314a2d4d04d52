import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepare, settingsFrom } from '../green/load/index.ts'
import { type Build, drawSvg, drawText, NotationError, parseChain, simulate } from '../twisted/simulator/index.ts'
import { milliseconds, parseAll } from './options.ts'
import { CommandError } from './usage.ts'

const options = {
  chain: { type: 'string', short: 'c' },
  svg: { type: 'boolean' },
  colour: { type: 'boolean' },
  wait: { type: 'string' },
} as const

/** A chain, and what it is to be fired with if it does not do so itself. */
interface Given {
  readonly build: Build
  readonly fire?: unknown
}

/** `fibril deferred`: draws the path that a result takes through a chain of callbacks. */
export async function deferred(args: string[]): Promise<void> {
  const { values, words } = parseAll(args, options)
  const [file, ...more] = words
  if ((file === undefined) === (values.chain === undefined) || more.length > 0)
    throw new CommandError('fibril deferred needs one chain to draw: a file, or --chain TEXT')
  const { build, fire } =
    file === undefined ? parsed('--chain', values.chain?.replace(/;/g, '\n') ?? '') : await load(file)
  const trace = await simulate(
    build,
    fire,
    values.wait === undefined ? {} : { waitMs: milliseconds('--wait', values.wait) },
  )
  const colour = values.colour ?? (process.stdout.isTTY && !process.env['NO_COLOR'])
  process.stdout.write(values.svg === true ? drawSvg(trace) : `${drawText(trace, { colour })}\n`)
}

async function load(file: string): Promise<Given> {
  if (file === '-') return parsed('standard input', readFileSync(0, 'utf8'))
  if (!/\.[cm]?[jt]sx?$/.test(file)) return parsed(file, read(file))
  read(file) // says better than an import what is wrong with a file that is not there
  await prepare({ ...settingsFrom(process.env), patch: false })
  const { chain, fire } = (await import(pathToFileURL(resolve(file)).href)) as { chain?: unknown; fire?: unknown }
  if (typeof chain !== 'function')
    throw new CommandError(
      `${file} should export a function \`chain(deferred, later)\` that adds callbacks to a Deferred`,
    )
  return { build: chain as Build, fire }
}

function parsed(where: string, text: string): Given {
  try {
    return { build: parseChain(text) }
  } catch (error) {
    if (!(error instanceof NotationError)) throw error
    throw new CommandError(`${where}: ${error.message}`)
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${(error as Error).message}`)
  }
}
