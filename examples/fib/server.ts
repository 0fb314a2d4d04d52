import { fn } from 'fibril'
import { LimitError, type Server, type Socket, serve } from 'fibril/net'
import { ThreadPool } from 'fibril/offload'

type Pool = ThreadPool<typeof import('./work.ts')>

/** How the service is to be. */
export interface FibOptions {
  /** 25000 if left out; 0 for any that is free. */
  readonly port?: number
  /** The largest n that may be asked for. fib(50), if left out, keeps a core busy for minutes. */
  readonly largest?: number
  /** Told when the service listens. */
  readonly onListen?: (server: Server<Socket>) => void
}

/** A line with a number comes, a line with its Fibonacci number goes. Ends when the server was stopped. */
export const serveFib = fn(function* ({ port = 25_000, largest = 50, onListen = () => {} }: FibOptions) {
  const pool: Pool = new ThreadPool(new URL('./work.js', import.meta.url))
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
