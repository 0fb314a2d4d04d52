/** What the tests of the cluster have in common: a server of their own, workers in processes, and a file for effects. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Operation, sleep } from '../../../src/index.ts'
import { ClusterPool, type ClusterPoolOptions } from '../../../src/offload/cluster/index.ts'
import { NatsServer, type NatsServerOptions, noNats } from '../../support/nats-server.ts'

export type Work = typeof import('./cluster-work.ts')

export const work = new URL('./cluster-work.js', import.meta.url)
export const cli = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url))

/** A worker in a process. */
export interface WorkerProcess {
  readonly child: ChildProcess
  readonly pid: number
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>
}

export interface Stage {
  readonly server: NatsServer
  /** Lines of effects are written here. */
  readonly file: string
  lines(): string[]
  startWorker(...options: string[]): Promise<WorkerProcess>
  /** A worker of another module. */
  serve(module: string): Promise<WorkerProcess>
  pool(options?: ClusterPoolOptions<Work>): ClusterPool<Work>
}

/** A test against a real server, which none shares with it. */
export function stage(title: string, body: (stage: Stage) => Promise<void>, options?: NatsServerOptions): void {
  test(title, { skip: noNats }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fibril-cluster-'))
    const server = await NatsServer.start(options)
    const file = join(folder, 'effects')
    const children: ChildProcess[] = []
    const pools: ClusterPool<Work>[] = []
    try {
      await body({
        server,
        file,
        lines: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []),
        async startWorker(...options) {
          const worker = await startWorker(server, options, fileURLToPath(work))
          children.push(worker.child)
          return worker
        },
        async serve(module) {
          const worker = await startWorker(server, [], module)
          children.push(worker.child)
          return worker
        },
        pool(options = {}) {
          const pool = new ClusterPool<Work>(work, { servers: server.url, ...options })
          pools.push(pool)
          return pool
        },
      })
    } finally {
      for (const child of children) child.kill('SIGKILL')
      for (const pool of pools) await pool.close({ now: true })
      await server.end()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

async function startWorker(server: NatsServer, options: readonly string[], module: string): Promise<WorkerProcess> {
  const args = [cli, 'worker', '--nats', server.url, '--threads', '2', '--lease', '2000', ...options]
  const child = spawn(process.execPath, [...args, module], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const serves = (async () => {
    for await (const line of createInterface({ input: child.stdout })) if (line.includes(' serves ')) return true
    return false
  })()
  if (!(await serves)) throw new Error(`the worker ended with exit code ${child.exitCode}`)
  child.stdout.resume()
  return {
    child,
    pid: child.pid as number,
    async kill() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await exited
    },
  }
}

/** Waits for what other processes do. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20)
}

/** What an operation fails with. */
export async function failureOf(operation: Operation<unknown>): Promise<Error & { code?: unknown; cause?: unknown }> {
  try {
    await operation
  } catch (error) {
    return error as Error & { code?: unknown; cause?: unknown }
  }
  throw new Error('it did not fail')
}
