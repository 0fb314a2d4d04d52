import childProcess, { type ChildProcess, type SpawnSyncOptions, type SpawnSyncReturns } from 'node:child_process'
import { constants } from 'node:os'
import { type Body, Future, fn, machine, type Operation, timeoutOr } from '../../core/index.ts'
import { canPark, park, parkable } from '../runtime/index.ts'
import { withSite } from './background.ts'
import { type AnyFunction, swap, type Told } from './swap.ts'

/**
 * Theory of operation: `spawnSync` over `spawn`, and `execSync` and `execFileSync` over that, as in node's own
 * lib/child_process.js, whose results and errors these are.
 *
 *   started ──▶ output is kept ──▶ ended, and its pipes too ──▶ result
 *                   │ time is over, too much output, a cancel
 *                   ▼
 *               asked to end; its pipes are closed, its end is waited for
 *
 * What node refuses (a wrong type, an `ipc` channel) is left to node's own function, which refuses it in its own words.
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
  readonly #command: Command
  readonly #chunks: (Buffer[] | null)[]
  readonly #child: ChildProcess | null
  #error: Error | null = null
  #size = 0
  #timer: NodeJS.Timeout | null = null

  constructor(command: Command) {
    const stdio = stdioOf(command.options)
    this.#command = command
    this.#chunks = stdio.map((kind, fd) => (fd > 0 && kind === 'pipe' ? [] : null))
    this.#child = this.#start(stdio)
    if (this.#child !== null) this.#follow(this.#child)
  }

  #start(stdio: readonly unknown[]): ChildProcess | null {
    const { file, args, options } = this.#command
    // The others mean something else to `spawn`.
    const { timeout, maxBuffer, input, encoding, killSignal, signal, ...rest } = options
    try {
      return childProcess.spawn(file, args, { ...(rest as object), stdio: stdio as unknown as 'pipe' })
    } catch (error) {
      if (typeof (error as NodeJS.ErrnoException).errno !== 'number') throw error
      this.#fail(error as NodeJS.ErrnoException)
      this.#end()
      return null
    }
  }

  #follow(child: ChildProcess): void {
    const { input, timeout } = this.#command.options
    child.on('error', (error) => {
      this.#fail(error as NodeJS.ErrnoException)
      // What was never started has no end.
      if (child.pid === undefined) this.#end()
    })
    child.on('close', () => this.#end())
    for (const [fd, chunks] of this.#chunks.entries()) {
      const pipe = child.stdio[fd]
      if (chunks === null || !pipe) continue
      pipe
        .on('data', (chunk: Buffer) => this.#keep(chunks, chunk))
        .on('error', (error) => this.#fail(error as NodeJS.ErrnoException))
    }
    child.stdin
      ?.on('error', (error) => this.#fail(error as NodeJS.ErrnoException))
      .end(input ? bytesOf(input, this.#command.options) : undefined)
    if (timeout) this.#timer = setTimeout(() => this.#stop('ETIMEDOUT'), timeout)
  }

  #keep(chunks: Buffer[], chunk: Buffer): void {
    const { maxBuffer = 1024 * 1024 } = this.#command.options
    chunks.push(chunk)
    this.#size += chunk.length
    if (maxBuffer > 0 && this.#size > maxBuffer) this.#stop('ENOBUFS')
  }

  #stop(code: 'ETIMEDOUT' | 'ENOBUFS'): void {
    this.#fail({ code, errno: -constants.errno[code] })
    this.kill(this.#command.options.killSignal ?? 'SIGTERM')
  }

  #fail({ code, errno }: { readonly code?: string | undefined; readonly errno?: number | undefined }): void {
    if (this.#error !== null) return
    const { file, args } = started(this.#command)
    const syscall = `spawnSync ${file}`
    this.#error = Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall, path: file, spawnargs: args })
  }

  /** Asks it to end, and takes no more of its output. */
  kill(signal: NodeJS.Signals | number): void {
    this.#child?.kill(signal)
    for (const pipe of this.#child?.stdio ?? []) pipe?.destroy()
  }

  #end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.ended.tryResolve()
  }

  result(): Result {
    const { pid = 0, exitCode = null, signalCode = null } = this.#child ?? {}
    const output = pid === 0 ? null : this.#chunks.map((chunks) => chunks && textOf(chunks, this.#command.options))
    return {
      ...(this.#error === null ? {} : { error: this.#error }),
      ...{ status: pid === 0 ? null : exitCode, signal: signalCode, output: output as Result['output'], pid },
      ...{ stdout: output && (output[1] as Buffer), stderr: output && (output[2] as Buffer) },
    }
  }
}

/** The file and arguments that the system is given. */
function started({ file, args, options: { shell } }: Command): { file: string; args: readonly string[] } {
  if (!shell) return { file, args }
  return { file: typeof shell === 'string' ? shell : '/bin/sh', args: ['-c', [file, ...args].join(' ')] }
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
    run = new Run(command)
    yield* run.ended
  } finally {
    if (run !== null && !run.ended.settled) {
      run.kill(command.options.killSignal ?? 'SIGTERM')
      if ((yield* timeoutOr(GRACE_MS, false, run.ended.wait())) === false) run.kill('SIGKILL')
      yield* run.ended
    }
    loop?.releaseExternal()
  }
  const result = run.result()
  withSite(result.error, site)
  return result
})

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
