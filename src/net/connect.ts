import { connect as connectNode, isIP, type Socket as NodeSocket } from 'node:net'
import {
  type Body,
  currentTask,
  fn,
  type Operation,
  type TaskView,
  timeoutOr,
  UsageError,
  type Waiter,
} from '../core/index.ts'
import { type Address, formatAddress } from './address.ts'
import { type Family, firstConnection } from './happy-eyeballs.ts'
import { hasIntake, intake } from './intake.ts'
import { addressesOf, type Lookup, systemLookup } from './lookup.ts'
import { ConnectError, describeSystemError, systemCodeOf } from './net-errors.ts'
import { Opening } from './opening.ts'
import { own } from './ownership.ts'
import { Socket, type SocketOptions } from './socket.ts'
import { SocketWire } from './socket-wire.ts'
import { codeName } from './wire.ts'

/** Where to connect to. */
export interface ConnectOptions extends SocketOptions {
  readonly port?: number
  /** A name or an address. 127.0.0.1 if left out. */
  readonly host?: string
  /** The path of a Unix socket, in place of host and port. */
  readonly path?: string
  /** How long it may take in all, to find the addresses and to try them. No limit but the system's if left out. */
  readonly timeoutMs?: number
  /** Only addresses of IPv4, or of IPv6. Both if left out. */
  readonly family?: 4 | 6
  /** How long an attempt has before the next address is tried beside it. 250 if left out. */
  readonly attemptDelayMs?: number
  /** Finds the addresses of a host. As the system does if left out. */
  readonly lookup?: Lookup
  /** The address, and the port, of this side. The system chooses if left out. */
  readonly localAddress?: string
  readonly localPort?: number
  /** Belongs to nobody: it stays open when the handler in which it was opened ends. */
  readonly detached?: boolean
}

/** What is to be thrown for an attempt that failed. */
type Failure = (cause: unknown, task: TaskView | null) => unknown

/** One attempt at one address. */
class Dial extends Opening<Socket, NodeSocket> {
  private readonly address: Address
  private readonly options: ConnectOptions
  private readonly failure: Failure

  constructor(address: Address, options: ConnectOptions, failure: Failure) {
    super()
    this.address = address
    this.options = options
    this.failure = failure
  }

  override get reason(): string {
    return `a connection to ${formatAddress(this.address)}`
  }

