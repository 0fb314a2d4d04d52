/* What the benchmark of serving has its workers run: HTTP of node's own, which says the id of its process. */
import { createServer } from 'node:http'

const body = String(process.pid)
const server = createServer((_, response) => response.end(body))
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  if (process.send === undefined) console.log(server.address().port)
})
