import net from 'node:net'
import type { Task } from '../../../src/core/index.ts'
import { Future, fn, type Operation, spawn, suspend } from '../../../src/core/index.ts'
import { type HttpHandler, type HttpServeOptions, type HttpServer, serveHttp } from '../../../src/net/http/index.ts'

/** A server with this handler that listens on a free port; and the task that serves. */
export const open: (
  handler: HttpHandler,
  options?: HttpServeOptions,
) => Operation<{ server: HttpServer; serving: Task<void>; url: string }> = fn(function* (
  handler: HttpHandler,
  options: HttpServeOptions = {},
) {
  const listening = new Future<HttpServer>('the server to listen')
  const serving = spawn(serveHttp(handler, { port: 0, ...options, onListen: (server) => listening.resolve(server) }))
  const server = yield* listening
  return { server, serving, url: `http://127.0.0.1:${server.port}` }
})

/** A client that says what it is told, byte for byte, and keeps what it hears. */
export class RawClient {
  heard = ''
  closed = false
  readonly socket: net.Socket
  private wake: (() => void) | null = null

  constructor(port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.heard += text
      this.wake?.()
    })
    this.socket.on('error', () => {})
    this.socket.on('end', () => this.socket.end())
    this.socket.on('close', () => {
      this.closed = true
      this.wake?.()
    })
  }

  say(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Waits until it has heard something, or the connection is closed; gives all that it has heard. */
  hears(pattern: RegExp | null): Operation<string> {
    return suspend(
      `to hear ${pattern ?? 'the end'}`,
      (wake) => {
        const look = (): void => {
          if (this.closed || pattern?.test(this.heard)) wake(this.heard)
        }
        this.wake = look
        look()
        return () => {
          this.wake = null
        }
      },
      { external: true },
    )
  }

  destroy(): void {
    this.socket.destroy()
  }
}
