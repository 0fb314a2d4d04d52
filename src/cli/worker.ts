import { resolve } from 'node:path'
import { FibrilError } from '../core/index.ts'
import type { ClusterWorker } from '../offload/cluster/index.ts'
import { clusterOptions, loadCluster, natsOptions } from './nats.ts'
import { parseAll } from './options.ts'
import { CommandError } from './usage.ts'

const options = {
  ...natsOptions,
  name: { type: 'string' },
  'module-version': { type: 'string' },
  threads: { type: 'string' },
  lease: { type: 'string' },
} as const

/** `fibril worker`: serves a module to a cluster until it is told to stop. */
export async function worker(args: string[]): Promise<void> {
  const { values, words } = parseAll(args, options)
  const [module] = words
  if (module === undefined) throw new CommandError('fibril worker needs a module to serve')
  const { name, 'module-version': version, threads, lease } = values
  const cluster = await clusterOptions(values)
  const { serveCluster } = await loadCluster()
  let serving: ClusterWorker
  try {
    serving = await serveCluster(resolve(module), {
      ...cluster,
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
      ...(threads === undefined ? {} : { threads: { size: wholeNumber('--threads', threads) } }),
      ...(lease === undefined ? {} : { lease: wholeNumber('--lease', lease) }),
    })
  } catch (error) {
    // No server, or no such module: that is no bug, and deserves no stack.
    throw FibrilError.is(error) ? new CommandError(error.message) : error
  }
  process.stdout.write(`${serving} serves version ${serving.stats().version}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(130)
      stopping = true
      process.stdout.write(`${serving} finishes what runs (again: at once)\n`)
      void serving.close()
    })
  }
  let stopping = false
  await serving.join()
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new CommandError(`${option} takes a whole number from 1 on, not ${JSON.stringify(text)}`)
}
