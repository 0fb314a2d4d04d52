/** A program with a pool of one process, whose id it says; it is killed by whoever started it. */
import { ProcessPool } from '../../src/offload/index.ts'

const pool = new ProcessPool<typeof import('./process-work.ts')>(new URL('./process-work.js', import.meta.url), {
  size: 1,
})
console.log(await pool.submit('pid'))
setInterval(() => {}, 1000)
