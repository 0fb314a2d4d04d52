import { channel } from 'node:diagnostics_channel'
import type { Job } from './seat.ts'

/** A call that a worker had, as told on the diagnostics channel `fibril:offload:call` when it is over. Times are those of `performance.now()`. */
export interface OffloadedCall {
  readonly pool: string
  /** The function. */
  readonly name: string
  readonly worker: number
  /** The task that waited for it; null if none did, or it does no longer. */
  readonly task: number | null
  readonly submittedAt: number
  readonly endedAt: number
  /** Milliseconds that it waited for a worker, and was on its way. */
  readonly queueMs: number
  readonly runMs: number
  /** `cancelled`: it was over when nobody waited any more. `lost`: its worker died. */
  readonly status: 'done' | 'failed' | 'cancelled' | 'lost'
}

const calls = channel('fibril:offload:call')

/** Tells of a call that is over, if anybody listens. */
export function tellCall(
  pool: string,
  worker: number,
  job: Job,
  status: OffloadedCall['status'],
  micros: number,
): void {
  if (!calls.hasSubscribers) return
  const endedAt = performance.now()
  const { name, submittedAt, waiter } = job
  const runMs = micros / 1000
  const queueMs = Math.max(0, endedAt - submittedAt - runMs)
  const task = waiter?.waitingTask?.id ?? null
  calls.publish({ pool, name, worker, task, submittedAt, endedAt, queueMs, runMs, status } satisfies OffloadedCall)
}
