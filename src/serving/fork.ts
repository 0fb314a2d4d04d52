/**
 * Theory of operation: the one place that speaks to `node:cluster`, which is what makes a worker's own `listen`, of any server of
 * node's, share the socket of its address: so a module need not know that it is a worker.
 *
 * What `cluster.fork` starts is global to the process, so it is set for each fork and put back after it: a program that has
 * workers of its own is not disturbed. Only who deals out connections is decided once, by the first fork of all.
 *
 * Dealing out, node hands a worker one connection at a time, and waits to be told that it has it. If one is killed amid that,
 * node (20 to 26) forgets three things: it does not close the connection, so that its client would wait for ever; it does not tell
 * that the worker is disconnected; and so it does not forget the worker. All three are mended here. The messages are node's own
 * (lib/internal/cluster); where they should ever change, the first is not mended any more.
 */
import type { ChildProcess } from 'node:child_process'
import cluster, { type ClusterSettings, type Worker } from 'node:cluster'
import { extname } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { UsageError } from '../core/index.ts'
import { inheritedFlags } from '../offload/index.ts'
import type { ServingSettings, Spread } from './options.ts'

const preload = new URL(`./worker-entry${extname(new URL(import.meta.url).pathname)}`, import.meta.url).href

let decided: Spread | null = null

/** Fails where no workers can be started. */
export function checkPlace(spread: Spread): void {
  if (!cluster.isPrimary)
    throw new UsageError(
      'serveAcross was called in a worker: call it in the process that starts them, and serve in this',
    )
  if (!isMainThread)
    throw new UsageError(
      'serveAcross was called in a thread: node:cluster works in the main thread only, so call it there',
    )
  if ((decided ?? spread) !== spread)
    throw new UsageError(
      `serveAcross: connections are spread ${decided} in this process already, and node decides that once: use one process for each`,
    )
}

/** Starts a worker that runs `file`. */
export function forkWorker(file: string, number: number, piped: boolean, settings: ServingSettings): Worker {
  if (decided === null) {
    decided = settings.spread
    cluster.schedulingPolicy = decided === 'even' ? cluster.SCHED_RR : cluster.SCHED_NONE
  }
  const before = cluster.settings
  cluster.setupPrimary({
    exec: file,
    args: [...(settings.args ?? [])],
    execArgv: [...(settings.execArgv ?? inheritedFlags(process.execArgv) ?? process.execArgv), '--import', preload],
    cwd: settings.cwd,
    serialization: 'json',
    silent: false,
    stdio: ['ignore', piped ? 'pipe' : 'inherit', 'pipe', 'ipc'],
  } as ClusterSettings)
  try {
    const worker = cluster.fork({ ...settings.env, FIBRIL_WORKER: String(number) })
    closeUnacknowledged(worker.process)
    return worker
  } finally {
    ;(cluster as { settings: ClusterSettings }).settings = before
  }
}

interface ClusterMessage {
  readonly cmd?: string
  readonly act?: string
  readonly seq?: number
  readonly ack?: number
}

function closeUnacknowledged(child: ChildProcess): void {
  const handedOver = new Map<number, { close(): void }>()
  const send = child.send as (...args: unknown[]) => boolean
  child.send = (message: ClusterMessage, handle?: unknown, ...rest: unknown[]): boolean => {
    if (message?.cmd === 'NODE_CLUSTER' && message.act === 'newconn' && message.seq !== undefined && handle)
      handedOver.set(message.seq, handle as { close(): void })
    return send.call(child, message, handle, ...rest)
  }
  child.on('internalMessage', ({ ack }: ClusterMessage) => {
    if (ack !== undefined) handedOver.delete(ack)
  })
  child.once('disconnect', () => {
    for (const handle of handedOver.values()) handle.close()
    handedOver.clear()
  })
}

/** To be called when a worker is gone, and what it said before that has been heard. */
export function forget({ process: child }: Worker): void {
  if (child.listenerCount('disconnect') > 0) child.emit('disconnect')
}
