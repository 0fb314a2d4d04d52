/**
 * gevent's `subprocess`: processes whose waits park a greenlet, on `node:child_process`.
 */
import { type ChildProcess, spawn as startProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { all, type Body, FibrilError, fn, type Operation, timeoutOr } from '../core/index.ts'
import { fromNode, type Stream } from '../net/index.ts'
import { AsyncResult } from './async-result.ts'
import type { TimeLimit } from './timed-wait.ts'
import { Timeout } from './timeout.ts'

/** A stream of its own, to be read or written. */
export const PIPE = 'pipe'
/** Nothing. */
export const DEVNULL = 'ignore'

/** How a process is started. */
export interface PopenOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Let a shell interpret the command. */
  readonly shell?: boolean
  /** What the process reads and writes: `PIPE`, `DEVNULL`, or that of this process, which is so if it is left out. */
  readonly stdin?: typeof PIPE | typeof DEVNULL | null
  readonly stdout?: typeof PIPE | typeof DEVNULL | null
  readonly stderr?: typeof PIPE | typeof DEVNULL | null
}

/** A command ended with a code other than 0. */
export class CalledProcessError extends FibrilError {
  readonly returncode: number
  readonly cmd: readonly string[] | string
  readonly stdout: string | null
  readonly stderr: string | null

  constructor(cmd: readonly string[] | string, { returncode, stdout, stderr }: Completed) {
    super('FIBRIL_PROCESS', `${textOf(cmd)} ended with ${returncode}${stderr ? `: ${stderr.trim()}` : ''}`)
    this.returncode = returncode
    this.cmd = cmd
    this.stdout = stdout
    this.stderr = stderr
  }
}

/** A command took longer than its timeout. With `run` and its kin it was killed. */
export class TimeoutExpired extends Timeout {
  readonly cmd: readonly string[] | string

  constructor(cmd: readonly string[] | string, ms: number) {
    super(ms, `${textOf(cmd)} did not end within ${ms} ms`)
    this.cmd = cmd
  }
}
Object.defineProperty(CalledProcessError.prototype, 'name', { value: 'CalledProcessError', configurable: true })
Object.defineProperty(TimeoutExpired.prototype, 'name', { value: 'TimeoutExpired', configurable: true })

const textOf = (cmd: readonly string[] | string): string => (typeof cmd === 'string' ? cmd : cmd.join(' '))

/** What became of a command. */
export interface Completed {
  /** The exit code; minus the number of the signal that ended it. */
  readonly returncode: number
  /** What it wrote; null unless that was a `PIPE`. */
  readonly stdout: string | null
  readonly stderr: string | null
}

/**
 * A process.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { subprocess } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const sort = new subprocess.Popen(['sort'], { stdin: subprocess.PIPE, stdout: subprocess.PIPE })
 *   const [out] = yield* sort.communicate('pear\napple\n')
 *   console.log(out?.trim().replace('\n', ' ')) // prints: apple pear
 *   console.log(yield* subprocess.checkOutput(['printf', 'hello'])) // prints: hello
 * })
 * ```
 */
export class Popen {
  readonly args: readonly string[] | string
  /** What it reads from; null unless that is a `PIPE`. */
  readonly stdin: Stream | null
  readonly stdout: Stream | null
  readonly stderr: Stream | null
  private readonly child: ChildProcess
  private readonly ended = new AsyncResult<number>()

  constructor(args: readonly string[] | string, options: PopenOptions = {}) {
    const { stdin, stdout, stderr, shell = typeof args === 'string', ...rest } = options
    const [command, ...others] = typeof args === 'string' ? [args] : args
    this.args = args
    this.child = startProcess(command as string, others, {
      ...rest,
      shell,
      stdio: [stdin ?? 'inherit', stdout ?? 'inherit', stderr ?? 'inherit'],
    } as Parameters<typeof startProcess>[2])
    this.stdin = streamOf(this.child.stdin, 'stdin')
    this.stdout = streamOf(this.child.stdout, 'stdout')
    this.stderr = streamOf(this.child.stderr, 'stderr')
    this.child.once('error', (error) => this.ended.setException(error))
    this.child.once('exit', (code, signal) => this.ended.set(code ?? -signalNumber(signal)))
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** How it ended; null while it runs. */
  get returncode(): number | null {
    return this.ended.value ?? null
  }

  /** The same. */
  poll(): number | null {
    return this.returncode
  }

  /** Waits for its end: gives the exit code; a `TimeoutExpired` after `timeout` milliseconds, and it runs on. */
  wait(timeout?: TimeLimit): Operation<number> {
    return within(this, timeout, this.ended.get()) as Operation<number>
  }

  /** Gives it `input`, reads all that it writes, and waits for its end. After `timeout` milliseconds a `TimeoutExpired`, and it runs on. */
  communicate(
    input?: string | Uint8Array,
    timeout?: TimeLimit,
  ): Operation<[stdout: string | null, stderr: string | null]> {
    return within(this, timeout, talk(this, input)) as Operation<[string | null, string | null]>
  }

  /** @internal Waits for its end, however that is. */
  ending(): Operation<unknown> {
    return this.ended.wait()
  }

  sendSignal(signal: NodeJS.Signals | number): void {
    this.child.kill(signal)
  }

  terminate(): void {
    this.child.kill('SIGTERM')
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }

  toString(): string {
    return `process ${this.pid} (${textOf(this.args)})`
  }
}

function streamOf(stream: Readable | Writable | null, name: string): Stream | null {
  return stream === null ? null : (fromNode(stream, { name }) as Stream)
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal]
}

