import { fn } from 'fibril'
import { LimitError, type Server, type Socket, serve } from 'fibril/net'
import { ProcessPool, ThreadPool, type WorkerPool } from 'fibril/offload'

type Work = typeof import('./work.ts')
type Pool = WorkerPool<Work>

/** What may compute: all of them are used alike. */
export const pools = { threads: ThreadPool<Work>, processes: ProcessPool<Work> } as const

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
  const pool: Pool = new pools[options.pool ?? 'threads'](new URL('./work.js', import.meta.url))
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
