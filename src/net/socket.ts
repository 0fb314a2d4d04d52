import { Socket as NodeSocket } from 'node:net'
import { type Address, formatAddress } from './address.ts'
import { BufferedStream } from './buffered-stream.ts'
import type { Carrier, ConnectionOptions } from './carrier.ts'
import { type Handle, handleOf } from './handle.ts'
import type { StreamOptions } from './stream.ts'

/** This side, and the other. */
interface Ends {
  readonly local: Address
  readonly remote: Address
}

let lastLocal: Address = {}
let lastHost: string | undefined

/**
 * Where a connection leads from and to; `address` has the path if it is a Unix socket. To be asked at once: when it is
 * closed the system does not know any more. The connections of a server share their local address, and those from one host its name.
 */
function endsOf({ platform }: Carrier, { path }: { readonly path?: string | undefined }): Ends {
  if (path !== undefined) return { local: { path }, remote: { path } }
  const { localAddress, localPort, remoteAddress, remotePort } = platform as Partial<NodeSocket>
  const { host, port } = answerOf(platform, 'getsockname') ?? { host: localAddress, port: localPort }
  if (lastLocal.host !== host || lastLocal.port !== port) lastLocal = { host, port }
  const remote = answerOf(platform, 'getpeername') ?? { host: remoteAddress, port: remotePort }
  if (remote.host !== lastHost) lastHost = remote.host
  return { local: lastLocal, remote: { host: lastHost, port: remote.port } }
}

/** What the handle answers. A socket of node would keep that, with the family, which is 150 bytes of an idle connection. */
function answerOf(platform: NodeSocket | Handle, ask: 'getsockname' | 'getpeername'): Address | null {
  const handle = platform instanceof NodeSocket ? handleOf(platform) : platform
  const answer: { address?: string; port?: number } = {}
  return handle?.[ask]?.(answer) === 0 && answer.port !== undefined ? { host: answer.address, port: answer.port } : null
}

/** What can be said of a socket. */
export interface SocketOptions extends StreamOptions, ConnectionOptions {}

/** A TCP or Unix connection. `connect` makes one, and a server accepts them; see `Stream` for what it does. */
export class Socket extends BufferedStream {
  /** This side. */
  readonly local: Address
  /** The other side. */
  readonly remote: Address
  /** @internal */
  override wire: Carrier

  /** @internal `carrier` is connected; `address` has the path if it is a Unix socket. */
  constructor(carrier: Carrier, address: Address, options: SocketOptions) {
    super(options)
    const { local, remote } = endsOf(carrier, address)
    this.local = local
    this.remote = remote
    this.wire = carrier
    carrier.start(this, options)
  }

  override get name(): string {
    const { path } = this.remote
    return path === undefined ? `tcp ${formatAddress(this.local)} → ${this.peerName}` : `unix ${path}`
  }

  /** @internal */
  override get peerName(): string {
    return formatAddress(this.remote)
  }
}
