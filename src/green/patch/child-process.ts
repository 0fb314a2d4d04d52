import childProcess, { type ChildProcess, type SpawnSyncOptions, type SpawnSyncReturns } from 'node:child_process'
import { constants } from 'node:os'
import { type Body, Future, fn, machine, type Operation, timeoutOr } from '../../core/index.ts'
import { canPark, park, parkable } from '../runtime/index.ts'
import { withSite } from './background.ts'
import { type AnyFunction, original, swap, type Told } from './swap.ts'

/**
 * Theory of operation: `spawnSync` over `spawn`, and `execSync` and `execFileSync` over that, as in node's own
 * lib/child_process.js, whose results and errors these are.
 *
 *   started ──▶ output is kept ──▶ ended, and its pipes too ──▶ result
 *                   │ time is over, too much output, a cancel
 *                   ▼
 *               asked to end; its pipes are closed, its end is waited for
 *
 * What cannot be started is left to node's own function, which says why in its own words.
 */
type Options = SpawnSyncOptions & { readonly argv0?: string; readonly signal?: AbortSignal }
type Result = SpawnSyncReturns<Buffer | string | null>

/** What one call runs, and how. */
interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly options: Options
}

/** How long a process that was asked to end because of a cancel may take, before it is killed. */
const GRACE_MS = 1000

/** A process that runs for one call. */
class Run {
  readonly ended = new Future<void>('the process to end')
  readonly #child: ChildProcess
  readonly #options: Options
  readonly #chunks: (Buffer[] | null)[]
  #error: Error | null = null
  #size = 0
  #timer: NodeJS.Timeout | null = null

  constructor({ file, args, options }: Command) {
    // The others mean something else to `spawn`.
    const { timeout, maxBuffer, input, encoding, killSignal, signal, ...rest } = options
    const stdio = stdioOf(options)
    const child = childProcess.spawn(file, args, { ...(rest as object), stdio: stdio as unknown as 'pipe' })
    this.#child = child
    this.#options = options
    this.#chunks = stdio.map((kind, fd) => (fd > 0 && kind === 'pipe' ? [] : null))
    const failed = (error: NodeJS.ErrnoException): void => {
      if (!this.started) this.ended.tryResolve()
      else this.#fail(error.code, error.errno)
    }
    child.on('error', failed).on('close', () => {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.ended.tryResolve()
    })
    for (const [fd, chunks] of this.#chunks.entries()) {
      if (chunks !== null) child.stdio[fd]?.on('data', (chunk: Buffer) => this.#keep(chunks, chunk)).on('error', failed)
    }
    child.stdin?.on('error', failed).end(input ? bytesOf(input, options) : undefined)
    if (timeout && this.started) this.#timer = setTimeout(() => this.#stop('ETIMEDOUT'), timeout)
  }

  get started(): boolean {
    return this.#child.pid !== undefined
  }

  #keep(chunks: Buffer[], chunk: Buffer): void {
    const { maxBuffer = 1024 * 1024 } = this.#options
    chunks.push(chunk)
    this.#size += chunk.length
    if (maxBuffer > 0 && this.#size > maxBuffer) this.#stop('ENOBUFS')
  }

  #stop(code: 'ETIMEDOUT' | 'ENOBUFS'): void {
    this.#fail(code, -constants.errno[code])
    this.kill(this.#options.killSignal ?? 'SIGTERM')
  }

  #fail(code: string | undefined, errno: number | undefined): void {
    const { spawnfile, spawnargs } = this.#child
    const syscall = `spawnSync ${spawnfile}`
    const known = { errno, code, syscall, path: spawnfile, spawnargs: spawnargs.slice(1) }
    this.#error ??= Object.assign(new Error(`${syscall} ${code}`), known)
  }

