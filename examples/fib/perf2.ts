// node dist/examples/fib/perf2.js [milliseconds]
//
// How many requests for fib(1) are answered in a second, while another client asks for a fib that takes three seconds?
import { fileURLToPath } from 'node:url'
import { fn, run, scope, sleep } from 'fibril'
import { connect } from 'fibril/net'
import { ask } from './client.ts'
import { portFromEnvironment } from './port.ts'
import { figure, median, table } from './report.ts'

/** What goes on beside the requests. `ending`: the big fib ended amid this second. */
type Phase = 'before' | 'during' | 'ending' | 'after' | 'over'

/** One second of the load. */
export interface Second {
  readonly phase: Phase
  readonly rate: number
}

/** The figures of the load, second by second. */
export interface Rates {
  readonly n: number
  /** How long fib(n) took, beside the load. */
  readonly bigMs: number
  readonly seconds: readonly Second[]
}

/** The n for which fib(n) takes about so many milliseconds. */
export const calibrate = fn(function* (port: number, ms: number) {
  using service = yield* connect({ port })
  yield* ask(service, 25) // starts a thread
  for (let n = 25; ; n++) {
    const start = performance.now()
    yield* ask(service, n)
    const took = performance.now() - start
    // Each n more takes 1.618 times as long.
    if (took > 60 || n === 45) return n + Math.max(0, Math.round(Math.log(ms / took) / Math.log(1.618)))
  }
})

/** So many seconds of requests for fib(1), one after the other; then beside a fib of about `ms` milliseconds; then after it. */
export const rates = fn(function* (port: number, ms: number, around: number, onSecond: (second: Second) => void) {
  const n = yield* calibrate(port, ms)
  using service = yield* connect({ port })
  let answered = 0
  let phase = 'before' as Phase
  let bigMs = 0
  const seconds: Second[] = []

  yield* scope(function* (tasks) {
    tasks.spawn(function* load() {
      while (phase !== 'over') {
        yield* ask(service, 1)
        answered++
      }
    })
    const big = fn(function* () {
      using other = yield* connect({ port })
      const start = performance.now()
      yield* ask(other, n)
      bigMs = performance.now() - start
      phase = 'ending'
    })
    const second = fn(function* () {
      const [start, first] = [performance.now(), answered]
      yield* sleep(1000)
      const measured = { phase, rate: ((answered - first) * 1000) / (performance.now() - start) }
      seconds.push(measured)
      onSecond(measured)
      if (phase === 'ending') phase = 'after'
    })
    yield* sleep(500) // a running start
    for (let i = 0; i < around; i++) yield* second()
    phase = 'during'
    tasks.spawn(big())
    while ((phase as Phase) !== 'after') yield* second()
    for (let i = 0; i < around; i++) yield* second()
    phase = 'over'
  })
  return { n, bigMs, seconds } satisfies Rates
})

/** Measures, with a line for each second, and prints a table. */
export const perf2 = fn(function* (port: number, ms: number = 3000, around: number = 3) {
  console.log(`perf2: requests for fib(1) per second, while another client asks for a fib of ${ms / 1000} s\n`)
  let best = 1
  let at = 0
  const { n, bigMs, seconds } = yield* rates(port, ms, around, ({ phase, rate }) => {
    best = Math.max(best, rate)
    const bar = '█'.repeat(Math.round((30 * rate) / best))
    console.log(`  ${String(++at).padStart(2)} s ${figure(rate).padStart(8)}  ${bar.padEnd(31)}${phase}`)
  })
  const of = (phase: Phase): number[] => seconds.filter((second) => second.phase === phase).map(({ rate }) => rate)
  const row = (phase: Phase): string[] => [figure(median(of(phase))), figure(Math.min(...of(phase)))]
  console.log(`\n  fib(${n}) took ${(bigMs / 1000).toFixed(1)} s beside that.\n`)
  console.log(
    table([
      ['requests/s', 'median', 'slowest second', 'the article, inline', 'its process pool'],
      ['before', ...row('before'), '30,783', '746'],
      ['during', ...row('during'), '0', '1,689'],
      ['after', ...row('after'), '31,683', '737'],
    ]),
  )
  console.log(`
  If it is faster during than before, that is the machine's doing: a core that sleeps between requests
  takes long to wake, and the big fib keeps one awake. The benchmark perf2 (npm run bench -- perf2) takes care of that.
`)
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ms] = process.argv.slice(2).map(Number)
  await run(perf2(portFromEnvironment(), ms))
}
