// node examples/sync-to-async/plain.js
//
// The service as it is: one request at a time, for each of its waits holds the only thread.
import { createServer } from 'node:http'
import { closeIdle } from './business/database.js'
import { handle } from './business/routes.js'
import { serveUntilSignal } from './serving.js'

const server = createServer((request, response) => {
  const { status, body } = handle(request.url)
  response.writeHead(status).end(body)
})
serveUntilSignal(server, closeIdle)
