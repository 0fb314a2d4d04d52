import { isMainThread } from 'node:worker_threads'
import { reportLeaksAtExit, watchOpenings } from './leaks.ts'
import { inspectOnSignal } from './on-signal.ts'
import { watchReports } from './reports/watch.ts'

const words: Readonly<Record<string, () => void>> = {
  '0': () => {},
  '1': () => void inspectOnSignal(),
  signal: () => void inspectOnSignal(),
  leaks: () => void reportLeaksAtExit(),
  openings: () => void watchOpenings(),
  reports: () => void watchReports(),
}

const done = new Set<string>()

/**
 * Does what `FIBRIL_INSPECT` asks for, in words with commas between them: `signal` (or `1`) for `inspectOnSignal`, `leaks` for
 * `reportLeaksAtExit`, `openings` for `watchOpenings`, `reports` for `watchReports`. `fibril`, `fibril run` and `fibril/green/register` call it; each word counts once. Worker
 * threads are left out.
 */
export function inspectFromEnvironment(): void {
  if (!isMainThread) return
  for (const word of (process.env['FIBRIL_INSPECT'] ?? '').split(',').map((part) => part.trim())) {
    if (word === '' || done.has(word)) continue
    done.add(word)
    const act = Object.hasOwn(words, word) ? words[word] : undefined
    if (act !== undefined) act()
    else
      process.emitWarning(
        `FIBRIL_INSPECT knows signal, leaks, openings and reports, not ${JSON.stringify(word)}`,
        'FibrilWarning',
      )
  }
}
