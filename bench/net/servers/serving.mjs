/* Serves page.mjs by several processes: `node serving.mjs cluster|fibril WORKERS even|kernel`. Says the port when all listen. */
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'

const [how, workers, spread] = process.argv.slice(2)
const exec = fileURLToPath(new URL('./page.mjs', import.meta.url))

if (how === 'fibril') {
  const { serveAcross } = await import('../../../dist/src/serving/index.js')
  const service = await serveAcross(exec, { workers: Number(workers), spread })
  console.log(service.port)
} else {
  cluster.schedulingPolicy = spread === 'even' ? cluster.SCHED_RR : cluster.SCHED_NONE
  cluster.setupPrimary({ exec })
  let left = Number(workers)
  for (let n = left; n > 0; n--) cluster.fork()
  cluster.on('listening', (_, { port }) => {
    if (--left === 0) console.log(port)
  })
}
// Whoever has started it is gone: so are its workers.
process.stdin.on('end', () => process.exit()).resume()
