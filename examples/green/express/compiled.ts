// fibril run --include express --include router examples/green/express/compiled.ts
//
// The same app, and nothing is wrapped but the app itself: each request is a task, and since Express is compiled too, whatever
// it calls may block. What is called later, by an event, is outside that task: a handler after `express.json()` fails here
// with a `UsageError`, and has to be wrapped.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { green } from 'fibril/green'
import { makeApp } from './app.ts'

const app = makeApp((handler) => handler)
const server = createServer(green((request: IncomingMessage, response: ServerResponse) => app(request, response)))
server.listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', () => {
  console.log(`listening on :${(server.address() as AddressInfo).port}`)
})
