/* The same service as people write it with Node's `net` and piscina. Says its port. */
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'

const threads = availableParallelism()
const pool = new Piscina({
  filename: new URL('fib.mjs', import.meta.url).href,
  name: 'fib',
  minThreads: threads,
  // One more, as fibril's pool has: or a fib that takes long would leave the others one thread fewer here.
  maxThreads: threads + 1,
})

const server = createServer({ noDelay: true }, (client) => {
  let rest = ''
  client.setEncoding('latin1').on('data', async (data) => {
    const lines = (rest + data).split('\n')
    rest = lines.pop()
    for (const line of lines) client.write(`${await pool.run(Number(line))}\n`)
  })
  client.on('error', () => client.destroy())
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
