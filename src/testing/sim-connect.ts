import { BusyError, currentTask, fn, timeoutOr, Wait, type Waiter } from '../core/index.ts'
import {
  type Address,
  ConnectError,
  type ConnectOptions,
  codeName,
  describeSystemError,
  formatAddress,
  own,
} from '../net/index.ts'
import type { SimConnection } from './sim-connection.ts'
import type { SimCaller, SimStream } from './sim-wire.ts'

/** A connection in the making. */
export class SimConnect extends Wait<SimStream> implements SimCaller {
  readonly options: ConnectOptions
  private readonly to: Address
  private readonly begin: (caller: SimCaller) => SimConnection | Error
  private readonly site: Error | null
  private waiter: Waiter<SimStream> | null = null
  private connection: SimConnection | null = null

  /** `begin` makes the attempt, or says at once why it cannot be made. */
  constructor(
    to: Address,
    options: ConnectOptions,
    site: Error | null,
    begin: (caller: SimCaller) => SimConnection | Error,
  ) {
    super()
    this.to = to
    this.options = options
    this.site = site
    this.begin = begin
  }

  override get reason(): string {
    return `a connection to ${formatAddress(this.to)}`
  }

  override install(waiter: Waiter<SimStream>): void {
    if (this.waiter !== null) throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
    this.waiter = waiter
    const begun = this.begin(this)
    if (begun instanceof Error) this.failed(begun)
    else this.connection = begun
  }

  override uninstall(): void {
    const { connection } = this
    this.done()
    connection?.giveUp()
  }

  opened(stream: SimStream): void {
    const waiter = this.done()
    stream.wire.handOut(this.site)
    if (this.options.detached !== true) own(stream, waiter?.waitingTask ?? null)
    waiter?.resume(stream)
  }

  failed(cause: Error): void {
    const waiter = this.done()
    const who = codeName(waiter?.waitingTask ?? null)
    const message = `${who} could not connect to ${formatAddress(this.to)}: ${describeSystemError(cause)}.`
    waiter?.reject(new ConnectError(message, cause))
  }

  private done(): Waiter<SimStream> | null {
    const { waiter } = this
    this.waiter = null
    this.connection = null
    return waiter
  }
}

const late = Symbol('late')

/** The same with a limit of time. */
export const connectWithin = fn(function* connect(ms: number, to: Address, attempt: SimConnect) {
  const stream = yield* timeoutOr(ms, late, attempt)
  if (stream !== late) return stream
  const cause = Object.assign(new Error(`no connection was made within ${ms} ms`), { code: 'ETIMEDOUT' })
  throw new ConnectError(`${codeName(currentTask())} could not connect to ${formatAddress(to)} within ${ms} ms.`, cause)
})
