// node dist/examples/serving/pages.js        PORT=… for another port than 8000
//
// A server like any other, in one process. `main.ts` beside it serves by several of them.
import { run } from 'fibril'
import { type HttpHandler, serveHttp } from 'fibril/net/http'

const answer: HttpHandler = function* (request, response) {
  yield* response.json({ path: request.path, pid: process.pid })
}

await run(serveHttp(answer, { port: Number(process.env['PORT'] ?? 8000) }))
console.log('the last request has been answered')
