import { type Body, fn, wait } from 'fibril'
import { LimitError, type Server, type Socket, serve } from 'fibril/net'
import { type Pool as AnyPool, ProcessPool, ThreadPool } from 'fibril/offload'

type Work = typeof import('./work.ts')
type Pool = AnyPool<Work>

const work = new URL('./work.js', import.meta.url)

/** What may compute: all of them are used alike. */
export const pools = {
  threads: fn(function* (): Body<Pool> {
    return new ThreadPool<Work>(work)
  }),
  processes: fn(function* (): Body<Pool> {
    return new ProcessPool<Work>(work)
  }),
  /** Workers are started by `fibril worker dist/examples/fib/work.js`. Loaded when it is wanted: it needs packages of its own. */
  nats: fn(function* (): Body<Pool> {
    const { ClusterPool } = yield* wait(import('fibril/offload/cluster'))
    return new ClusterPool<Work>(work, {
      servers: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222',
      idempotent: true,
    })
  }),
} as const

/** How the service is to be. */
export interface FibOptions {
  /** 25000 if left out; 0 for any that is free. */
  readonly port?: number
  /** The largest n that may be asked for. fib(50), if left out, keeps a core busy for minutes. */
  readonly largest?: number
  /** What computes. Threads if left out. */
  readonly pool?: keyof typeof pools
  /** Told when the service listens. */
  readonly onListen?: (server: Server<Socket>) => void
}

/** A line with a number comes, a line with its Fibonacci number goes. Ends when the server was stopped. */
export const serveFib = fn(function* (options: FibOptions) {
  const { port = 25_000, largest = 50, onListen = () => {} } = options
  const pool = yield* pools[options.pool ?? 'threads']()
  try {
    yield* serve((client) => serveClient(client, pool, largest), { port, maxLine: 64, onListen })
  } finally {
    yield* pool.close({ now: true })
  }
})

/** Looks as if it blocked, and blocks nobody: each client has a task of its own, and each fib that takes long a thread. */
const serveClient = fn(function* (client: Socket, pool: Pool, largest: number) {
  try {
    for (let line: string | null; (line = yield* client.readLine()) !== null; ) {
      yield* client.write(`${yield* answer(line, pool, largest)}\n`)
    }
  } catch (error) {
    if (!(error instanceof LimitError)) throw error
    yield* client.write('error: this line is too long for a number\n')
  }
})

const answer = fn(function* (line: string, pool: Pool, largest: number) {
  const n = /^\d+$/.test(line) ? Number(line) : Number.NaN
  return n <= largest ? yield* pool.submit('fib', n) : `error: send a whole number from 0 to ${largest}`
})
