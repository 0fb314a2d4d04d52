import type { CorrelatorPoolStats } from '../net/index.ts'
import * as net from '../net/index.ts'
import { type Action, callTo } from './callbacks.ts'
import { type FaceOf, faceClass, faceOfKind, type Green, mapped, thingOf } from './face.ts'
import { bound } from './runtime/index.ts'
import type { Scope } from './tasks.ts'

/** What messages go through, by functions that may park: a `Framed`, or an object of your own. */
export interface MessageChannel<In, Out> {
  /** Shown by reports. */
  readonly name?: string
  /** The next message; null at the end. */
  receive(): In | null
  /** Hands a message over whole, or not at all. One task sends at a time. */
  send(message: Out): void
  close(): void
}

/** How requests and replies find each other: as `CorrelatorOptions` of `fibril/net`. What it is told must not wait. */
export interface CorrelatorOptions<Request, Reply, Id, In, Out>
  extends Omit<net.CorrelatorOptions<Request, Reply, Id, In, Out>, 'scope'> {
  /** Who owns the task that reads. The task that opens it, if left out. */
  readonly scope?: Scope
}

const names = ['name', 'alive', 'load', 'hasRoom', 'request', 'send', 'lost', 'close', 'toString', 'stats'] as const

/** One connection, shared by the requests of many tasks, which are matched with their replies by id. */
export interface Correlator<Request, Reply>
  extends Green<net.Correlator<Request, Reply>, (typeof names)[number]>,
    Disposable {}

/**
 * Shares a connection among the requests of many tasks. It reads in a task that belongs to the scope of the caller, which
 * therefore does not end before the correlator is closed.
 *
 * ```ts green
 * import { all, memoryPair, openCorrelator, spawn } from 'fibril/green'
 *
 * const [here, there] = memoryPair()
 * spawn(() => {
 *   const asked = [there.readLine(), there.readLine()]
 *   for (const line of asked.reverse()) there.write(`${line}!\n`)
 *   there.end()
 * })
 * const client = openCorrelator(
 *   { receive: () => here.readLine(), send: (line: string) => here.write(`${line}\n`), close: () => here.close() },
 *   {
 *     withId: (text: string, id) => `${id} ${text}`,
 *     idOf: (line) => Number.parseInt(line, 10),
 *     resultOf: (line) => line.slice(line.indexOf(' ') + 1),
 *   },
 * )
 * const replies = all(['one', 'two'].map((text) => () => client.request(text)))
 * console.log(replies.join(' ')) // prints: one! two!
 * client.close()
 * ```
 */
export function openCorrelator<In, Out, Request = Out, Reply = In, Id = number>(
  channel: MessageChannel<In, Out>,
  { scope, ...options }: CorrelatorOptions<Request, Reply, Id, In, Out>,
): Correlator<Request, Reply> {
  const owner =
    scope === undefined
      ? {}
      : { scope: thingOf(scope) as NonNullable<net.CorrelatorOptions<Request, Reply, Id, In, Out>['scope']> }
  const opened = net.openCorrelator<In, Out, Request, Reply, Id>(channelOf(channel), { ...options, ...owner })
  return faceOfKind(opened, names)
}

/** The engine calls its functions itself, so that they may park. */
function channelOf<In, Out>(channel: MessageChannel<In, Out>): net.MessageChannel<In, Out> {
  const behind = thingOf(channel as object)
  if (behind !== channel) return behind as net.MessageChannel<In, Out>
  const { name } = channel
  return {
    ...(name === undefined ? {} : { name }),
    receive: () => callTo(bound(channel.receive, channel), []),
    send: (message) => callTo(bound(channel.send, channel), [message]),
    close: () => callTo(bound(channel.close, channel), []),
  } as net.MessageChannel<In, Out>
}

/** How a pool of correlators connects: as `CorrelatorPoolOptions` of `fibril/net`. */
export interface CorrelatorPoolOptions<Request, Reply>
  extends Omit<net.CorrelatorPoolOptions<Request, Reply>, 'connect'> {
  /** Opens one: `() => openCorrelator(channel, …)`. It may park, and runs in a task of the connection's own. */
  readonly connect: () => Correlator<Request, Reply>
}

const poolNames = ['name', 'request', 'close', 'toString'] as const

/**
 * Requests of many tasks over a few connections, which are opened as the load demands, and again when they are lost. A
 * request that was not sent when its connection was lost is made over another; one that was fails with a `LostRequestError`.
 */
export interface CorrelatorPool<Request, Reply>
  extends Green<net.CorrelatorPool<Request, Reply>, (typeof poolNames)[number]>,
    AsyncDisposable {
  /** Plain figures of this moment. */
  stats(): CorrelatorPoolStats
}

export const CorrelatorPool: new <Request, Reply>(
  options: CorrelatorPoolOptions<Request, Reply>,
) => CorrelatorPool<Request, Reply> = faceClass(net.CorrelatorPool<unknown, unknown>, [...poolNames, 'stats'], {
  create: ({ connect, ...options }: CorrelatorPoolOptions<unknown, unknown>) => {
    type Opened = FaceOf<net.Correlator<unknown, unknown>>
    const open = connect as Action<[], Opened>
    const behind = (client: Opened): net.Correlator<unknown, unknown> => thingOf(client)
    return new net.CorrelatorPool({ ...options, connect: () => mapped(callTo(open, []), behind as never) as never })
  },
})
