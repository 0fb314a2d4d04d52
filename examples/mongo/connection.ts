/**
 * Theory of operation: one connection to one server, shared by any number of commands.
 *
 *   command ──▶ Correlator: requestID ──▶ OP_MSG ──▶ server       the server answers the commands of a connection in order,
 *   reply  ◀── the one with that responseTo ◀── OP_MSG ◀──┘       and also those that were given up meanwhile
 *
 * Whatever ends a connection is a fault with a name. It is thrown where the reader waits for bytes, so that the correlator
 * tells all who wait for a reply: a torn stream, a message that is none, a server that is primary no more, or one that has
 * fallen silent.
 *
 * Silence. A server that is gone without a word (its machine lost power) would be waited for until TCP gives up, which takes
 * a quarter of an hour. So when nothing has come for `heartbeatMs` the server is asked for a sign of life: over this
 * connection if it is idle; over another one if it is busy, since a long query keeps all that stand behind it waiting.
 */
import { type Document, deserialize, serialize } from 'bson'
import { type Body, BrokenError, FibrilError, fn, type Operation, spawn, timeout, timeoutOr, UsageError } from 'fibril'
import { type Correlator, connect, connectTls, openCorrelator, type Stream } from 'fibril/net'
import { checkedReply, NotPrimaryError } from './errors.ts'
import { type Credentials, logIn } from './log-in.ts'
import type { Request } from './request.ts'
import { flag, MAX_MESSAGE_BYTES, type Message, MessageFraming } from './wire.ts'

/** How connections are made. Durations are in milliseconds. */
export interface ConnectionOptions {
  /** How long it may take until the server has said hello. 10000 if left out. */
  readonly connectTimeoutMs?: number
  /** After how long a silence the server is asked for a sign of life, and how long that may take. 10000 if left out. */
  readonly heartbeatMs?: number
  /**
   * How many commands may be under way on one connection. The server answers them in order, so a slow one keeps those behind
   * it waiting; with 1, each has a connection to itself, as in MongoDB's own driver. No limit if left out.
   */
  readonly maxInFlight?: number
  readonly tls?: boolean
  /** Who logs in, by SCRAM-SHA-256. Nobody if left out. */
  readonly credentials?: Credentials
  /** What the server calls this program in its logs. */
  readonly appName?: string
  /** Opens the stream to an address, in place of TCP or TLS. */
  readonly openStream?: (host: string, port: number) => Operation<Stream>
}

/** What a server says of itself. */
export interface Hello {
  readonly address: string
  /** Whether it takes writes. */
  readonly primary: boolean
  /** Who does, as far as it knows. */
  readonly primaryAddress: string | null
  readonly setName: string | null
  readonly maxDocumentBytes: number
  readonly maxMessageBytes: number
  /** How many documents one write may have. */
  readonly maxBatch: number
}

/** A connection over which the server has said hello. */
export interface Connection {
  readonly hello: Hello
  readonly commands: Correlator<Request, Document>
}

/** The wire version of MongoDB 4.2, the oldest that knows `hello`. */
const OLDEST_WIRE_VERSION = 8

/** Connects to `host:port`. The tasks of the connection belong to the scope of the caller. */
export const openConnection = fn(function* (address: string, options: ConnectionOptions): Body<Connection> {
  const { connectTimeoutMs = 10_000, heartbeatMs = 10_000 } = options
  const { stream, commands, fail } = yield* timeout(connectTimeoutMs, openLink(address, options))
  try {
    const hello = yield* timeout(connectTimeoutMs, greet(commands, address, options))
    if (options.credentials !== undefined) yield* timeout(connectTimeoutMs, logIn(commands, options.credentials))
    const watch = heartbeat(stream, commands, heartbeatMs, fail, () => probe(address, options))
    spawn(watch, { name: `heartbeat of ${address}` })
    return { hello, commands }
  } catch (error) {
    fail(error)
    throw error
  }
})

interface Link {
  readonly stream: Stream
  readonly commands: Correlator<Request, Document>
  /** Ends the connection: all that wait for a reply are told why. */
  fail(fault: unknown): void
}

