import { inspect } from 'node:util'
import { FibrilError } from '../core/index.ts'
import type { ClusterJobs, JobInfo, Purgeable } from '../offload/cluster/index.ts'
import { columns } from './columns.ts'
import { clusterOptions, loadCluster, natsOptions } from './nats.ts'
import { parseAll } from './options.ts'
import { CommandError } from './usage.ts'

const options = { ...natsOptions, json: { type: 'boolean' } } as const

/** `fibril jobs`: looks after the durable jobs of a cluster. */
export async function jobs(args: string[]): Promise<void> {
  const { values, words } = parseAll(args, options)
  const [cluster, action = 'list', what] = words
  if (cluster === undefined) throw new CommandError('fibril jobs needs the name of a cluster')
  const act = Object.hasOwn(actions, action) ? actions[action] : undefined
  if (act === undefined) throw new CommandError(`fibril jobs cannot ${action}: list, show ID, retry ID or purge WHAT`)
  const where = await clusterOptions(values)
  const { openJobs } = await loadCluster()
  try {
    const opened = await openJobs(cluster, where)
    try {
      process.stdout.write(await act(opened, what, values.json === true))
    } finally {
      await opened.close()
    }
  } catch (error) {
    throw FibrilError.is(error) ? new CommandError(error.message) : error
  }
}

type Action = (jobs: ClusterJobs, what: string | undefined, json: boolean) => Promise<string>

const purgeables: readonly string[] = ['jobs', 'results', 'dead'] satisfies Purgeable[]

const actions: Readonly<Record<string, Action>> = {
  async list(jobs, _, json) {
    const list = await jobs.list()
    if (json) return `${JSON.stringify(list, null, 2)}\n`
    const counts = Object.entries(await jobs.counts()).map(([state, count]) => `${count} ${state}`)
    const rows = list.map(({ id, state, name, at, tries, version }: JobInfo) => [
      id,
      state,
      name,
      String(tries ?? ''),
      new Date(at).toISOString(),
      version ?? '',
    ])
    return `${columns([['id', 'state', 'function', 'tries', 'since', 'version'], ...rows])}\n${counts.join(', ')}\n`
  },
  async show(jobs, id, json) {
    const details = await jobs.show(given(id, 'show'))
    const text = json
      ? { ...details, error: details.error === undefined ? undefined : inspect(details.error) }
      : details
    return `${json ? JSON.stringify(text, null, 2) : inspect(details, { depth: 6 })}\n`
  },
  async retry(jobs, id) {
    await jobs.retry(given(id, 'retry'))
    return `${id} is queued again\n`
  },
  async purge(jobs, what) {
    if (!purgeables.includes(given(what, 'purge')))
      throw new CommandError(`fibril jobs purges ${purgeables.join(', ')}`)
    return `${await jobs.purge(what as Purgeable)} purged\n`
  },
}

function given(word: string | undefined, action: string): string {
  if (word === undefined) throw new CommandError(`fibril jobs … ${action} needs to be told what`)
  return word
}