const EXPIRED = Symbol('expired')

const within = fn(function* within<T>(popen: Popen, limit: TimeLimit, operation: Operation<T>): Body<T> {
  const ms = limit ?? Infinity
  const result = yield* timeoutOr(ms, EXPIRED, operation)
  if (result === EXPIRED) throw new TimeoutExpired(popen.args, ms)
  return result as T
})

const feed = fn(function* feed(stream: Stream | null, input: string | Uint8Array | undefined): Body<void> {
  if (stream === null) return
  try {
    if (input !== undefined) yield* stream.write(input)
    yield* stream.end()
  } catch {
    // It has ended, or does not want to read: how it ended tells the rest.
  }
})

const readAll = fn(function* readAll(stream: Stream | null): Body<string | null> {
  if (stream === null) return null
  const chunks: Uint8Array[] = []
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
})

const talk = fn(function* communicate(popen: Popen, input: string | Uint8Array | undefined) {
  const [stdout, stderr] = yield* all([
    readAll(popen.stdout),
    readAll(popen.stderr),
    feed(popen.stdin, input),
    popen.wait(),
  ])
  return [stdout, stderr] as [string | null, string | null]
})

/** How a command is run to its end. */
export interface RunOptions extends PopenOptions {
  readonly input?: string | Uint8Array
  /** Read what it writes: `stdout` and `stderr` are pipes. */
  readonly captureOutput?: boolean
  /** A code other than 0 is a `CalledProcessError`. */
  readonly check?: boolean
  /** After so many milliseconds it is killed: a `TimeoutExpired`. */
  readonly timeout?: TimeLimit
}

/** Runs a command to its end. If it takes too long, or the wait is cancelled, it is killed. */
export function run(args: readonly string[] | string, options: RunOptions = {}): Operation<Completed> {
  return running(args, options)
}

const running = fn(function* run(args: readonly string[] | string, options: RunOptions): Body<Completed> {
  const { input, captureOutput = false, check = false, timeout, ...rest } = options
  const popen = new Popen(args, {
    ...(captureOutput ? { stdout: PIPE, stderr: PIPE } : {}),
    ...(input === undefined ? {} : { stdin: PIPE }),
    ...rest,
  })
  try {
    const [stdout, stderr] = yield* popen.communicate(input, timeout)
    const completed = { returncode: popen.returncode as number, stdout, stderr }
    if (check && completed.returncode !== 0) throw new CalledProcessError(args, completed)
    return completed
  } finally {
    if (popen.returncode === null) {
      popen.kill()
      yield* popen.ending()
    }
  }
})

/** Runs a command, and gives its exit code. */
export function call(args: readonly string[] | string, options: RunOptions = {}): Operation<number> {
  return calling(args, options)
}

const calling = fn(function* call(args: readonly string[] | string, options: RunOptions): Body<number> {
  return (yield* running(args, options)).returncode
})

/** Runs a command; a code other than 0 is a `CalledProcessError`. */
export function checkCall(args: readonly string[] | string, options: RunOptions = {}): Operation<number> {
  return calling(args, { ...options, check: true })
}

/** Runs a command, and gives what it writes to its standard output; a code other than 0 is a `CalledProcessError`. */
export function checkOutput(args: readonly string[] | string, options: RunOptions = {}): Operation<string> {
  return reading(args, options)
}

const reading = fn(function* checkOutput(args: readonly string[] | string, options: RunOptions): Body<string> {
  return (yield* running(args, { stdout: PIPE, ...options, check: true })).stdout ?? ''
})
