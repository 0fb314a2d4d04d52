import { createSocket, type Socket as NodeSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Operation, UsageError, type Waiter } from '../core/index.ts'
import { formatAddress } from './address.ts'
import { ConnectError, describeSystemError, ListenError } from './net-errors.ts'
import { Opening } from './opening.ts'
import { type UdpAddress, UdpSocket } from './udp-socket.ts'
import { codeName } from './wire.ts'

/** Where to receive, and how. */
export interface UdpOptions {
  /** The port of this side. Any that is free if left out. */
  readonly port?: number
  /**
   * The address of this side, which says whether it is IPv4 or IPv6. If left out, 127.0.0.1: only this machine can send to it.
   * `0.0.0.0` or `::` is everybody. For a socket that is connected it is up to the system.
   */
  readonly host?: string
  /** The only one to send to and to receive from. Only then the system tells that nobody listens there. */
  readonly connect?: UdpAddress
  /** How many datagrams are kept that nobody has taken; more are dropped and counted. 1024 if left out. */
  readonly maxQueued?: number
  /** Bytes that the system keeps on its side until this process gets to them. Its own default if left out. */
  readonly receiveBuffer?: number
  /** Others may use the port as well: for multicast. */
  readonly reuseAddress?: boolean
  /** May send to a broadcast address, such as `255.255.255.255`. */
  readonly broadcast?: boolean
  /** How many routers a multicast datagram may pass. 1 if left out: none. */
  readonly multicastTtl?: number
  /** This machine hears what it sends to a group itself. True if left out. */
  readonly multicastLoopback?: boolean
  /** The address of the interface by which multicast is sent. */
  readonly multicastInterface?: string
}

class Open extends Opening<UdpSocket, NodeSocket> {
  private readonly options: UdpOptions

  constructor(options: UdpOptions) {
    super()
    this.options = options
  }

  private get ipv6(): boolean {
    return isIPv6(this.options.host ?? this.options.connect?.host ?? '')
  }

  private get local(): { host?: string; port: number } {
    const { host = this.options.connect === undefined ? '127.0.0.1' : undefined, port = 0 } = this.options
    return host === undefined ? { port } : { host, port }
  }

  private get remote(): { host: string; port: number } | null {
    const { connect } = this.options
    return connect === undefined
      ? null
      : { host: connect.host ?? (this.ipv6 ? '::1' : '127.0.0.1'), port: connect.port }
  }

  override get reason(): string {
    return `a UDP socket at ${formatAddress({ host: this.local.host ?? '*', port: this.local.port })}`
  }

  protected override open(waiter: Waiter<UdpSocket>): void {
    const { options, local, remote } = this
    const { reuseAddress = false, receiveBuffer, maxQueued = 1024 } = options
    const socket = createSocket({
      type: this.ipv6 ? 'udp6' : 'udp4',
      reuseAddr: reuseAddress,
      ...(receiveBuffer === undefined ? {} : { recvBufferSize: receiveBuffer }),
    })
    this.begin(socket)
    let bound = false
    const failed = (cause: Error): void => {
      // Cancelled, and closed.
      if (this.opening !== socket) return
      socket.close()
      const who = codeName(waiter.waitingTask)
      const why = describeSystemError(cause)
      const error = bound
        ? new ConnectError(`${who} could not connect UDP to ${formatAddress(remote ?? {})}: ${why}.`, cause)
        : new ListenError(`${who} could not use UDP at ${formatAddress({ host: '*', ...local })}: ${why}.`, cause)
      this.done()?.reject(error)
    }
    const opened = (): void => {
      if (this.opening !== socket) return
      socket.off('error', failed)
      this.done()?.resume(new UdpSocket(socket, remote !== null, maxQueued))
    }
    socket.on('error', failed)
    socket.bind({ port: local.port, ...(local.host === undefined ? {} : { address: local.host }) }, () => {
      if (this.opening !== socket) return
      bound = true
      try {
        configure(socket, options)
      } catch (cause) {
        return failed(cause as Error)
      }
      if (remote === null) opened()
      else socket.connect(remote.port, remote.host, (cause?: Error) => (cause ? failed(cause) : opened()))
    })
  }

  protected override giveUp(socket: NodeSocket): void {
    socket.close()
  }
}

function configure(socket: NodeSocket, options: UdpOptions): void {
  const { broadcast, multicastTtl, multicastLoopback, multicastInterface } = options
  if (broadcast !== undefined) socket.setBroadcast(broadcast)
  if (multicastTtl !== undefined) socket.setMulticastTTL(multicastTtl)
  if (multicastLoopback !== undefined) socket.setMulticastLoopback(multicastLoopback)
  if (multicastInterface !== undefined) socket.setMulticastInterface(multicastInterface)
}

/**
 * Opens a UDP socket. An address that is taken or not allowed is a `ListenError`, an unknown host to connect to a `ConnectError`, each
 * with the system's code. A cancel leaves nothing behind. Close it when done, by `close` or `using`: nobody else does.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { udp } from 'fibril/net'
 *
 * await run(function* () {
 *   using server = yield* udp({ port: 0 })
 *   using client = yield* udp({ connect: { port: server.port } })
 *   yield* client.send('ping')
 *   const { data, from } = yield* server.receive()
 *   console.log(String(data)) // => ping
 *   yield* server.send('pong', from)
 *   console.log(String((yield* client.receive()).data)) // => pong
 * })
 * ```
 */
export function udp(options: UdpOptions = {}): Operation<UdpSocket> {
  const { port = 0, connect, maxQueued = 1 } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`udp: the port is ${port}: give a whole number from 0 to 65535`)
  if (connect !== undefined && !(Number.isInteger(connect.port) && connect.port >= 1 && connect.port <= 65_535))
    throw new UsageError(`udp: the port to connect to is ${connect.port}: give a whole number from 1 to 65535`)
  if (!(maxQueued >= 1)) throw new UsageError(`udp: maxQueued is ${maxQueued}: give a number of datagrams from 1 up`)
  return new Open(options)
}
