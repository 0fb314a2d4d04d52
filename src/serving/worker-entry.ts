/**
 * Theory of operation: what a worker is started with, before its program, which knows nothing of it.
 *
 *   drain   nothing more is accepted; who is kept alive by HTTP has one more request answered, within the linger; servers of Fibril
 *           are stopped, which ends those that wait for input; what runs may finish within the grace
 *   leave   the supervisor is let go of, so that the program can end by itself; if it does not, it is ended
 *
 * An idle connection is not closed at once: its client may just be sending a request, and would find it reset. Only the answer to
 * that can say that the connection ends without anybody losing something.
 *
 * The signals of a terminal reach the whole group of processes. Here they are left to the supervisor, which tells. If that is gone,
 * `node:cluster` ends the worker, as soon as its loop turns.
 */
import cluster from 'node:cluster'
import type { Stoppable } from '../net/index.ts'
import { closeIdle, counts, isSending, stopAccepting, watchServers } from './listening.ts'
import { type Drain, isOurs, type ToSupervisor, type ToWorker } from './messages.ts'

/** So long may a program go on after its last connection: to write a file, to close a database. */
const EXIT_MS = 1000
const LOOK_MS = 50

let drained = false

const send = (message: ToSupervisor): void => {
  if (process.connected) process.send?.(message)
}
// While this process has its supervisor, that keeps it alive; afterwards, nothing here is to.
const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref())

function hear(message: unknown): void {
  if (!isOurs<ToWorker>(message)) return
  if (message.fibril === 'ask') void counts().then((figures) => send({ fibril: 'beat', ...figures }))
  else if (!drained) {
    drained = true
    void drain(message)
  }
}

async function drain({ grace, linger }: Drain): Promise<void> {
  const end = performance.now() + grace
  const left = (): number => Math.max(0, end - performance.now())
  // By its name, so that a program without Fibril need not load it.
  const { [Symbol.for('fibril.stoppables')]: stoppables } = globalThis as { [key: symbol]: Set<Stoppable> | undefined }
  const serving = [...(stoppables ?? [])]

  const closed = stopAccepting()
  const stopped = serving.map((server) => Promise.resolve(server.stop({ grace: left(), linger })).catch(report))
  await Promise.race([closed.web, pause(linger)])
  void closeWhenSent(left)
  const all = Promise.all([closed.all, ...stopped])
  const finished = await Promise.race([all.then(() => true), pause(left()).then(() => false)])
  if (!finished) {
    // What was cancelled when the grace was over may have something to tidy up.
    await Promise.race([Promise.all(stopped), pause(EXIT_MS)])
    process.exit()
  }
  leave()
}

async function closeWhenSent(left: () => number): Promise<void> {
  while (isSending() && left() > 0) await pause(LOOK_MS)
  closeIdle()
}

function report(error: unknown): void {
  process.emitWarning(`a server could not be stopped: ${error}`, 'FibrilWarning')
}

function leave(): void {
  process.off('message', hear)
  cluster.worker?.disconnect()
  setTimeout(() => process.exit(), EXIT_MS).unref()
}

const ignore = (): void => {}

if (cluster.isWorker) {
  watchServers()
  process.on('message', hear)
  process.on('SIGINT', ignore)
  process.on('SIGHUP', ignore)
  process.on('SIGTERM', () => send({ fibril: 'leave' }))
}