  /** Asks it to end, and takes no more of its output. */
  kill(signal: NodeJS.Signals | number): void {
    this.#child.kill(signal)
    for (const pipe of this.#child.stdio) pipe?.destroy()
  }

  result(): Result {
    const { pid, exitCode, signalCode } = this.#child
    const output = this.#chunks.map((chunks) => chunks && textOf(chunks, this.#options))
    return {
      ...(this.#error === null ? {} : { error: this.#error }),
      ...{ status: exitCode, signal: signalCode, output, pid: pid as number },
      ...{ stdout: output[1] as Buffer | null, stderr: output[2] as Buffer | null },
    }
  }
}

function stdioOf({ stdio }: Options): unknown[] {
  const given: readonly unknown[] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio]
  return Array.from({ length: Math.max(3, given.length) }, (_, fd) => {
    const kind = given[fd] ?? (fd < 3 ? 'pipe' : 'ignore')
    return kind === 'overlapped' ? 'pipe' : kind
  })
}

function bytesOf(input: string | NodeJS.ArrayBufferView, { encoding }: Options): Uint8Array {
  return typeof input === 'string'
    ? Buffer.from(input, encoding as BufferEncoding)
    : new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
}

function textOf(chunks: readonly Buffer[], { encoding }: Options): Buffer | string {
  const bytes = Buffer.concat(chunks)
  return encoding && encoding !== 'buffer' ? bytes.toString(encoding) : bytes
}

const runToEnd = fn(function* process(command: Command, site: object): Body<Result> {
  // A process is something outside the loop.
  const { loop } = machine
  loop?.holdExternal()
  let run: Run | null = null
  try {
    run = start(command)
    if (run !== null) yield* run.ended
  } finally {
    if (run !== null && !run.ended.settled) {
      run.kill(command.options.killSignal ?? 'SIGTERM')
      if ((yield* timeoutOr(GRACE_MS, false, run.ended.wait())) === false) run.kill('SIGKILL')
      yield* run.ended
    }
    loop?.releaseExternal()
  }
  const { file, args, options } = command
  const result = run?.started ? run.result() : original(childProcess.spawnSync)(file, args, options)
  withSite(result.error, site)
  return result
})

function start(command: Command): Run | null {
  try {
    return new Run(command)
  } catch {
    return null // Why, node will say.
  }
}

/** What `execSync` and `execFileSync` do with the result: the output, or an error with all that is known. */
const runWell = fn(function* process(command: Command, what: string, site: object): Body<Buffer | string | null> {
  const result = yield* runToEnd(command, site)
  const { error, status, stderr, stdout } = result
  if (!command.options.stdio && stderr) globalThis.process.stderr.write(stderr)
  if (error === undefined && status === 0) return stdout
  const said = stderr && stderr.length > 0 ? `\n${stderr}` : ''
  throw Object.assign(error ?? (withSite(new Error(`Command failed: ${what}${said}`), site) as Error), result)
})

/** The command of `spawnSync(file, args, options)` and its other forms; null for what node is to refuse. */
function commandOf(file: unknown, ...rest: readonly unknown[]): Command | null {
  const [args, options = {}] = Array.isArray(rest[0]) || rest[0] == null ? rest : [[], rest[0]]
  if (typeof file !== 'string' || file === '' || typeof options !== 'object' || options === null) return null
  if (!isSound(options as Options)) return null
  return { file, args: ((args ?? []) as unknown[]).map(String), options: options as Options }
}

const kinds: readonly unknown[] = ['pipe', 'overlapped', 'ignore', 'inherit', null, undefined]

/** False for what `spawnSync` refuses, or understands, and `spawn` does not. `spawn` refuses the rest in the same words. */
function isSound({ input, encoding, maxBuffer, stdio, timeout, killSignal }: Options): boolean {
  if (input && typeof input !== 'string' && !ArrayBuffer.isView(input)) return false
  if (typeof input === 'string' && encoding && !Buffer.isEncoding(encoding)) return false
  if (maxBuffer != null && !(typeof maxBuffer === 'number' && maxBuffer >= 0)) return false
  if (timeout != null && !(Number.isInteger(timeout) && timeout >= 0)) return false
  if (killSignal != null && !(killSignal in constants.signals)) return false
  const fits = (kind: unknown): boolean =>
    kinds.includes(kind) || typeof kind === 'number' || (typeof kind === 'object' && kind !== null && 'fd' in kind)
  return Array.isArray(stdio) ? stdio.every(fits) : kinds.includes(stdio)
}

const operations: Readonly<Record<string, (args: readonly unknown[], site: object) => Operation<unknown> | null>> = {
  spawnSync(args, site) {
    const command = commandOf(...(args as [unknown]))
    return command && runToEnd(command, site)
  },
  execFileSync([file, args, options], site) {
    const command = commandOf(file, args ?? undefined, options ?? undefined)
    return command && runWell(command, [command.options.argv0 ?? command.file, ...command.args].join(' '), site)
  },
  execSync([line, options], site) {
    const command = commandOf(line, [], options ?? undefined)
    if (command === null) return null
    const { shell } = command.options
    const given = { ...command, options: { ...command.options, shell: typeof shell === 'string' ? shell : true } }
    return runWell(given, command.file, site)
  },
}

/** Patches `node:child_process`. */
export function patchChildProcess(told: Told): void {
  for (const [name, operationOf] of Object.entries(operations)) {
    const make = (former: AnyFunction): AnyFunction => {
      const patched = parkable(function (this: unknown, ...args: unknown[]): unknown {
        const site = {}
        if (canPark()) {
          Error.captureStackTrace(site, patched)
          const operation = operationOf(args, site)
          if (operation !== null) return park(operation)
        }
        return Reflect.apply(former, this, args)
      })
      return patched
    }
    told(`child_process.${name}`, swap(childProcess, name, make))
  }
}
