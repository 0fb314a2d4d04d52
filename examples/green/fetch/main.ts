// fibril run examples/green/fetch/main.ts
//
// Fifty requests at once by node's own `fetch`, whose promises are waited for where they are needed. The server, which is
// ordinary node, answers none before all of them have come. A request that is too slow for a `timeout` is aborted.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Event, spawn, TimeoutError, timeout, wait } from 'fibril/green'

const REQUESTS = 50

const open: ServerResponse[] = []
const aborted = new Event({ name: 'the server to notice' })
let most = 0
const server = createServer((request, response) => {
  if (request.url === '/never') return void response.on('close', () => aborted.set())
  open.push(response)
  most = Math.max(most, open.length)
  if (open.length < REQUESTS) return
  for (const [n, held] of open.splice(0).entries()) held.end(JSON.stringify({ n, square: n * n }))
})

interface Answer {
  readonly n: number
  readonly square: number
}

function get(path: string): Answer {
  const response = wait((signal) => fetch(`http://127.0.0.1:${port}${path}`, { signal }))
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return wait(response.json()) as Answer
}

const listening = new Event()
server.listen(0, '127.0.0.1', () => listening.set())
listening.wait()
const { port } = server.address() as AddressInfo

const tasks = Array.from({ length: REQUESTS }, (_, n) => spawn(get, `/${n}`))
const answers = tasks.map((task) => task.join())
const sum = answers.reduce((total, { square }) => total + square, 0)
console.log(`${most} requests were in flight at once; ${answers.length} answers, the sum of which is ${sum}`)

try {
  timeout(50, get, '/never')
} catch (error) {
  aborted.wait()
  console.log(`${(error as TimeoutError).name}, and the request is aborted: ${error instanceof TimeoutError}`)
}
server.close()
server.closeAllConnections()
