// fibril run examples/sync-to-async/green.js
//
// The same service under green threads: each request is a task, and a wait parks only that. Of business/, no line is
// changed.
import { createServer } from 'node:http'
import { green } from 'fibril/green'
import { closeIdle } from './business/database.js'
import { handle } from './business/routes.js'
import { serveUntilSignal } from './serving.js'

const server = createServer(
  green((request, response) => {
    const { status, body } = handle(request.url)
    response.writeHead(status).end(body)
  }),
)
serveUntilSignal(server, green(closeIdle))
