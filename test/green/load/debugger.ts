/** A client of the inspector, over a WebSocket by hand: Node 20 has none. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

export class DebuggedProgram {
  readonly child: ChildProcess
  private readonly socket: Socket
  private readonly answers = new Map<number, (message: Message) => void>()
  private readonly waiting: ((message: Message) => void)[] = []
  private readonly told: Message[] = []
  private received = Buffer.alloc(0)
  private count = 0

  private constructor(child: ChildProcess, socket: Socket) {
    this.child = child
    this.socket = socket
    socket.on('data', (bytes) => this.receive(bytes))
  }

  /** Starts Node with these arguments, held before its first line. */
  static async start(args: readonly string[], options: { readonly cwd: string }): Promise<DebuggedProgram> {
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env
    const child = spawn(process.execPath, ['--inspect-brk=127.0.0.1:0', ...args], { ...options, env })
    child.stdout.resume()
    const url = await new Promise<URL>((resolve, reject) => {
      let text = ''
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        const found = /listening on (ws:\S+)/.exec(text)
        if (found !== null) resolve(new URL(found[1] as string))
      })
      child.once('exit', () => reject(new Error(`it ended: ${text}`)))
    })
    const socket = connect(Number(url.port), url.hostname)
    const key = randomBytes(16).toString('base64')
    socket.write(
      `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('data', (head) => (head.includes(' 101 ') ? resolve() : reject(new Error(String(head)))))
    })
    return new DebuggedProgram(child, socket)
  }

  /** Asks, and gives the answer. */
  async post(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.count
    const text = Buffer.from(JSON.stringify({ id, method, params }))
    const mask = randomBytes(4)
    // One frame of text, as clients send it: masked.
    const head = Buffer.from([0x81, 0xfe, text.length >> 8, text.length & 0xff])
    this.socket.write(Buffer.concat([head, mask, text.map((byte, at) => byte ^ (mask[at & 3] as number))]))
    const { result = {}, error } = await new Promise<Message>((resolve) => this.answers.set(id, resolve))
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }

  /** The next time that it is paused. */
  async paused(): Promise<Record<string, unknown>> {
    for (;;) {
      const { method, params } =
        this.told.shift() ?? (await new Promise<Message>((resolve) => this.waiting.push(resolve)))
      if (method === 'Debugger.paused') return params ?? {}
    }
  }

  stop(): void {
    this.socket.destroy()
    this.child.kill('SIGKILL')
  }

  private receive(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes])
    for (let frame: Buffer | null; (frame = this.frame()) !== null; ) {
      const message = JSON.parse(frame.toString()) as Message
      if (message.id !== undefined) {
        this.answers.get(message.id)?.(message)
        this.answers.delete(message.id)
      } else {
        const waiter = this.waiting.shift()
        if (waiter === undefined) this.told.push(message)
        else waiter(message)
      }
    }
  }

  /** The content of the next frame; null if it is not all there. */
  private frame(): Buffer | null {
    const { received } = this
    if (received.length < 10) return null
    const short = (received[1] as number) & 0x7f
    const start = short === 127 ? 10 : short === 126 ? 4 : 2
    const length =
      short === 127 ? Number(received.readBigUInt64BE(2)) : short === 126 ? received.readUInt16BE(2) : short
    if (received.length < start + length) return null
    this.received = received.subarray(start + length)
    return received.subarray(start, start + length)
  }
}
