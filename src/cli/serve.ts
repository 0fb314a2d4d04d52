import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../core/index.ts'
import { formatAddress } from '../net/index.ts'
import { type ServingOptions, serveAcross, WorkerError } from '../serving/index.ts'
import { parseHead } from './options.ts'
import { CommandError } from './usage.ts'

const options = {
  workers: { type: 'string' },
  grace: { type: 'string' },
  unresponsive: { type: 'string' },
  spread: { type: 'string' },
  listens: { type: 'string' },
  'no-prefix': { type: 'boolean' },
  plain: { type: 'boolean' },
} as const

const register = new URL('../green/register/index.js', import.meta.url).href

/** `fibril serve`: several processes of one program, which share what it listens on. */
export async function serve(args: string[]): Promise<void> {
  const { values, words } = parseHead(args, options)
  const [file, ...rest] = words
  if (file === undefined) throw new CommandError('fibril serve needs a program to serve')
  if (!existsSync(file)) throw new CommandError(`there is no file ${file}`)
  const numbers = {
    workers: values.workers,
    grace: values.grace,
    unresponsiveMs: values.unresponsive,
    listens: values.listens,
  }
  const settings: ServingOptions = {
    ...Object.fromEntries(
      Object.entries(numbers).flatMap(([name, text]) => (text === undefined ? [] : [[name, Number(text)]])),
    ),
    ...(values.spread === undefined ? {} : { spread: values.spread as 'even' }),
    args: rest,
    prefix: values['no-prefix'] !== true,
    onError: (error) => tell(error.message),
    ...(values.plain === true ? {} : { execArgv: [...process.execArgv, '--import', register] }),
  }
  try {
    const service = await serveAcross(resolve(file), settings)
    const where = service.addresses.map(formatAddress).join(', ')
    tell(`${service} listens on ${where}, in ${service.stats().workers.length} workers`)
    await service.join()
  } catch (error) {
    if (error instanceof UsageError) throw new CommandError(error.message)
    if (!(error instanceof WorkerError)) throw error
    // What a program died of is no bug of this one, and deserves no stack of it.
    tell(error.message)
    process.exitCode = 1
  }
}

function tell(text: string): void {
  process.stderr.write(`fibril: ${text}\n`)
}
