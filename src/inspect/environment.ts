import { isMainThread } from 'node:worker_threads'
import { reportLeaksAtExit, watchOpenings } from './leaks.ts'
import { InspectError } from './mailbox.ts'
import { inspectOnSignal } from './on-signal.ts'
import { watchReports } from './reports/watch.ts'
import { inspect } from './server/inspector.ts'

const words: Readonly<Record<string, (value: string) => void>> = {
  '0': () => {},
  '1': () => void inspectOnSignal(),
  signal: () => void inspectOnSignal(),
  leaks: () => void reportLeaksAtExit(),
  openings: () => void watchOpenings(),
  reports: () => void watchReports(),
  page: servePage,
}

const done = new Set<string>()

/**
 * Does what `FIBRIL_INSPECT` asks for, in words with commas between them: `signal` (or `1`) for `inspectOnSignal`, `leaks` for
 * `reportLeaksAtExit`, `openings` for `watchOpenings`, `reports` for `watchReports`, `page` or `page:PORT` for `inspect`.
 * `fibril`, `fibril run` and `fibril/green/register` call it; each word counts once. Worker threads are left out.
 */
export function inspectFromEnvironment(): void {
  if (!isMainThread) return
  for (const part of (process.env['FIBRIL_INSPECT'] ?? '').split(',').map((part) => part.trim())) {
    const [word = '', value = ''] = part.split(/:(.*)/s)
    if (word === '' || done.has(word)) continue
    done.add(word)
    const act = Object.hasOwn(words, word) ? words[word] : undefined
    if (act !== undefined && (value === '' || act === servePage)) act(value)
    else
      process.emitWarning(
        `FIBRIL_INSPECT knows signal, leaks, openings, reports and page, not ${JSON.stringify(part)}`,
        'FibrilWarning',
      )
  }
}

/** A program that only should be looked at runs also if it cannot. */
function servePage(value: string): void {
  const port = value === '' ? 0 : Number(value)
  try {
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new InspectError(`FIBRIL_INSPECT=page:PORT takes a port from 0 to 65535, not ${JSON.stringify(value)}`)
    // One port serves one process. What this one starts inherits the environment, and takes any that is free.
    if (port !== 0)
      process.env['FIBRIL_INSPECT'] = process.env['FIBRIL_INSPECT']?.replace(/(^|,)\s*page:[^,]*/g, '$1page')
    inspect({ port, print: true })
  } catch (error) {
    if (!(error instanceof InspectError)) throw error
    process.emitWarning(`${error.message}; the program runs without its page`, 'FibrilWarning')
  }
}
