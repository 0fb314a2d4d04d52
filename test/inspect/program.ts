import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cli, node } from '../green/load/program.ts'

export { cli, register } from '../green/load/program.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export const uid = process.geteuid?.() ?? -1

/** Has a folder for temporary files of its own, so that what this user really runs is left alone. */
export class Place {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'fibril-inspect-')))
  private readonly started: Running[] = []

  constructor(t: TestContext) {
    t.after(async () => {
      for (const { child } of this.started) child.kill('SIGKILL')
      for (const { ended } of this.started) await ended
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
    })
  }

  /** What the processes have left in the folder in which they meet. */
  mail(): string[] {
    return readdirSync(join(this.folder, `fibril-${uid}`)).sort()
  }

  /** Starts Node; ended after the test. */
  start(args: readonly string[], options: { env?: Record<string, string>; uid?: number } = {}): Running {
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...inherited } = process.env
    const env = { ...inherited, TMPDIR: this.folder, ...options.env }
    const child = spawn(process.execPath, args, { cwd: root, env, ...(options.uid ? { uid: options.uid } : {}) })
    const running = new Running(child)
    this.started.push(running)
    return running
  }

  /** Starts a program of this text, in which `DIST` is the folder of the built library. */
  startText(text: string, env: Record<string, string> = {}): Running {
    const file = join(this.folder, 'program.mjs')
    writeFileSync(file, text.replaceAll('DIST', new URL('../../src', import.meta.url).href))
    return this.start([file], { env })
  }

  /** `fibril dump`, to its end; patient, unless told otherwise. */
  dump(...args: (string | number)[]): ReturnType<typeof node> {
    return node([cli, 'dump', '--wait', '60000', ...args.map(String)], { cwd: root, env: { TMPDIR: this.folder } })
  }

  /** The same, again and again until what it prints shows this. */
  async dumpUntil(pid: number, shown: RegExp): Promise<string> {
    for (;;) {
      const { stdout } = await this.dump(pid)
      if (shown.test(stdout)) return stdout
    }
  }
}

/** A process that runs. */
export class Running {
  readonly child: ChildProcess
  readonly pid: number
  readonly ended: Promise<unknown>
  stdout = ''
  stderr = ''

  constructor(child: ChildProcess) {
    this.child = child
    this.pid = child.pid as number
    this.ended = once(child, 'close')
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        this[name] += chunk
      })
  }

  /** Waits until it has written this. */
  async wrote(name: 'stdout' | 'stderr', text: RegExp): Promise<void> {
    const ended = this.ended.then(() => 'ended')
    while (!text.test(this[name])) {
      const data = once(this.child[name] as NodeJS.ReadableStream, 'data')
      if ((await Promise.race([data, ended])) === 'ended' && !text.test(this[name]))
        throw new Error(`it ended without writing ${text}: ${this.stdout}${this.stderr}`)
    }
  }

  get lives(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }
}
