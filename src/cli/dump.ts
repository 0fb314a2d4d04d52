import { describeTasks, dumpProcess, InspectError } from '../inspect/index.ts'
import { milliseconds, parseAll } from './options.ts'
import { CommandError } from './usage.ts'

const options = { json: { type: 'boolean' }, wait: { type: 'string' } } as const

/** `fibril dump`: asks another process what its tasks wait for. Exit code 1 if it cannot be asked. */
export async function dump(args: string[]): Promise<void> {
  const { values, words } = parseAll(args, options)
  const [word, ...more] = words
  if (word === undefined || more.length > 0) throw new CommandError('fibril dump needs the id of one process')
  if (!/^[1-9]\d*$/.test(word)) throw new CommandError(`${JSON.stringify(word)} is no process id`)
  try {
    const snapshot = await dumpProcess(
      Number(word),
      values.wait === undefined ? {} : { waitMs: milliseconds('--wait', values.wait) },
    )
    process.stdout.write(values.json === true ? `${JSON.stringify(snapshot)}\n` : describeTasks(snapshot))
  } catch (error) {
    if (!(error instanceof InspectError)) throw error
    process.stderr.write(`fibril: ${error.message}\n`)
    process.exitCode = 1
  }
}
