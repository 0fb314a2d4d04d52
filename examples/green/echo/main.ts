// fibril run examples/green/echo/main.ts        PORT=… for a port of its own; CLIENTS=0 to serve, and nothing else
//
// An echo server as one would write it for one client, and a thousand clients of the same kind in the same process. All have
// their first line back before any says its second.
import { Barrier, connect, type Server, type Socket, serve, spawn } from 'fibril/green'

const CLIENTS = Number(process.env['CLIENTS'] ?? 1000)
const LINES = 3

function echo(socket: Socket): void {
  for (let line: string | null; (line = socket.readLine()) !== null; ) socket.write(`${line}\n`)
}

const served = new Barrier(CLIENTS + 1)

function client(n: number, port: number): number {
  const socket = connect({ port })
  let right = 0
  for (let i = 0; i < LINES; i++) {
    socket.write(`line ${i} of ${n}\n`)
    if (socket.readLine() === `line ${i} of ${n}`) right++
    if (i === 0) served.wait()
  }
  socket.close()
  return right
}

function clients(server: Server): void {
  const tasks = Array.from({ length: CLIENTS }, (_, n) => spawn(client, n, server.port))
  served.wait()
  console.log(`${server.stats().connections} clients are served at once`)
  let right = 0
  for (const task of tasks) right += task.join()
  console.log(`${right} lines came back as they were`)
  server.stop()
}

serve(echo, {
  port: Number(process.env['PORT'] ?? 7000),
  onListen(server) {
    console.log(`echo on ${server.name}`)
    if (CLIENTS > 0) spawn(clients, server)
  },
})
