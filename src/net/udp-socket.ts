/**
 * Theory of operation: datagrams.
 *
 *   system ──message──▶ queue ──▶ receivers, first come, first served
 *                        └─ full: dropped, and counted
 *
 * A datagram is a whole: it goes to one receiver, or stays in the queue. What comes while the queue is full is dropped, as the system
 * does itself while its own buffer is full (that, nobody can count). Unlike with a stream, nothing makes the sender wait.
 *
 * An error that the system has heard of, such as that nobody listens at the other end, is for the next who receives. The socket lives on.
 */
import type { Socket as NodeSocket, RemoteInfo } from 'node:dgram'
import {
  BrokenError,
  ClosedError,
  currentTask,
  Fifo,
  Inspectable,
  KIND,
  NOT_YET,
  type Operation,
  type TaskView,
  UsageError,
  type Waiter,
  WaitList,
} from '../core/index.ts'
import { type Address, formatAddress } from './address.ts'
import { describeSystemError, systemCodeOf } from './net-errors.ts'
import { codeName, WireWait } from './wire.ts'

/** A datagram could not be sent, or one that was sent did not get there. `systemCode` is that of the system, such as `EMSGSIZE` or `ECONNREFUSED`. */
export class UdpError extends BrokenError {
  readonly systemCode: string | null

  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.systemCode = systemCodeOf(cause)
  }
}
Object.defineProperty(UdpError.prototype, 'name', { value: 'UdpError', configurable: true, writable: true })

/** Where a datagram goes to, or came from. */
export interface UdpAddress {
  /** A name or an address. This machine if left out. */
  readonly host?: string
  readonly port: number
}

/** What has come, and from where. */
export interface Datagram {
  readonly data: Buffer
  readonly from: { readonly host: string; readonly port: number }
}

/** Plain figures of a UDP socket, at one moment. */
export interface UdpStats {
  readonly name: string
  /** Datagrams that have come, with those that were dropped for the queue being full. */
  readonly received: number
  readonly dropped: number
  readonly sent: number
  /** Those that have come and nobody has taken. */
  readonly queued: number
  /** Tasks that wait to receive. */
  readonly receivers: number
  readonly closed: boolean
}

class Receive extends WireWait<Datagram> {
  private readonly socket: UdpSocket

  constructor(socket: UdpSocket) {
    super()
    this.socket = socket
  }

  protected override get external(): boolean {
    return true
  }

  override get reason(): string {
    return `${this.socket.name}: a datagram`
  }

  override get line(): WaitList<Receive> {
    return this.socket.receivers
  }

  override attempt(): Datagram | typeof NOT_YET {
    return this.socket.take()
  }
}

class Send extends WireWait<void> {
  private readonly socket: UdpSocket
  private readonly data: string | Uint8Array
  private readonly to: UdpAddress | null
  /** What node says of an earlier send that was cancelled is not for this one. */
  private sends = 0

  constructor(socket: UdpSocket, data: string | Uint8Array, to: UdpAddress | null) {
    super()
    this.socket = socket
    this.data = data
    this.to = to
  }

  protected override get external(): boolean {
    return true
  }

  override get reason(): string {
    return `${this.socket.name}: a datagram to leave${this.to === null ? '' : ` for ${formatAddress(this.to)}`}`
  }

  override get line(): WaitList<Send> {
    return this.socket.senders
  }

  override attempt(): typeof NOT_YET {
    this.socket.checkOpen('send by', currentTask())
    return NOT_YET
  }

  override install(waiter: Waiter<void>): void {
    super.install(waiter)
    const send = ++this.sends
    this.socket.transmit(this.data, this.to, (cause, where) => {
      if (send !== this.sends || this.waiter === null) return
      this.line.remove(this)
      if (cause === null) return this.resume()
      const who = codeName(waiter.waitingTask)
      this.reject(new UdpError(`${who} could not send to ${where}: ${describeSendError(cause)}.`, cause))
    })
  }
}

/** A UDP socket. `udp` opens one. Any number of tasks may send and receive; each datagram goes to one of them. */
export class UdpSocket extends Inspectable implements Disposable {
  /** Such as `udp 127.0.0.1:5000`; of one that is connected `udp 127.0.0.1:5000 → 127.0.0.1:53`. */
  readonly name: string
  /** This side. */
  readonly local: Address
  /** The other side, if it is connected. */
  readonly remote: Address | null
  /** @internal */
  readonly receivers = new WaitList<Receive>()
  /** @internal */
  readonly senders = new WaitList<Send>()
  private readonly socket: NodeSocket
  private readonly loopback: string
  private readonly maxQueued: number
  private readonly queue = new Fifo<Datagram>()
  private failure: Error | null = null
  private closer: string | null = null
  private received = 0
  private dropped = 0
  private sent = 0

  /** @internal `socket` is bound, and perhaps connected. Use `udp`. */
  constructor(socket: NodeSocket, connected: boolean, maxQueued: number) {
    super()
    const { address, port, family } = socket.address()
    this.socket = socket
    this.loopback = family === 'IPv6' ? '::1' : '127.0.0.1'
    this.maxQueued = maxQueued
    this.local = { host: address, port }
    const remote = connected ? socket.remoteAddress() : null
    this.remote = remote === null ? null : { host: remote.address, port: remote.port }
    this.name = `udp ${formatAddress(this.local)}${this.remote === null ? '' : ` → ${formatAddress(this.remote)}`}`
    socket.on('message', (data, from) => this.arrive(data, from))
    socket.on('error', (error) => this.fail(error))
  }

