// What users see of pools and correlators: what connect gives is what is lent; requests and replies keep their types.
import { fn, type Operation, sleep } from 'fibril'
import {
  type Address,
  ConnectionPool,
  type Correlator,
  CorrelatorPool,
  type Lease,
  type MessageChannel,
  openCorrelator,
} from 'fibril/net'
import type { Equal, Expect } from './expect.ts'

interface Client {
  readonly id: number
  ask(question: string): Operation<string>
}
declare const client: Client

// -- the type of the connection follows from `connect`, whatever kind of function that is

const plain = new ConnectionPool({ connect: () => client, close() {} })
const async = new ConnectionPool({ connect: async () => client, async close() {} })
const generator = new ConnectionPool({
  *connect() {
    yield* sleep(1)
    return client
  },
  *close(connection) {
    yield* connection.ask('to go')
  },
})
const operation = new ConnectionPool({
  connect: fn(function* () {
    return client
  }),
  close: () => sleep(1),
})

export type Pools = [
  Expect<Equal<typeof plain, ConnectionPool<Client>>>,
  Expect<Equal<typeof async, ConnectionPool<Client>>>,
  Expect<Equal<typeof generator, ConnectionPool<Client>>>,
  Expect<Equal<typeof operation, ConnectionPool<Client>>>,
]

// -- `use` gives what the body gives

const byGenerator = plain.use(function* (connection, lease) {
  lease satisfies Lease<Client>
  return yield* connection.ask('?')
})
const byPromise = plain.use(async ({ id }) => id)
const byValue = plain.use(({ id }) => id)
const byOperation = plain.use((connection) => connection.ask('?'))

export type Uses = [
  Expect<Equal<typeof byGenerator, Operation<string>>>,
  Expect<Equal<typeof byPromise, Operation<number>>>,
  Expect<Equal<typeof byValue, Operation<number>>>,
  Expect<Equal<typeof byOperation, Operation<string>>>,
]

// -- correlators

interface Packet {
  readonly id: number | null
  readonly body: Address
}
declare const channel: MessageChannel<Packet, string>

const typed = openCorrelator(channel, {
  withId: (request: { path: string }, id) => {
    // The id is a number unless somebody says otherwise.
    return `${request.path} ${id satisfies number}`
  },
  idOf: (packet) => packet.id,
  resultOf: (packet) => packet.body.port,
})
const raw = openCorrelator(channel, { withId: (request: string, id) => request + id, idOf: ({ id }) => id })
const byText = openCorrelator(channel, {
  withId: (request: string, id: string) => request + id,
  idOf: ({ id }) => String(id),
  ids: (request) => request,
})

export type Correlators = [
  Expect<Equal<typeof typed, Correlator<{ path: string }, number | undefined>>>,
  Expect<Equal<typeof raw, Correlator<string, Packet>>>,
  Expect<Equal<typeof byText, Correlator<string, Packet>>>,
]

const shared = new CorrelatorPool({ connect: () => typed })
const reply = shared.request({ path: '/' })

export type Shared = [
  Expect<Equal<typeof shared, CorrelatorPool<{ path: string }, number | undefined>>>,
  Expect<Equal<typeof reply, Operation<number | undefined>>>,
]

// @ts-expect-error a pool must know how to close
new ConnectionPool({ connect: () => client })
// @ts-expect-error this request has no path
shared.request({})
// @ts-expect-error what goes out must be what the channel sends
openCorrelator(channel, { withId: (request: string, id) => ({ request, id }), idOf: ({ id }) => id })
