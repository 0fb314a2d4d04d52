// node examples/sync-to-async/async/main.js
//
// What the service would be if somebody had rewritten it: the measure for how much the green one costs.
import { createServer } from 'node:http'
import { serveUntilSignal } from '../serving.js'
import { close, invoice, pay, stock } from './orders.js'

async function handle(url) {
  const [, what, ...args] = url.split('/')
  try {
    if (what === 'stock') return { status: 200, body: await stock() }
    if (what === 'pay') return { status: 200, body: `${await pay(Number(args[0]), Number(args[1]))} left\n` }
    const body = what === 'invoice' ? await invoice(Number(args[0])) : null
    return body === null ? { status: 404, body: 'no such thing\n' } : { status: 200, body }
  } catch (error) {
    return { status: 500, body: `${error.message}\n` }
  }
}

const server = createServer(async (request, response) => {
  const { status, body } = await handle(request.url)
  response.writeHead(status).end(body)
})
serveUntilSignal(server, close)
