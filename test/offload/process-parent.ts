/** A program with a pool of one process, whose id it says; it is killed by whoever started it. With an argument its worker computes. */
import { ProcessPool } from '../../src/offload/index.ts'

const pool = new ProcessPool<typeof import('./process-work.ts')>(new URL('./process-work.js', import.meta.url), {
  size: 1,
})
console.log(await pool.submit('pid'))
if (process.argv.length > 2) {
  pool.submit('compute').then(() => {})
  console.log('computing')
}
setInterval(() => {}, 1000)
