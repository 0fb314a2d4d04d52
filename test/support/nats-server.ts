import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../src/index.ts'

// Debian keeps it where only administrators look.
const binary = ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)

/** Why tests that need a server are not run, or false. Under CI there is no excuse. */
export const noNats: string | false =
  binary !== undefined || process.env['CI'] ? false : 'NOT TESTED: nats-server is not installed'

export interface NatsServerOptions {
  /** Default true. */
  readonly jetstream?: boolean
  /** Lines of a file of configuration. */
  readonly config?: string
}

/** A NATS server of a test's own, that can be stopped and started again with what it has stored. */
export class NatsServer {
  readonly port: number
  private readonly folder = mkdtempSync(join(tmpdir(), 'fibril-nats-'))
  private child: ChildProcess | null = null

  private readonly jetstream: boolean
  /** The file of its configuration. */
  readonly config: string | undefined

  private constructor(port: number, { jetstream = true, config }: NatsServerOptions) {
    this.port = port
    this.jetstream = jetstream
    if (config === undefined) return
    this.config = join(this.folder, 'server.conf')
    writeFileSync(this.config, config)
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    if (binary === undefined) throw new Error('nats-server is not installed, and under CI it must be')
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as AddressInfo
    probe.close()
    const server = new NatsServer(port, options)
    await server.resume()
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  /** Starts it, or starts it again. */
  async resume(): Promise<void> {
    const args = ['-a', '127.0.0.1', '-p', String(this.port), ...(this.jetstream ? ['-js', '-sd', this.folder] : [])]
    if (this.config !== undefined) args.push('-c', this.config)
    const child = spawn(binary as string, args, { stdio: 'ignore' })
    this.child = child
    while (!(await this.answers())) {
      if (child.exitCode !== null) throw new Error(`nats-server ended with exit code ${child.exitCode}`)
      await sleep(20)
    }
  }

  /** Ends it as a power cut would, or in the way that a signal asks for. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this
    this.child = null
    if (child === null || child.exitCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  /** For good. */
  async end(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
      const done = (answer: boolean): void => {
        socket.destroy()
        resolve(answer)
      }
      socket.on('data', () => done(true)).on('error', () => done(false))
    })
  }
}
