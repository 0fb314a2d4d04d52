/** The servers of node that listen in this process, whoever made them, and their connections. */
import { Server, type Socket } from 'node:net'
import { acceptNoMore, isWebServer } from '../net/lingering/index.ts'

const listening = new Set<Server>()
/** Those of web servers alone: of another, what came first may not be what becomes of it. */
const webSockets = new Set<Socket>()
let accepted = 0
let leaving = false

/** From here on, each server that comes to listen is known. */
export function watchServers(): void {
  const { listen } = Server.prototype
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    if (!listening.has(this)) this.once('listening', () => watch(this))
    return Reflect.apply(listen, this, args) as Server
  }
}

function watch(server: Server): void {
  if (listening.has(server)) return
  listening.add(server)
  server.once('close', () => listening.delete(server))
  server.on('connection', () => {
    accepted++
  })
  if (isWebServer(server)) {
    server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
      webSockets.add(socket)
      socket.once('close', () => webSockets.delete(socket))
    })
  }
  // Of http2. One that comes late is closed as soon as it has had its say.
  server.on('session', (session: Session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    if (leaving) session.close()
  })
}

interface Session {
  close(): void
  once(event: 'close', listener: () => void): void
}
const sessions = new Set<Session>()

/** How many connections there are, and were. */
export async function counts(): Promise<{ readonly connections: number; readonly accepted: number }> {
  const each = [...listening].map(
    (server) => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count ?? 0))),
  )
  return { connections: (await Promise.all(each)).reduce((sum, count) => sum + count, 0), accepted }
}

/**
 * Has all of them accept no more, and each response from now on be the last of its connection. Fulfilled when the last connection
 * of all has ended, and when that of the web servers has.
 */
export function stopAccepting(): { readonly all: Promise<unknown>; readonly web: Promise<unknown> } {
  leaving = true
  const closed = new Map<Server, Promise<void>>()
  for (const server of listening) closed.set(server, acceptNoMore(server))
  for (const session of sessions) session.close()
  const web = [...closed].filter(([server]) => isWebServer(server))
  return { all: Promise.all(closed.values()), web: Promise.all(web.map(([, done]) => done)) }
}

/** Closes the connections of web servers that wait for a request. */
export function closeIdle(): void {
  for (const server of listening) if (isWebServer(server)) server.closeIdleConnections()
}

/** True while a response that was ended is still on its way: node takes its connection for idle. */
export function isSending(): boolean {
  for (const socket of webSockets) if (socket.writableLength > 0) return true
  return false
}
