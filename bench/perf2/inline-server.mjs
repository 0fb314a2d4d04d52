/* The article's first server: each fib is computed where it is asked for. Says its port. */
import { createServer } from 'node:net'
import { fib } from './fib.mjs'

const server = createServer({ noDelay: true }, (client) => {
  let rest = ''
  client.setEncoding('latin1').on('data', (data) => {
    const lines = (rest + data).split('\n')
    rest = lines.pop()
    for (const line of lines) client.write(`${fib(Number(line))}\n`)
  })
  client.on('error', () => client.destroy())
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
