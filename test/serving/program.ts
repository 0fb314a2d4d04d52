/** A server of node's own, as any program may have it. Its version is what the file says from which it takes it. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { VERSION_FILE, PORT = '0', UNIX_PATH, FIBRIL_WORKER } = process.env
const version = VERSION_FILE === undefined ? 'one' : readFileSync(VERSION_FILE, 'utf8')
if (version === 'broken') throw new Error('this version is broken')

const server = createServer((request, response) => {
  switch (request.url) {
    case '/hang':
      response.writeHead(200).write('begun')
      return
    case '/hold':
      for (;;);
    case '/die':
      process.exit(3)
  }
  response.end(JSON.stringify({ pid: process.pid, version, worker: FIBRIL_WORKER }))
})
if (version === 'silent') setInterval(() => {}, 1000)
else if (version === 'dies later') server.listen(Number(PORT), '127.0.0.1', () => setImmediate(() => process.exit(4)))
else server.listen(UNIX_PATH === undefined ? { port: Number(PORT), host: '127.0.0.1' } : { path: UNIX_PATH })
console.log('a line of the program')
