/* An echo server on Node's `net`, in one of four ways. Says its port. */
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

/** Each calls `answer` with the lines that are whole. */
const splitting = (answer) => (client) => {
  let rest = ''
  client.setEncoding('latin1').on('data', (data) => {
    const lines = (rest + data).split('\n')
    rest = lines.pop()
    answer(client, lines)
  })
}

const ways = {
  chunks: (client) => client.on('data', (data) => client.write(data)),
  lines: splitting((client, lines) => {
    for (const line of lines) client.write(`${line}\n`, 'latin1')
  }),
  corked: splitting((client, lines) => {
    client.cork()
    for (const line of lines) client.write(`${line}\n`, 'latin1')
    client.uncork()
  }),
  readline: async (client) => {
    for await (const line of createInterface({ input: client })) client.write(`${line}\n`)
  },
}

const serve = ways[process.argv[2]]
const server = createServer({ noDelay: true }, (client) => {
  client.on('error', () => client.destroy())
  serve(client)
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log(server.address().port))
