// fibril run examples/green/echo/main.ts        PORT=… for a port of its own; CLIENTS=0 to serve, and nothing else
//
// An echo server as one would write it for one client, and a thousand clients of the same kind in the same process. All of
// them are connected before the first says a word.
import { Barrier, connect, type Server, type Socket, serve, spawn } from 'fibril/green'

const CLIENTS = Number(process.env['CLIENTS'] ?? 1000)
const LINES = 3

function echo(socket: Socket): void {
  for (let line: string | null; (line = socket.readLine()) !== null; ) socket.write(`${line}\n`)
}

const connected = new Barrier(CLIENTS + 1)

function client(n: number, port: number): number {
  const socket = connect({ port })
  connected.wait()
  let right = 0
  for (let i = 0; i < LINES; i++) {
    socket.write(`line ${i} of ${n}\n`)
    if (socket.readLine() === `line ${i} of ${n}`) right++
  }
  socket.close()
  return right
}

function clients(server: Server): void {
  const tasks = Array.from({ length: CLIENTS }, (_, n) => spawn(client, n, server.port))
  connected.wait()
  console.log(`${server.stats().accepted} clients are connected at once`)
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
