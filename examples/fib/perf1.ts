// node dist/examples/fib/perf1.js [clients] [requests]
//
// How long does fib(30) take, and what do other clients change about it?
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { all, fn, run } from 'fibril'
import { connect } from 'fibril/net'
import { ask } from './client.ts'
import { portFromEnvironment } from './port.ts'
import { median, table } from './report.ts'

/** Milliseconds that each request for fib(30) took, of so many clients at once, each making so many requests. */
export const latencies = fn(function* (port: number, clients: number, requests: number) {
  const times: number[] = []
  const client = fn(function* () {
    using service = yield* connect({ port })
    for (let i = 0; i < requests; i++) {
      const start = performance.now()
      yield* ask(service, 30)
      times.push(performance.now() - start)
    }
  })
  yield* all(Array.from({ length: clients }, client))
  return times
})

/** Measures for one client, and for more, and prints a table. */
export const perf1 = fn(function* (
  port: number,
  most: number = Math.max(2, availableParallelism()),
  requests: number = 30,
) {
  console.log('perf1: how long fib(30) takes\n')
  // The first requests are slow: threads start, and code is compiled.
  yield* latencies(port, most, 5)
  const article: Record<number, string> = { 1: '230 ms', 2: '460 ms' }
  const rows = [['clients', 'median', 'slowest', 'the article']]
  for (const clients of new Set([1, 2, most])) {
    const times = yield* latencies(port, clients, requests)
    const ms = (time: number): string => `${time.toFixed(1)} ms`
    rows.push([String(clients), ms(median(times)), ms(Math.max(...times)), article[clients] ?? ''])
  }
  console.log(`${table(rows)}\n`)
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [clients, requests] = process.argv.slice(2).map(Number)
  await run(perf1(portFromEnvironment(), clients, requests))
}
