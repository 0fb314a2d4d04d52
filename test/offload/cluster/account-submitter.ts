/** Stores the jobs of an account, waits for the outcome of each, and says it. Started anew, it does the same again. */
import { readFileSync } from 'node:fs'
import { BrokenError, run, sleep } from '../../../src/index.ts'
import { ClusterPool } from '../../../src/offload/cluster/index.ts'
import { mapLimit } from '../../../src/sync/index.ts'
import type { Order } from './account.ts'

const order: Order = JSON.parse(process.argv[2] as string)
const { url, file, gate, jobs, poison, large, failing } = order
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

let allowed = 0

function* post(i: number) {
  while (i >= allowed) {
    allowed = Number(readFileSync(gate, 'utf8'))
    if (i >= allowed) yield* sleep(50)
  }
  const id = `job-${i}`
  const job = { id, priority: (i % 3) - 1 }
  const kind = kindOf(i)
  if (kind === 'poison') return yield* pool.post(job, 'crash', file)
  if (kind === 'large') return yield* pool.post(job, 'markLarge', file, id, LARGE)
  if (kind === 'failing') return yield* pool.post(job, 'markAndFail', file, id)
  return yield* pool.post(job, 'mark', file, id, 1)
}

const told = { returned: 0, threw: 0, dead: 0, wrong: [] as string[] }

function* outcome(i: number) {
  const kind = kindOf(i)
  let right: boolean
  let what = ''
  try {
    const value = yield* pool.resultOf(`job-${i}`)
    told.returned++
    right = kind === 'plain' || (kind === 'large' && (value as Uint8Array).length === LARGE)
  } catch (error) {
    what = `: ${error}`
    if (error instanceof BrokenError) told.dead++
    else told.threw++
    right = error instanceof BrokenError ? kind === 'poison' : kind === 'failing' && error instanceof RangeError
  }
  if (!right) told.wrong.push(`job-${i}${what}`)
}

await run(function* () {
  const all = Array.from({ length: jobs }, (_, i) => i)
  yield* mapLimit(all, post, { concurrency: AT_ONCE })
  yield* mapLimit(all, outcome, { concurrency: AT_ONCE })
})
await pool.close()
process.stdout.write(JSON.stringify(told))
