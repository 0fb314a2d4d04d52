import type { AsyncListener, AsyncSocket } from './async-socket.ts'
import { LineTooLongError } from './errors.ts'
import { fib } from './fib.ts'
import type { Future } from './future.ts'
import { LineReader } from './line-reader.ts'
import type { Requests } from './requests.ts'
import type { Scheduler } from './scheduler.ts'
import { timeout } from './timeout.ts'

/** fib(20) takes about as long as asking a thread does, a tenth of a millisecond; beyond it a thread is worth it. */
const LARGEST_INLINE = 20
/** fib(45) keeps a thread busy for ten seconds or more. No peer may ask for more than that. */
const LARGEST = 45
const LONGEST_LINE = 64
const REFUSAL = `error: send a whole number from 0 to ${LARGEST}`

/** What the service needs of a connection. */
export type Client = Pick<AsyncSocket, 'name' | 'recv' | 'send' | 'close'>

export interface FibServiceOptions {
  readonly scheduler: Scheduler
  /** Computes the large numbers elsewhere; a `WorkerPool` of `fib-worker` does. */
  readonly pool: { submit(n: number): Future<number> }
  /** How many milliseconds a client may take to send a line, or to receive its answer. */
  readonly patience?: number
}

/** Serves each client that comes, in a task of its own, until cancelled. Closes the listener. */
export function* serveFib(listener: AsyncListener, options: FibServiceOptions): Requests<void> {
  try {
    for (;;) {
      const client = yield* listener.accept()
      options.scheduler.spawn(serveClient(client, options), `client ${client.name}`)
    }
  } finally {
    listener.close()
  }
}

/** Answers each line with a line, until no more come. Closes the connection. */
export function* serveClient(client: Client, options: FibServiceOptions): Requests<void> {
  const { scheduler, pool, patience = 60_000 } = options
  const lines = new LineReader(client, LONGEST_LINE)
  try {
    for (;;) {
      const n = yield* timeout(scheduler, patience, readNumber(lines))
      if (n === undefined) return
      const answer = n <= LARGEST ? yield* compute(n, pool) : REFUSAL
      yield* timeout(scheduler, patience, client.send(`${answer}\n`))
    }
  } finally {
    client.close()
  }
}

/** The number on the next line, NaN if there is none on it, undefined if there is no line. */
function* readNumber(lines: LineReader): Requests<number | undefined> {
  try {
    const line = yield* lines.next()
    if (line === undefined) return undefined
    return /^\d+$/.test(line) ? Number(line) : NaN
  } catch (error) {
    if (error instanceof LineTooLongError) return NaN
    throw error
  }
}

function* compute(n: number, pool: FibServiceOptions['pool']): Requests<number> {
  return n <= LARGEST_INLINE ? fib(n) : yield* pool.submit(n).wait()
}
