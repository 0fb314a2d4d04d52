// npm start [-- --pool threads|processes|nats]
//
// Starts the fib service in a process of its own, measures it twice from here, and stops it as Ctrl-C would.
//
// node dist/examples/fib/main.js serve [--pool threads|processes|nats]
//
// Serves until Ctrl-C, computing in threads, in processes, or by workers that it finds at a NATS server (NATS_URL). Then no new client is
// accepted, what runs is finished, and the process ends. A second Ctrl-C ends it at once.
import { type ChildProcess, spawn as startProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BrokenError, FibrilError, fn, type Operation, run, suspend, UsageError, wait } from 'fibril'
import { perf1 } from './perf1.ts'
import { perf2 } from './perf2.ts'
import { portFromEnvironment } from './port.ts'
import { pools, serveFib } from './server.ts'

const me = fileURLToPath(import.meta.url)

const serve = fn(function* () {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: { pool: { type: 'string', default: 'threads' } },
  })
  if (!Object.hasOwn(pools, values.pool))
    throw new UsageError(`--pool ${values.pool}: give one of ${Object.keys(pools)}`)
  yield* serveFib({
    port: portFromEnvironment(),
    pool: values.pool as keyof typeof pools,
    onListen(server) {
      console.log(`fib service on ${server.name}`)
      process.once('SIGINT', () => {
        process.once('SIGINT', () => process.exit(130))
        console.log('fib service stops: it finishes what runs (Ctrl-C again: at once)')
        run(server.stop({ grace: Infinity }))
      })
    },
  })
  console.log('fib service has stopped')
})

const demo = fn(function* () {
  const service = startProcess(process.execPath, [me, 'serve', ...process.argv.slice(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const port = yield* portOf(service)
    yield* perf1(port)
    yield* perf2(port)
    service.kill('SIGINT')
    const [code] = yield* wait(once(service, 'exit'))
    console.log(`The service was stopped by SIGINT, and ended with exit code ${code}.\n`)
    if (code !== 0) process.exitCode = 1
  } finally {
    service.kill('SIGKILL')
  }
  console.log('To run the parts by yourself (PORT=… for another port than 25000):')
  console.log(
    '  node dist/examples/fib/main.js serve [--pool threads|processes|nats]        then try: nc 127.0.0.1 25000',
  )
  console.log('  node dist/examples/fib/perf1.js [clients] [requests]')
  console.log('  node dist/examples/fib/perf2.js [milliseconds]')
})

/** The port on which the service says that it listens; what it says is shown. */
const portOf = (service: ChildProcess): Operation<number> =>
  suspend(
    'the fib service to listen',
    (wake) => {
      createInterface({ input: service.stdout! }).on('line', (line) => {
        console.log(`${line}\n`)
        const port = /^fib service on .*:(\d+)$/.exec(line)?.[1]
        if (port !== undefined) wake(Number(port))
      })
      service.once('exit', (code) => wake.fail(new BrokenError(`The fib service ended with exit code ${code}.`)))
    },
    { external: true },
  )

try {
  await run(process.argv[2] === 'serve' ? serve() : demo())
} catch (error) {
  // A port that is taken is no bug, and deserves no stack trace.
  if (!FibrilError.is(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
