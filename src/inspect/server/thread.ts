/** The inspector's thread: see `messages.ts`. It answers while the program's thread is held. */
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type MessagePort, workerData } from 'node:worker_threads'
import { FigureMaker } from './figure-maker.ts'
import { Gate } from './gate.ts'
import { Heart } from './heart.ts'
import { History } from './history.ts'
import { Live } from './live.ts'
import { type FromAgent, STARTED, type ThreadOrder, type ToAgent } from './messages.ts'
import { Questions } from './questions.ts'
import { Routes } from './routes.ts'

const CONNECTIONS = 64

const { order, link } = workerData as { readonly order: ThreadOrder; readonly link: MessagePort }
const cells = new Int32Array(order.cells)
const tell = (message: ToAgent): void => link.postMessage(message)

const heart = new Heart(cells, order.takesStack, (on) => tell({ ask: 'beats', on }))
const history = new History()
const figures = new FigureMaker(cells, new Float64Array(order.figures))
const questions = new Questions(link, cells, heart)
const live = new Live(heart, history, figures, tell)
heart.onHold = history

const server = createServer({
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
})
server.maxConnections = CONNECTIONS

link.on('message', (message: FromAgent) => {
  if ('sample' in message) live.take(message.sample)
  else if ('report' in message) live.takeReport(message.report)
  else questions.take(message)
})
link.on('close', () => {
  server.close()
  server.closeAllConnections()
})

server.on('error', (error: NodeJS.ErrnoException) => {
  link.postMessage({ code: error.code ?? 'ERROR', message: error.message })
  started(2)
  link.close()
})
server.listen(order.port, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const routes = new Routes({
    gate: new Gate(order.token, port),
    heart,
    questions,
    live,
    history,
    figures,
    token: order.token,
  })
  server.on('request', (request, response) => void routes.handle(request, response))
  greet(port)
  link.postMessage({ port })
  started(1)
})

function started(how: number): void {
  Atomics.store(cells, STARTED, how)
  Atomics.notify(cells, STARTED)
}

// Not process.stderr: in a worker it goes by way of the main thread.
function greet(port: number): void {
  if (order.greeting === null) return
  try {
    writeSync(2, `${order.greeting.replace('URL', `http://127.0.0.1:${port}/?token=${order.token}`)}\n`)
  } catch {
    // Nobody reads standard error.
  }
}