  protected override open(waiter: Waiter<Socket>): void {
    const { address, options } = this
    const { localAddress, localPort } = options
    const socket = connectNode({
      ...(address as { port: number; host: string }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
      allowHalfOpen: true,
      ...(hasIntake ? { onread: intake() } : {}),
    })
    socket.pause()
    this.begin(socket)
    socket.once('connect', () => {
      const stream = new Socket(new SocketWire(socket, hasIntake), address, options)
      socket.off('error', failed)
      if (options.detached !== true) own(stream, waiter.waitingTask)
      this.done()?.resume(stream)
    })
    const failed = (cause: Error): void => {
      this.done()?.reject(this.failure(cause, waiter.waitingTask))
    }
    socket.once('error', failed)
  }

  protected override giveUp(socket: NodeSocket): void {
    socket.destroy()
  }
}

/**
 * Connects. A refusal, an unknown host and the like are a `ConnectError` with the system's code; so is an attempt that took
 * longer than `timeoutMs`, with `ETIMEDOUT`. A cancel gives the attempt up and leaves nothing behind.
 *
 * A host may have several addresses. They are tried as RFC 8305 has it: IPv6 and IPv4 in turn, the next when one has
 * failed or has had 250 ms; the first connection that is made is taken. If none is, the `cause` is an `AggregateError` of what went
 * wrong with each.
 *
 * A connection that was opened in a handler of a server, or in a task below it, is closed when that handler ends; any
 * other is to be closed: `using socket = yield* connect(…)`, or `close` in a `finally`.
 *
 * ```ts
 * import { run, spawn } from 'fibril'
 * import { connect, listen } from 'fibril/net'
 *
 * await run(function* () {
 *   const server = yield* listen({ port: 0 })
 *   spawn(server.serve(function* (socket) {
 *     yield* socket.write('hello\n')
 *   }))
 *   const socket = yield* connect({ host: 'localhost', port: server.port, timeoutMs: 5000 })
 *   console.log(yield* socket.readLine()) // => hello
 *   yield* socket.close()
 *   yield* server.stop()
 * })
 * ```
 */
export function connect(options: ConnectOptions): Operation<Socket> {
  const { port, host = '127.0.0.1', path, timeoutMs = Infinity, family, localAddress } = options
  const address = path === undefined ? { host, port } : { path }
  if (path === undefined) {
    if (port === undefined || !Number.isInteger(port) || port < 1 || port > 65_535)
      throw new UsageError(`connect: the port is ${port}: give a whole number from 1 to 65535, or a path`)
    if (family !== undefined && family !== 4 && family !== 6)
      throw new UsageError(`connect: the family is ${String(family)}: give 4, 6, or none for both`)
    if (localAddress !== undefined && isIP(localAddress) === 0)
      throw new UsageError(`connect: localAddress is ${localAddress}: give an IP address of this machine`)
  }
  if (!(timeoutMs > 0))
    throw new UsageError(`connect: timeoutMs is ${timeoutMs}: give a number of milliseconds above 0`)
  const direct = path !== undefined || isIP(host) !== 0
  if (direct && timeoutMs === Infinity)
    return new Dial(address, options, (cause, task) => failedToConnect(task, address, [cause]))
  return direct
    ? within(
        timeoutMs,
        address,
        [],
        new Dial(address, options, (cause, task) => failedToConnect(task, address, [cause])),
      )
    : connectToHost(host, port as number, options)
}

const connectToHost = fn(function* connect(host: string, port: number, options: ConnectOptions): Body<Socket> {
  const { lookup = systemLookup, attemptDelayMs = 250, timeoutMs = Infinity } = options
  const address = { host, port }
  const failures: unknown[] = []
  const attempts = firstConnection<Socket>({
    reason: `a connection to ${formatAddress(address)}`,
    families: familiesOf(options),
    delayMs: attemptDelayMs,
    ask: (family) => addressesOf(lookup, host, family),
    dial: (ip) => new Dial({ host: ip, port }, options, (cause) => cause),
    discard: (socket) => socket.destroy(),
    failures,
  })
  const socket = yield* timeoutMs === Infinity ? attempts : within(timeoutMs, address, failures, attempts)
  if (socket === null) throw failedToConnect(currentTask(), address, failures)
  return socket
})

function familiesOf({ family, localAddress }: ConnectOptions): readonly Family[] {
  if (localAddress !== undefined) return [isIP(localAddress) as Family]
  return family === undefined ? [6, 4] : [family]
}

/** Has `attempts` end within `ms`; `failures` are those of which it knows by then. */
const within = fn(function* connect<T>(ms: number, address: Address, failures: unknown[], attempts: Operation<T>) {
  const result = yield* timeoutOr(ms, late, attempts)
  if (result !== late) return result
  const cause = Object.assign(new AggregateError(failures, `no connection was made within ${ms} ms`), {
    code: 'ETIMEDOUT',
  })
  const others = failures.length === 0 ? '' : ` Before that: ${describeAll(failures)}.`
  const message = `${codeName(currentTask())} could not connect to ${formatAddress(address)} within ${ms} ms.${others}`
  throw new ConnectError(message, cause)
})

const late = Symbol('late')

function failedToConnect(task: TaskView | null, address: Address, failures: readonly unknown[]): ConnectError {
  const what = `${codeName(task)} could not connect to ${formatAddress(address)}`
  const [first] = failures
  if (failures.length === 1) return new ConnectError(`${what}: ${describeSystemError(first)}.`, first)
  const cause = Object.assign(new AggregateError(failures, describeAll(failures) || 'the host has no address'), {
    code: systemCodeOf(first) ?? 'ENOTFOUND',
  })
  return new ConnectError(`${what}: ${cause.message}.`, cause)
}

function describeAll(failures: readonly unknown[]): string {
  const described = failures.map((failure) => {
    const { address, port } = failure as { address?: string; port?: number }
    const why = describeSystemError(failure)
    return address === undefined ? why : `${formatAddress({ host: address, port })}: ${why}`
  })
  return [...new Set(described)].join('; ')
}
