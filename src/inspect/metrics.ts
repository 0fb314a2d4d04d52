import { Lag } from './lag.ts'
import { counts } from './summary.ts'

let lag: Lag | null = null

type Metric = readonly [name: string, type: 'gauge' | 'counter', help: string, value: number]

/**
 * The figures of this thread's loop and of its process in the text format of Prometheus (0.0.4), for a server of your own. Send it as
 * `text/plain; version=0.0.4`. The first call starts the measuring of lag: one timer, which does not keep the process alive.
 *
 * ```ts
 * import { metrics } from 'fibril/inspect'
 *
 * console.log(metrics().split('\n')[0]) // => # HELP fibril_tasks Tasks that have not ended.
 * ```
 */
export function metrics(): string {
  lag ??= new Lag()
  const { spawned, ended, turns, steps, ready, timers, externals } = counts()
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return metricsText([
    ['fibril_tasks', 'gauge', 'Tasks that have not ended.', spawned - ended],
    ['fibril_tasks_spawned_total', 'counter', 'Tasks that were spawned.', spawned],
    ['fibril_tasks_ended_total', 'counter', 'Tasks that have ended.', ended],
    ['fibril_loop_ready', 'gauge', 'Tasks in the line of the loop.', ready],
    ['fibril_loop_timers', 'gauge', 'Timers that run: sleeps and timeouts.', timers],
    ['fibril_loop_externals', 'gauge', 'Waits that something outside the loop will end.', externals],
    ['fibril_loop_turns_total', 'counter', 'Turns of the loop.', turns],
    ['fibril_loop_steps_total', 'counter', 'Steps of tasks.', steps],
    ['fibril_loop_lag_seconds', 'gauge', 'How late a timer came, the last time.', lag.lastMs / 1000],
    [
      'fibril_loop_lag_max_seconds',
      'gauge',
      'How late a timer came at most since the last scrape.',
      lag.takeMax() / 1000,
    ],
    ['fibril_loop_held', 'gauge', '1 while a function holds the loop.', 0],
    ['process_cpu_seconds_total', 'counter', 'Processor time of the process.', (user + system) / 1e6],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', rss],
    ['process_heap_used_bytes', 'gauge', 'Heap of the thread that is in use.', heapUsed],
    ['process_start_time_seconds', 'gauge', 'When the process started, since 1970.', startedAt()],
  ])
}

/** What can be told of a loop that is held, from elsewhere. */
export function metricsOfHeld(heldMs: number): string {
  const { user, system } = process.cpuUsage()
  return metricsText([
    ['fibril_loop_lag_seconds', 'gauge', 'How late a timer came, the last time.', heldMs / 1000],
    ['fibril_loop_held', 'gauge', '1 while a function holds the loop.', 1],
    ['process_cpu_seconds_total', 'counter', 'Processor time of the process.', (user + system) / 1e6],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', process.memoryUsage.rss()],
  ])
}

function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join('')
}

function startedAt(): number {
  return Math.round(Date.now() - process.uptime() * 1000) / 1000
}
