import { recordTrace, type Trace } from '../inspect/index.ts'
import { parseHead } from './options.ts'
import { run } from './run.ts'
import { CommandError } from './usage.ts'

const options = {
  output: { type: 'string', short: 'o' },
  for: { type: 'string' },
  'max-events': { type: 'string' },
} as const

/** `fibril trace`: `fibril run`, and a file that shows what the tasks did. */
export async function trace(args: string[]): Promise<void> {
  const own = ownOptions(args)
  const { values } = parseHead(own, options)
  const { output, for: time, 'max-events': most } = values
  if (output === undefined) throw new CommandError('fibril trace needs a file to write: -o FILE')
  const maxEvents = most === undefined ? undefined : wholeNumber('--max-events', most)
  const ms = time === undefined ? null : wholeNumber('--for', time)
  if (args.length === own.length) throw new CommandError('fibril trace needs a program to run')
  const recorded = open(output, maxEvents)
  endWith(recorded, output, ms)
  await run(args.slice(own.length))
}

/** The options at the head that are not those of `fibril run`. */
function ownOptions(args: readonly string[]): string[] {
  let at = 0
  for (let arg = args[at]; arg !== undefined; arg = args[at]) {
    if (/^(-o|--output|--for|--max-events)$/.test(arg)) at += 2
    else if (/^(-o.|--output=|--for=|--max-events=)/.test(arg)) at++
    else break
  }
  return args.slice(0, at)
}

function open(output: string, maxEvents: number | undefined): Trace {
  try {
    return recordTrace(output, maxEvents === undefined ? {} : { maxEvents })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new CommandError(`cannot write the trace: ${(error as Error).message}`)
  }
}

/** However the program ends, the file is whole, unless it is killed. */
function endWith(recorded: Trace, output: string, ms: number | null): void {
  const timer = ms === null ? null : setTimeout(() => recorded.stop(), ms).unref()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const killed = (signal: NodeJS.Signals): void => {
    process.off(signal, killed)
    // The others decide what becomes of the program, and must find themselves alone, as they would without a trace.
    if (process.listenerCount(signal) > 0) {
      process.nextTick(() => process.prependListener(signal, killed))
      return
    }
    tell()
    for (const name of signals) process.off(name, killed)
    process.kill(process.pid, signal)
  }
  const tell = (): void => {
    if (timer !== null) clearTimeout(timer)
    process.off('exit', tell)
    recorded.stop()
    process.stderr.write(`fibril trace: ${summary(recorded, output)}\n`)
  }
  process.on('exit', tell)
  for (const name of signals) process.on(name, killed)
}

function summary({ events, ms, ended, error }: Trace, output: string): string {
  const amount = `${events} events in ${(ms / 1000).toFixed(1)} s`
  if (ended === 'failed') return `${output} could not be written: ${error instanceof Error ? error.message : error}`
  if (ended === 'full') return `${output} was full after ${amount}; what came later is not in it (--max-events)`
  return `${output}: ${amount}. Open it in https://ui.perfetto.dev`
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(value)) return value
  throw new CommandError(`${option} takes a whole number above 0, not ${JSON.stringify(text)}`)
}
