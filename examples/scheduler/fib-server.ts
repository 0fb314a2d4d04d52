// node dist/examples/scheduler/fib-server.js [port]
//
// A line with a number comes, a line with its Fibonacci number goes: try `nc 127.0.0.1 25000`. Ctrl-C ends it.
import { availableParallelism } from 'node:os'
import { listen } from './async-socket.ts'
import { serveFib } from './fib-service.ts'
import type { Requests } from './requests.ts'
import { Scheduler } from './scheduler.ts'
import { WorkerPool } from './worker-pool.ts'

const port = Number(process.argv[2] ?? 25000)
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`fib-server: ${process.argv[2]} is no port: give a whole number from 0 to 65535`)
  process.exit(2)
}

const scheduler = new Scheduler((error, task) => {
  console.error(`${task.name}: ${error}`)
  if (task === server) process.exitCode = 1
})
const pool = new WorkerPool<number, number>(new URL('./fib-worker.js', import.meta.url), availableParallelism())
const server = scheduler.spawn(main(), 'fib server')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => scheduler.shutdown())
await scheduler.run()
await pool.close()

function* main(): Requests<void> {
  const listener = yield* listen(port)
  console.log(`fib server on 127.0.0.1:${listener.port}`)
  yield* serveFib(listener, { scheduler, pool })
}
