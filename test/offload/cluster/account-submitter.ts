/** Stores the jobs of an account, waits for the outcome of each, and says it. Started anew, it does the same again. */
import { BrokenError, run } from '../../../src/index.ts'
import { ClusterPool } from '../../../src/offload/cluster/index.ts'
import { mapLimit } from '../../../src/sync/index.ts'
import type { Order } from './account.ts'

const order: Order = JSON.parse(process.argv[2] as string)
const { url, file, jobs, poison, large, failing } = order
const work = new URL('./cluster-work.js', import.meta.url)
const pool = new ClusterPool<typeof import('./cluster-work.ts')>(work, {
  servers: url,
  delivery: 'durable',
  retryDelay: 10,
})

const LARGE = 2 ** 21
const AT_ONCE = 128

/** Those that are not plain are spread over the first half. */
const special = Math.max(1, Math.floor(jobs / 2 / Math.max(1, poison + large + failing)))
function kindOf(i: number): 'poison' | 'large' | 'failing' | 'plain' {
  const nth = i % special === 0 ? i / special : jobs
  if (nth < poison) return 'poison'
  if (nth < poison + large) return 'large'
  return nth < poison + large + failing ? 'failing' : 'plain'
}

function post(i: number) {
  const id = `job-${i}`
  const kind = kindOf(i)
  if (kind === 'poison') return pool.post(id, 'crash', file)
  if (kind === 'large') return pool.post(id, 'markLarge', file, id, LARGE)
  return kind === 'failing' ? pool.post(id, 'markAndFail', file, id) : pool.post(id, 'mark', file, id, 1)
}

const told = { returned: 0, threw: 0, dead: 0, wrong: [] as string[] }

function* outcome(i: number) {
  const kind = kindOf(i)
  let right: boolean
  try {
    const value = yield* pool.resultOf(`job-${i}`)
    told.returned++
    right = kind === 'plain' || (kind === 'large' && (value as Uint8Array).length === LARGE)
  } catch (error) {
    if (error instanceof BrokenError) told.dead++
    else told.threw++
    right = error instanceof BrokenError ? kind === 'poison' : kind === 'failing' && error instanceof RangeError
  }
  if (!right) told.wrong.push(`job-${i}`)
}

await run(function* () {
  const all = Array.from({ length: jobs }, (_, i) => i)
  yield* mapLimit(all, post, { concurrency: AT_ONCE })
  yield* mapLimit(all, outcome, { concurrency: AT_ONCE })
})
await pool.close()
process.stdout.write(JSON.stringify(told))
