import { randomBytes } from 'node:crypto'
import { isMainThread, MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { UsageError } from '../../core/index.ts'
import { canInspect } from '../../green/stack/index.ts'
import { InspectError } from '../mailbox.ts'
import { present } from '../presence.ts'
import { Agent } from './agent.ts'
import { FIGURES, PLACES, STARTED, type Started, type ThreadOrder, WANTED } from './messages.ts'

/** Milliseconds that the thread is given to listen. */
const START_MS = 30_000

export interface InspectOptions {
  /** Of 127.0.0.1. Any free one unless said. */
  readonly port?: number
  /** Write the address to standard error. */
  readonly print?: boolean
}

/** The inspector's page and its API, served from a thread of its own. */
export interface Inspector extends Disposable, AsyncDisposable {
  readonly port: number
  /** The address with the token that it needs. */
  readonly url: string
}

/**
 * Serves the inspector on 127.0.0.1: a page that shows what the tasks of this thread do and wait for, and the data behind it.
 * Who has the address, with its token, can read all of that, and change nothing. It answers while a function holds the loop, and
 * names it then.
 *
 * Returns when it listens, some 50 ms later; nothing else runs meanwhile. Costs next to nothing until somebody looks, and does
 * not keep the process alive. Disposing the result ends it.
 *
 * An `InspectError` if the port is in use or there can be no thread (`--permission` without `--allow-worker`).
 *
 * ```ts
 * import { inspect } from 'fibril/inspect'
 *
 * using inspector = inspect()
 * console.log(inspector.url) // => http://127.0.0.1:…/?token=…
 * const answer = await fetch(new URL('/metrics', inspector.url))
 * console.log(answer.status) // => 401
 * ```
 */
export function inspect({ port = 0, print = false }: InspectOptions = {}): Inspector {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`the inspector's port is a number from 0 to 65535, not ${port}`)
  const token = randomBytes(32).toString('base64url')
  const order: ThreadOrder = {
    cells: new SharedArrayBuffer(4 * (WANTED + PLACES)),
    figures: new SharedArrayBuffer(8 * FIGURES.length),
    port,
    token,
    takesStack: isMainThread && canInspect(),
    greeting: print ? `fibril: inspector of process ${process.pid} at URL` : null,
  }
  const { port1: link, port2 } = new MessageChannel()
  const worker = startThread({ order, link: port2 }, port2)
  const ended = new Promise<void>((resolve) => worker.on('exit', () => resolve()))
  worker.unref()
  Atomics.wait(new Int32Array(order.cells), STARTED, 0, START_MS)
  const started = receiveMessageOnPort(link)?.message as Started | undefined
  if (started === undefined || !('port' in started)) {
    void worker.terminate()
    throw new InspectError(whyNot(started, port))
  }
  const agent = new Agent(link, order.cells, order.figures)
  const url = `http://127.0.0.1:${started.port}/?token=${token}`
  const leave = announce(url)
  let over = false
  const end = (): void => {
    if (over) return
    over = true
    leave()
    agent.stop()
  }
  return {
    port: started.port,
    url,
    [Symbol.dispose]: end,
    async [Symbol.asyncDispose]() {
      end()
      worker.ref()
      await ended
    },
  }
}

function startThread(workerData: object, port: MessageChannel['port2']): Worker {
  try {
    // No flags: the program's preloads and hooks are not for this thread.
    const worker = new Worker(new URL('./thread.js', import.meta.url), {
      workerData,
      transferList: [port],
      execArgv: [],
      name: 'fibril inspector',
    })
    worker.on('error', (error) => {
      process.emitWarning(`the inspector's thread failed: ${error.stack ?? error}`, 'FibrilWarning')
    })
    return worker
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_ACCESS_DENIED') throw error
    throw new InspectError(`the inspector needs a thread of its own (--allow-worker): ${message}`, { cause: error })
  }
}

/** For `fibril ps`, which finds the main thread of each process. */
function announce(inspector: string): () => void {
  if (!isMainThread || process.platform === 'win32') return () => {}
  try {
    return present({ inspector })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    process.emitWarning(`fibril ps does not know of this inspector: ${why}`, 'FibrilWarning')
    return () => {}
  }
}

function whyNot(started: Exclude<Started, { port: number }> | undefined, port: number): string {
  if (started === undefined) return `the inspector's thread did not start within ${START_MS} ms`
  if (started.code === 'EADDRINUSE')
    return `the inspector cannot listen on port ${port}: something else does. Take another, or 0 for any free one`
  return `the inspector cannot listen on port ${port}: ${started.message}`
}
