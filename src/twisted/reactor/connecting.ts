import { type Body, fn, type Operation, spawn, type Task } from '../../core/index.ts'
import { type Connection, formatAddress } from '../../net/index.ts'
import { Failure } from '../failure.ts'
import { log } from '../log.ts'
import { connectErrorOf } from '../network-errors.ts'
import type { Protocol } from '../protocols/protocol.ts'
import type { Site } from '../sites.ts'
import { StreamTransport } from '../transports/stream-transport.ts'
import type { Address } from '../transports/transport.ts'
import type { Selectables } from './selectables.ts'

/** What an attempt to connect tells whoever makes it. Each is called once at most, `lost` only after `connected`. */
export interface Hooks {
  /** The connection could not be made. */
  failed(reason: Failure): void
  /** It is made: gives the protocol for it; null, or what it throws, closes it. */
  build(address: Address): Protocol | null
  /** The protocol knows of it. */
  connected(transport: StreamTransport, protocol: Protocol): void
  /** The protocol was told that it is gone. */
  lost(reason: Failure): void
}

/** An attempt to connect, and then the connection: a task of its own. A cancel before `connected` gives the attempt up, in silence. */
export function beginConnecting(
  selectables: Selectables,
  address: Address,
  open: () => Operation<Connection>,
  hooks: Hooks,
  site: Site | null,
): Task<void> {
  const name = `connection to ${formatAddress(address)}`
  const task = spawn.detached(
    connecting(selectables, name, open, hooks, site, () => task.cancel('it was closed')),
    { name },
  )
  return task
}

const connecting = fn(function* connecting(
  selectables: Selectables,
  name: string,
  open: () => Operation<Connection>,
  hooks: Hooks,
  site: Site | null,
  giveUp: () => void,
): Body<void> {
  const attempt = { name: `attempt: ${name}`, disconnecting: false, close: giveUp }
  const forget = selectables.add(attempt, site)
  let stream: Connection
  try {
    stream = yield* open()
  } catch (error) {
    return tell(() => hooks.failed(new Failure(connectErrorOf(error))))
  } finally {
    forget()
  }
  let protocol: Protocol | null
  try {
    protocol = hooks.build(stream.remote)
  } catch (error) {
    stream.destroy()
    return tell(() => hooks.failed(new Failure(error)))
  }
  if (protocol === null) return stream.destroy()
  const reason = yield* serveTransport(selectables, stream, protocol, site, hooks)
  tell(() => hooks.lost(reason))
})

/** Serves a connection that is made, from either side. */
export const serveTransport = fn(function* serveTransport(
  selectables: Selectables,
  stream: Connection,
  protocol: Protocol,
  site: Site | null,
  hooks: Pick<Hooks, 'connected'> | null,
): Body<Failure> {
  const transport = new StreamTransport(stream)
  const forget = selectables.add(
    {
      name: stream.name,
      get disconnecting() {
        return transport.ending
      },
      close: () => transport.letGo(),
    },
    site,
  )
  try {
    return yield* transport.serve(protocol, () => hooks?.connected(transport, protocol))
  } finally {
    forget()
  }
})

function tell(call: () => void): void {
  try {
    call()
  } catch (error) {
    log.err(error)
  }
}
