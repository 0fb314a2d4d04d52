import { Agent, get } from 'node:http'
import { connect } from 'node:net'

/** What a program answers. */
export interface Page {
  readonly pid: number
  readonly version: string
  readonly worker: string
}

/** One request, of which any failure is one: nothing is asked twice. */
export function page(port: number, path = '/', agent?: Agent): Promise<Page> {
  return new Promise((resolve, reject) => {
    const request = get({ port, path, host: '127.0.0.1', agent: agent ?? new Agent() }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more) => (text += more))
      response.once('error', reject)
      response.once('end', () => {
        try {
          resolve(JSON.parse(text) as Page)
        } catch (error) {
          reject(error)
        }
      })
    })
    request.once('error', reject)
  })
}

/** Clients that ask one after another, some over connections that are kept alive, until they are told to stop. */
export class Load {
  answered = 0
  readonly failures: { readonly error: Error; readonly pid: number | null }[] = []
  readonly pids = new Map<number, number>()
  private readonly clients: Promise<void>[]
  private stopped = false

  constructor(port: number, { kept, fresh }: { readonly kept: number; readonly fresh: number }) {
    this.clients = [...Array(kept).fill(true), ...Array(fresh).fill(false)].map((keepAlive) =>
      this.client(port, keepAlive),
    )
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.clients)
  }

  private async client(port: number, keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 })
    let last: number | null = null
    while (!this.stopped) {
      try {
        const { pid } = await page(port, '/', agent)
        last = pid
        this.answered++
        this.pids.set(pid, (this.pids.get(pid) ?? 0) + 1)
      } catch (error) {
        this.failures.push({ error: error as Error, pid: keepAlive ? last : null })
      }
    }
    agent.destroy()
  }
}

/** A raw connection on which something was written, and what comes of it. */
export function ask(port: number, text: string): { readonly ended: Promise<string>; end(): void } {
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let all = ''
  socket.setEncoding('utf8').on('data', (more) => (all += more))
  const ended = new Promise<string>((resolve) => {
    socket.once('error', () => {})
    socket.once('close', () => resolve(all))
  })
  return { ended, end: () => socket.destroy() }
}
