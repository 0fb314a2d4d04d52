/* The example's own service, as it is. Says its port. */

import { serveFib } from '../../dist/examples/fib/server.js'
import { run } from '../../dist/src/index.js'

await run(serveFib({ port: 0, onListen: (server) => process.send(server.port) }))
