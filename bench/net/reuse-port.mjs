/*
 * node bench/net/reuse-port.mjs
 *
 * Threads that share a port by `reusePort`, each of which is replaced again and again while clients connect: how many of these find
 * their connection reset. Needs Node 22.12 and Linux. What becomes of connections that a thread has not accepted when it stops
 * to listen is the system's to say; without changing it for all:
 *
 *     unshare -n sh -c 'ip link set lo up; sysctl -w net.ipv4.tcp_migrate_req=1; node bench/net/reuse-port.mjs'
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, Server } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const THREADS = 2
const CLIENTS = 32
const RESTARTS = 20

/** In a thread: each connection has one answer. */
function serve(port) {
  const server = createServer((_, response) => response.setHeader('connection', 'close').end('ok'))
  server.listen({ port, host: '127.0.0.1', reusePort: true }, () => parentPort.postMessage(server.address().port))
  // Who is connected is answered.
  parentPort.once('message', () => Server.prototype.close.call(server, () => process.exit()))
}

async function supervise() {
  const start = async (port) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: { port } })
    const [listens] = await once(thread, 'message')
    return { thread, port: listens }
  }
  const first = await start(0)
  const { port } = first
  let threads = [first.thread]
  while (threads.length < THREADS) threads.push((await start(port)).thread)

  const load = new Load(port)
  for (let restart = 0; restart < RESTARTS; restart++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const old = threads
    threads = []
    for (const thread of old) {
      threads.push((await start(port)).thread)
      thread.postMessage('stop')
      await once(thread, 'exit')
    }
  }
  await load.stop()
  await Promise.all(threads.map((thread) => thread.terminate()))
  const migrates = readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim()
  console.log(
    `tcp_migrate_req ${migrates}: ${load.answered} answered, ${load.reset} reset in ${RESTARTS * THREADS} stops`,
  )
}

/** Clients, each of which asks over a new connection as soon as it has its answer. */
class Load {
  answered = 0
  reset = 0
  #ends = false
  #clients

  constructor(port) {
    const client = async () => {
      while (!this.#ends) await this.#ask(port)
    }
    this.#clients = Array.from({ length: CLIENTS }, client)
  }

  async stop() {
    this.#ends = true
    await Promise.all(this.#clients)
  }

  #ask(port) {
    return new Promise((resolve) => {
      let heard = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
      socket.setEncoding('latin1').on('data', (text) => (heard += text))
      socket.on('error', () => {})
      socket.on('close', () => {
        if (heard.endsWith('ok')) this.answered++
        else this.reset++
        resolve()
      })
    })
  }
}

if (isMainThread) await supervise()
else serve(workerData.port)