  /** The port of this side, also if any free one was asked for. */
  get port(): number {
    return this.local.port as number
  }

  get closed(): boolean {
    return this.closer !== null
  }

  override toString(): string {
    return this.name
  }

  /**
   * Sends a text, in UTF-8, or bytes, as one datagram; a socket that is connected sends to the other side. Waits until the system has
   * taken it, which says nothing about whether it gets anywhere. A datagram that is too long (`EMSGSIZE`), a host that is unknown and
   * the like are a `UdpError`. A cancel ends only the waiting.
   */
  send(data: string | Uint8Array, to?: UdpAddress): Operation<void> {
    if ((to === undefined) === (this.remote === null)) {
      throw new UsageError(
        to === undefined
          ? `${this.name}: send(data) needs an address: say where to, or connect the socket`
          : `${this.name} is connected: send(data) without an address, or use another socket`,
      )
    }
    if (to !== undefined && !(Number.isInteger(to.port) && to.port >= 1 && to.port <= 65_535))
      throw new UsageError(`${this.name}: send to port ${to.port}: give a whole number from 1 to 65535`)
    return new Send(this, data, to ?? null)
  }

  /**
   * Waits for the next datagram. When the socket is closed that is a `ClosedError`. If the system has heard that one which was sent
   * did not get there (`ECONNREFUSED`, only when connected), that is a `UdpError`, once, and the socket lives on. A cancel
   * takes nothing.
   */
  receive(): Operation<Datagram> {
    return new Receive(this)
  }

  /** Joins a multicast group, on the interface that has the address `through`, or on one that the system chooses. A `UdpError` if that cannot be. */
  join(group: string, through?: string): void {
    this.member('join', group, through)
  }

  /** Leaves it. So does closing. */
  leave(group: string, through?: string): void {
    this.member('leave', group, through)
  }

  private member(what: 'join' | 'leave', group: string, through: string | undefined): void {
    this.checkOpen(`${what} ${group} by`, currentTask())
    try {
      if (what === 'join') this.socket.addMembership(group, through)
      else this.socket.dropMembership(group, through)
    } catch (cause) {
      const why = describeSystemError(cause)
      throw new UdpError(`${codeName(currentTask())} could not ${what} ${group} by ${this.name}: ${why}.`, cause)
    }
  }

  /** Closes it at once. Who waits to receive or to send gets a `ClosedError`; what nobody has taken is dropped. */
  close(): void {
    if (this.closer !== null) return
    this.closer = codeName(currentTask())
    while (this.queue.shift() !== undefined);
    this.socket.close()
    const refuse = (wait: Receive | Send, what: string): void =>
      wait.reject(this.closedError(what, wait.waiter?.waitingTask ?? null))
    for (let wait = this.receivers.shift(); wait !== null; wait = this.receivers.shift()) refuse(wait, 'receive by')
    for (let wait = this.senders.shift(); wait !== null; wait = this.senders.shift()) refuse(wait, 'send by')
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  override get [KIND](): string {
    return 'socket'
  }

  /** Plain figures of this moment. */
  override stats(): UdpStats {
    return Object.freeze({
      name: this.name,
      received: this.received,
      dropped: this.dropped,
      sent: this.sent,
      queued: this.queue.length,
      receivers: this.receivers.size,
      closed: this.closed,
    })
  }

  // -- for node's socket

  private arrive(data: Buffer, { address: host, port }: RemoteInfo): void {
    if (this.closed) return
    this.received++
    const datagram: Datagram = { data, from: { host, port } }
    const receiver = this.receivers.shift()
    if (receiver !== null) receiver.resume(datagram)
    else if (this.queue.length < this.maxQueued) this.queue.push(datagram)
    else this.dropped++
  }

  private fail(cause: Error): void {
    const receiver = this.receivers.shift()
    if (receiver === null) this.failure = cause
    else receiver.reject(this.unreachable(cause, receiver.waiter?.waitingTask ?? null))
  }

  private unreachable(cause: Error, task: TaskView | null): UdpError {
    return new UdpError(`${codeName(task)} cannot receive by ${this.name}: ${describeSystemError(cause)}.`, cause)
  }

  // -- for waits

  /** @internal */
  take(): Datagram | typeof NOT_YET {
    this.checkOpen('receive by', currentTask())
    const datagram = this.queue.shift()
    if (datagram !== undefined) return datagram
    const { failure } = this
    if (failure === null) return NOT_YET
    this.failure = null
    throw this.unreachable(failure, currentTask())
  }

  /** @internal Tells `done` what failed, or null, and where it was sent to; not if this is closed meanwhile. */
  transmit(data: string | Uint8Array, to: UdpAddress | null, done: (cause: Error | null, where: string) => void): void {
    const host = to?.host ?? this.loopback
    const where = to === null ? this.name : `${formatAddress({ host, port: to.port })} by ${this.name}`
    const sent = (cause: Error | null): void => {
      if (cause === null) this.sent++
      done(cause, where)
    }
    if (to === null) this.socket.send(data, sent)
    else this.socket.send(data, to.port, host, sent)
  }

  /** @internal */
  checkOpen(what: string, task: TaskView | null): void {
    if (this.closed) throw this.closedError(what, task)
  }

  private closedError(what: string, task: TaskView | null): ClosedError {
    return new ClosedError(`${codeName(task)} cannot ${what} ${this.name}: it was closed by ${this.closer}.`)
  }
}

function describeSendError(error: Error): string {
  return systemCodeOf(error) === 'EMSGSIZE'
    ? 'a datagram of that size cannot be sent there: send less at a time (EMSGSIZE)'
    : describeSystemError(error)
}
