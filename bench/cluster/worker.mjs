/* A worker of a cluster. Says when it serves. */
import { serveCluster } from '../../dist/src/offload/cluster/index.js'

const [module, options] = process.argv.slice(2)
const serving = await serveCluster(new URL(module), JSON.parse(options))
process.send('serves')
await serving.join()
