/**
 * One module on all cores: `serveAcross` starts it in several processes that share what it listens on.
 *
 *   serve-across.ts   the way in                       service.ts        how many there are, and how they are replaced
 *   worker.ts         a process of it                  fork.ts           what `node:cluster` does for it
 *   worker-entry.ts   what a worker starts with        listening.ts      its servers, and how they end
 *   options.ts errors.ts messages.ts output.ts signals.ts
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

// Whoever imports only this floor can still `await serveAcross(…)`.
setDefaultHost(() => new NodeHost())

export { type Ending, WorkerError } from './errors.ts'
export { onDrain } from './on-drain.ts'
export type { ServingOptions, Spread } from './options.ts'
export { serveAcross } from './serve-across.ts'
export type { RestartOptions, Service, ServiceStats, ServiceStopOptions, ServiceWorkerStats } from './service.ts'
