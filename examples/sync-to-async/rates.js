// node examples/sync-to-async/rates.js       another service, which takes 5 ms to say what a currency is worth
import { createServer } from 'node:http'
import { serveUntilSignal } from './serving.js'

const rates = { USD: 1.25, CHF: 0.95 }
const server = createServer((request, response) => {
  const rate = rates[request.url.slice(1)]
  setTimeout(() => response.writeHead(rate === undefined ? 404 : 200).end(JSON.stringify({ rate })), 5)
})
serveUntilSignal(server, () => {})
