// fibril run examples/sync-to-async/pitfalls/native-driver.js
//
// A driver in native code blocks the thread where no patch can reach. The cure is to run it on another: in a pool of
// threads, whose calls park. A child process that is
// waited for by `spawnSync` as it was before the patches stands for the driver: it blocks, and knows nothing of tasks.
import { sleep, spawn, ThreadPool } from 'fibril/green'
import { unpatch } from 'fibril/green/patch'
import { query } from './native-driver-calls.js'

/** How often another task ran while two queries of 100 ms were under way. */
function ticksDuring(run) {
  let ticks = 0
  const ticker = spawn(() => {
    for (;;) {
      sleep(5)
      ticks++
    }
  })
  const tasks = [spawn(() => run(100)), spawn(() => run(100))]
  for (const task of tasks) task.join()
  ticker.cancel()
  return ticks
}

// The driver is not patched, and cannot be.
unpatch()
console.log(`called here: others ran ${ticksDuring(query) === 0 ? 'never' : 'too'}`)
const pool = new ThreadPool(new URL('./native-driver-calls.js', import.meta.url), { size: 2 })
console.log(`offloaded: others ran ${ticksDuring((ms) => pool.submit('query', ms)) >= 5 ? 'all the time' : 'hardly'}`)
pool.close()
