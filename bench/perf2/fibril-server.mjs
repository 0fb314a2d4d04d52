/* The example's own service, as it is, on threads or what else it is told. Says its port. */

import { serveFib } from '../../dist/examples/fib/server.js'
import { run } from '../../dist/src/index.js'

const pool = process.argv[2] ?? 'threads'
await run(serveFib({ port: 0, pool, onListen: (server) => process.send(server.port) }))