const openLink = fn(function* (address: string, options: ConnectionOptions): Body<Link> {
  const stream = yield* openStream(address, options)
  const framing = new MessageFraming()
  let fault: unknown = null
  const fail = (why: unknown): void => {
    fault ??= why
    stream.destroy()
  }
  const channel = {
    name: `mongo ${address}`,
    receive: fn(function* receive(): Body<Message | null> {
      try {
        return yield* stream.receive(framing)
      } catch (error) {
        throw fault ?? error
      }
    }),
    send: (message: Message) => stream.write(framing.encode(message)),
    close: () => stream.close(),
  }
  const { maxInFlight } = options
  const commands = openCorrelator(channel, {
    ...(maxInFlight === undefined ? {} : { maxInFlight }),
    withId: ({ command, sequences = [], unacknowledged }: Request, requestId: number): Message => {
      const flags = unacknowledged === true ? flag.moreToCome : 0
      return { requestId, responseTo: 0, flags, body: serialize(command), sequences }
    },
    idOf: ({ responseTo }) => responseTo,
    resultOf: (message) => {
      try {
        return checkedReply(documentOf(message))
      } catch (error) {
        if (error instanceof NotPrimaryError) fail(error)
        throw error
      }
    },
  })
  return { stream, commands, fail }
})

function documentOf({ body }: Message): Document {
  try {
    return deserialize(body)
  } catch (cause) {
    throw new BrokenError(`the server's reply is no BSON: ${(cause as Error).message}`, { cause })
  }
}

function openStream(address: string, { openStream, tls }: ConnectionOptions): Operation<Stream> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  if (port === undefined) throw new UsageError(`${JSON.stringify(address)} is no address: write host:port`)
  const at = { host, port: Number(port), maxRead: MAX_MESSAGE_BYTES }
  if (openStream !== undefined) return openStream(at.host, at.port)
  return tls === true ? connectTls(at) : connect(at)
}

const greet = fn(function* (
  commands: Correlator<Request, Document>,
  address: string,
  { appName }: ConnectionOptions,
): Body<Hello> {
  const client = {
    ...(appName === undefined ? {} : { application: { name: appName } }),
    driver: { name: 'fibril-mongo', version: '0.1.0' },
    os: { type: process.platform },
    platform: `Node.js ${process.version}`,
  }
  const reply = yield* commands.request({ command: { hello: 1, helloOk: true, client, $db: 'admin' } })
  const version = Number(reply['maxWireVersion'])
  if (!(version >= OLDEST_WIRE_VERSION))
    throw new BrokenError(`${address} speaks wire version ${version}, and is too old: MongoDB 4.2 or newer is needed`)
  return {
    address,
    primary: reply['isWritablePrimary'] === true,
    primaryAddress: reply['primary'] ?? null,
    setName: reply['setName'] ?? null,
    maxDocumentBytes: reply['maxBsonObjectSize'] ?? 16 * 1024 * 1024,
    maxMessageBytes: Math.min(reply['maxMessageSizeBytes'] ?? MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES),
    maxBatch: reply['maxWriteBatchSize'] ?? 100_000,
  }
})

const SILENCE = Symbol('silence')
const ping: Request = { command: { ping: 1, $db: 'admin' } }

const heartbeat = fn(function* (
  stream: Stream,
  commands: Correlator<Request, Document>,
  ms: number,
  fail: (fault: unknown) => void,
  probeAnother: () => Operation<void>,
): Body<void> {
  let heard = stream.stats().bytesRead
  while ((yield* timeoutOr(ms, SILENCE, commands.lost())) === SILENCE) {
    if (stream.stats().bytesRead === heard) {
      try {
        const sign: Operation<unknown> = commands.load === 0 ? commands.request(ping) : probeAnother()
        yield* timeout(ms, sign)
      } catch (error) {
        if (!FibrilError.is(error)) throw error
        fail(new BrokenError(`${stream.name} gives no sign of life: ${error.message}`, { cause: error }))
      }
    }
    heard = stream.stats().bytesRead
  }
})

/** Asks over a connection of its own; says hello, since that is answered before any log-in. */
const probe = fn(function* (address: string, options: ConnectionOptions): Body<void> {
  const { commands } = yield* openLink(address, options)
  try {
    yield* commands.request({ command: { hello: 1, $db: 'admin' } })
  } finally {
    commands[Symbol.dispose]()
  }
})
