import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  all,
  allSettled,
  type Body,
  BrokenError,
  ClosedError,
  currentLoop,
  Future,
  fn,
  openScope,
  run,
  scope,
  sleep,
  spawn,
  type Task,
  TimeoutError,
  timeoutOr,
  UsageError,
  yieldNow,
} from '../../../src/index.ts'
import {
  ConnectionPool,
  type Correlator,
  type CorrelatorOptions,
  LostRequestError,
  type MessageChannel,
  openCorrelator,
} from '../../../src/net/index.ts'
import { Queue } from '../../../src/sync/index.ts'
import { explore, TestHost, waitAllBlocked } from '../../../src/testing/index.ts'
import { Random } from '../../../src/testing/random.ts'
import { it } from '../../support/it.ts'
import { cancelEverywhere, ended } from '../../sync/cancel-everywhere.ts'
import { caught } from '../../sync/caught.ts'
import { inManyOrders } from '../../sync/in-many-orders.ts'
import { byId, type JsonChannel, jsonPair, type Message } from './json-channel.ts'

type Options = Partial<CorrelatorOptions<string, string, number, Message, Message>>
type There = JsonChannel<Message, Message>

/** Runs a body with a correlator, and the other end of its connection. */
function* connected(
  body: (client: Correlator<string, string>, there: There) => Body<unknown>,
  options: Options = {},
): Body<void> {
  const [here, there] = jsonPair()
  try {
    yield* scope(function* () {
      using client = openCorrelator(here, { ...byId, ...options })
      yield* body(client, there)
      yield* client.close()
    })
  } finally {
    there.stream.destroy()
  }
}

/** Spawns requests so that they are made in this order. */
function* ask(client: Correlator<string, string>, ...texts: string[]): Body<Task<string>[]> {
  const tasks: Task<string>[] = []
  for (const text of texts) {
    tasks.push(spawn(client.request(text)))
    yield* waitAllBlocked()
  }
  return tasks
}

/** Echoes, each after as many milliseconds as its text says. */
function* echo(there: There): Body<void> {
  yield* scope(function* () {
    for (let ask: Message | null; (ask = yield* there.receive()) !== null; ) {
      const message = ask
      spawn(function* () {
        yield* sleep(Number(/\d+$/.exec(message.text)?.[0] ?? 0))
        yield* there.send(message)
      })
    }
  })
}

/** What the peer has got. */
function* received(there: There, count: number): Body<Message[]> {
  const messages: Message[] = []
  while (messages.length < count) messages.push((yield* there.receive()) as Message)
  return messages
}

it.many('each request gets its own reply, in whatever order they come', function* () {
  yield* connected(function* (client, there) {
    spawn(() => echo(there))
    const texts = Array.from({ length: 50 }, (_, i) => `text ${(i * 7) % 50}`)
    assert.deepEqual(yield* all(texts.map((text) => client.request(text))), texts)
    const { inFlight, requests, replies } = client.stats()
    assert.deepEqual({ inFlight, requests, replies }, { inFlight: 0, requests: 50, replies: 50 })
  })
})

it('an error in a reply is thrown to its requester, and to nobody else', function* () {
  yield* connected(function* (client, there) {
    spawn(() => echo(there))
    const [good, bad] = yield* allSettled([client.request('good'), client.request('error: no such key')])
    assert.equal(good.status, 'done')
    assert.match(String(bad.status === 'failed' && bad.error), /no such key/)
    assert.equal(yield* client.request('again'), 'again')
  })
})

it('pushes go to their handler, in order, and are counted where nobody takes them', function* (host) {
  const pushed: string[] = []
  const onPush = ({ text }: Message): boolean => {
    if (text === 'bad') throw new Error('boom')
    return pushed.push(text) < 3
  }
  for (const options of [{ onPush }, {}]) {
    yield* connected(function* (client, there) {
      for (const text of ['one', 'bad', 'two', 'three']) yield* there.send({ text })
      yield* waitAllBlocked()
      assert.equal(client.stats().pushes, 4)
      assert.equal(client.stats().dropped, 'onPush' in options ? 1 : 4)
      assert.ok(client.alive)
    }, options)
  }
  assert.deepEqual(pushed, ['one', 'two', 'three'])
  assert.deepEqual(host.takeWarnings(), ['client: its onPush failed: boom'])
})

it('a reply that nobody asked for, or for the second time, is counted and told of', function* () {
  const unexpected: unknown[] = []
  yield* connected(
    function* (client, there) {
      const asking = spawn(client.request('one'))
      yield* received(there, 1)
      for (const text of ['first', 'duplicate']) yield* there.send({ id: 1, text })
      yield* there.send({ id: 77, text: 'stray' })
      assert.equal(yield* asking, 'first')
      yield* waitAllBlocked()
      assert.equal(client.stats().unexpected, 2)
    },
    { onUnexpected: (message) => unexpected.push(message.text) },
  )
  assert.deepEqual(unexpected, ['duplicate', 'stray'])
})

it('a late reply is dropped, and its id is not used before it has come', function* () {
  const cancelled: number[] = []
  yield* connected(
    function* (client, there) {
      const tasks = yield* ask(client, 'first 1', 'first 2', 'first 3')
      yield* received(there, 3)
      tasks[1]?.cancel()
      yield* waitAllBlocked()
      assert.deepEqual(cancelled, [2])
      const { inFlight, quarantined } = client.stats()
      assert.deepEqual({ inFlight, quarantined }, { inFlight: 2, quarantined: 1 })
      for (const id of [1, 3]) yield* there.send({ id, text: `reply ${id}` })
      for (const i of [0, 2]) yield* tasks[i] as Task<string>

      // Ids are 1 to 4, and 2 is taken.
      const again = yield* ask(client, 'second 1', 'second 2', 'second 3')
      assert.deepEqual(
        (yield* received(there, 3)).map(({ id }) => id),
        [4, 1, 3],
      )
      const waiting = spawn(client.request('third'))
      yield* waitAllBlocked()
      assert.equal(waiting.reason, 'its turn to ask client')
      yield* there.send({ id: 2, text: 'late' })
      assert.deepEqual(yield* received(there, 1), [{ id: 2, text: 'third' }])
      assert.equal(client.stats().late, 1)
      for (const id of [1, 2, 3, 4]) yield* there.send({ id, text: `reply ${id}` })
      assert.deepEqual(yield* all(again.map((task) => task.join())), ['reply 4', 'reply 1', 'reply 3'])
      assert.equal(yield* waiting, 'reply 2')
    },
    { ids: { first: 1, last: 4 }, onCancel: (id) => void cancelled.push(id) },
  )
})

it('a peer may be told of a cancel', function* () {
  yield* connected(
    function* (client, there) {
      assert.equal(yield* timeoutOr(5, 'late', client.request('long')), 'late')
      assert.deepEqual(yield* received(there, 2), [
        { id: 1, text: 'long' },
        { id: 1, text: 'cancel' },
      ])
    },
    { onCancel: (id) => ({ id, text: 'cancel' }) },
  )
})

it('a quarantine may end by the clock, or be none', function* (host) {
  for (const quarantineMs of [0, 100]) {
    yield* connected(
      function* (client, there) {
        const start = host.now()
        yield* timeoutOr(5, null, client.request('one'))
        yield* timeoutOr(5, null, client.request('two'))
        const third = spawn(client.request('three'))
        assert.deepEqual(
          (yield* received(there, 3)).map(({ id }) => id),
          [1, 2, 1],
        )
        assert.equal(host.now() - start, quarantineMs === 0 ? 10 : 105)
        yield* there.send({ id: 1, text: 'reply' })
        assert.equal(yield* third, 'reply')
      },
      { ids: { first: 1, last: 2 }, quarantineMs },
    )
  }
})

it('a request that is cancelled before it was sent leaves nothing behind', function* () {
  const out = new Queue<Message>({ capacity: 1 })
  const back = new Queue<Message>()
  const channel: MessageChannel<Message, Message> = {
    receive: () => back.get(),
    send: (message) => out.put(message),
    close: fn(function* close() {
      back.close()
    }),
  }
  yield* scope(function* () {
    using client = openCorrelator(channel, byId)
    // The peer takes nothing: the second waits to send, the third for the second.
    const [first, second, third] = (yield* ask(client, 'one', 'two', 'three')) as [Task<string>, ...Task<string>[]]
    assert.equal(second?.reason, 'room in a queue')
    assert.equal(third?.reason, 'lock "sending on a connection"')
    for (const task of [second, third]) task?.cancel()
    yield* waitAllBlocked()
    const { inFlight, quarantined } = client.stats()
    assert.deepEqual({ inFlight, quarantined }, { inFlight: 1, quarantined: 0 })
    back.tryPut(yield* out.get())
    assert.equal(yield* first, 'one')
    const [fourth] = yield* ask(client, 'four')
    const message = yield* out.get()
    assert.equal(message.text, 'four')
    back.tryPut(message)
    yield* fourth as Task<string>
  })
})

it('no more than so many are in flight; the others wait in line', function* () {
  yield* connected(
    function* (client, there) {
      const tasks = yield* ask(client, 'a', 'b', 'c', 'd')
      const { inFlight, waiting } = client.stats()
      assert.deepEqual({ inFlight, waiting }, { inFlight: 2, waiting: 2 })
      assert.equal(client.load, 4)
      tasks[2]?.cancel()
      const order: string[] = []
      for (let i = 0; i < 3; i++) {
        const [message] = yield* received(there, 1)
        order.push(message!.text)
        yield* there.send(message!)
      }
      assert.deepEqual(order, ['a', 'b', 'd'])
      for (const i of [0, 1, 3]) yield* tasks[i] as Task<string>
      assert.ok(client.hasRoom)
    },
    { maxInFlight: 2 },
  )
})

it('ids may come with the requests; one that is in use is refused', function* () {
  yield* connected(
    function* (client, there) {
      const asking = spawn(client.request('7 apples'))
      yield* waitAllBlocked()
      const error = yield* caught(client.request('7 pears'))
      assert.ok(error instanceof UsageError)
      assert.match(error.message, /the id 7 is in use/)
      yield* there.send({ id: 7, text: 'yes' })
      assert.equal(yield* asking, 'yes')
      assert.equal(client.load, 0)
    },
    { ids: (text) => Number.parseInt(text, 10) },
  )
})

it('a message without a reply has an id of its own, and is owed nothing', function* () {
  yield* connected(function* (client, there) {
    yield* client.send('one')
    yield* client.send('two')
    assert.deepEqual(yield* received(there, 2), [
      { id: 1, text: 'one' },
      { id: 2, text: 'two' },
    ])
    assert.equal(client.load, 0)
  })
})

it('a request has its time, by a duration or a deadline; one that is over is not sent', function* (host) {
  yield* connected(
    function* (client, there) {
      const start = host.now()
      const error = yield* caught(client.request('one'))
      assert.ok(error instanceof TimeoutError)
      assert.match(error.message, /^a request to client did not end within 50 ms/)
      assert.equal(host.now() - start, 50)
      assert.ok((yield* caught(client.request('two', { timeoutMs: 20 }))) instanceof TimeoutError)
      assert.equal(host.now() - start, 70)
      const deadline = currentLoop().now() + 10
      assert.ok((yield* caught(client.request('three', { deadline, timeoutMs: 500 }))) instanceof TimeoutError)
      assert.ok((yield* caught(client.request('four', { deadline }))) instanceof TimeoutError)
      assert.equal(host.now() - start, 80)
      assert.deepEqual(
        (yield* received(there, 3)).map(({ text }) => text),
        ['one', 'two', 'three'],
      )
      assert.equal(client.stats().requests, 3)
      assert.equal(client.stats().quarantined, 3)
    },
    { timeoutMs: 50 },
  )
})

// It may take half a second: ten thousand tasks, each with its spawn site recorded.
it('a lost connection fails all that is pending, each with an error of its own and one cause', function* () {
  const COUNT = 10_000
  yield* connected(
    function* (client, there) {
      const tasks = Array.from({ length: COUNT }, (_, i) => spawn.detached(client.request(`${i}`)))
      spawn(() => received(there, COUNT - 10))
      yield* waitAllBlocked()
      const { inFlight, waiting } = client.stats()
      assert.deepEqual({ inFlight, waiting }, { inFlight: COUNT - 10, waiting: 10 })
      there.stream.reset()
      const errors = new Set<unknown>()
      const causes = new Set<unknown>()
      let sent = 0
      for (const task of tasks) {
        const error = yield* caught(task.join())
        assert.ok(error instanceof LostRequestError && error.code === 'FIBRIL_BROKEN')
        errors.add(error)
        causes.add(error.cause)
        if (error.sent) sent++
      }
      assert.equal(errors.size, COUNT)
      assert.equal(causes.size, 1)
      assert.ok([...causes][0] instanceof BrokenError)
      assert.equal(sent, COUNT - 10)
      assert.match(
        String([...errors][0]),
        /client was lost before the reply to request \d+ came: |before it was sent: /,
      )
      assert.match(String(yield* caught(client.request('more'))), /client was lost before it was sent/)
    },
    { maxInFlight: COUNT - 10 },
  )
})

it('a peer that ends, or sends nonsense, loses the connection, and harms not the scope', function* () {
  yield* connected(function* (client, there) {
    const asking = spawn.detached(client.request('one'))
    yield* waitAllBlocked()
    yield* there.stream.end()
    assert.match(String(yield* caught(asking.join())), /client: the peer ended the connection/)
  })
  yield* connected(function* (client, there) {
    const asking = spawn.detached(client.request('one'))
    yield* there.stream.write('{nonsense}\n')
    const error = (yield* caught(asking.join())) as LostRequestError
    assert.ok(error.cause instanceof SyntaxError)
    assert.equal(client.alive, false)
  })
})

it('the connection is marked as lost before anybody is told', function* () {
  const seen: unknown[] = []
  const clients: Correlator<string, string>[] = []
  yield* connected(
    function* (client, there) {
      clients.push(client)
      const ask = function* (): Body<void> {
        const error = yield* caught(client.request('one'))
        seen.push(clients.length)
        assert.equal(client.alive, false)
        const again = yield* caught(client.request('again'))
        assert.notEqual(again, error)
        assert.ok(again instanceof LostRequestError && !again.sent)
      }
      const tasks = [spawn(ask), spawn(ask)]
      yield* waitAllBlocked()
      there.stream.reset()
      for (const task of tasks) yield* task
    },
    {
      onLost() {
        assert.equal(clients[0]?.alive, false)
        clients.pop()
      },
    },
  )
  assert.deepEqual(seen, [0, 0])
})

it('lost tells when and why the connection is gone', function* () {
  yield* connected(function* (client, there) {
    const watching = spawn(client.lost())
    yield* waitAllBlocked()
    there.stream.destroy()
    assert.match(String(yield* watching), /the peer ended/)
  })
})

it('closing fails what is pending, or waits for it as long as the grace', function* (host) {
  yield* connected(function* (client, there) {
    spawn(() => echo(there))
    const quick = spawn(client.request('text 20'))
    yield* waitAllBlocked()
    const slow = spawn.detached(client.request('text 1000'))
    yield* waitAllBlocked()
    const start = host.now()
    const closing = spawn(client.close({ grace: 100 }))
    yield* waitAllBlocked()
    assert.match(String(yield* caught(client.request('more'))), /ClosedError: client was closed before it was sent/)
    yield* closing
    assert.equal(host.now() - start, 100)
    assert.equal(yield* quick, 'text 20')
    const error = yield* caught(slow.join())
    assert.ok(error instanceof ClosedError)
    assert.match(error.message, /client was closed before the reply to request 2 came/)
    yield* client.close()
  })
  yield* connected(function* (client, there) {
    spawn(() => echo(there))
    const asking = spawn(client.request('text 20'))
    yield* waitAllBlocked()
    const start = host.now()
    yield* client.close({ grace: 1000 })
    assert.equal(host.now() - start, 20)
    assert.equal(yield* asking, 'text 20')
  })
})

it.many('a scope that is cancelled takes its correlator along, wherever it is', function* (host) {
  const [here, there] = jsonPair()
  let client: Correlator<string, string> | null = null
  const owner = spawn.detached(function* () {
    client = openCorrelator(here, byId)
    yield* sleep(Infinity)
  })
  const asking = spawn.detached(function* () {
    while (client === null) yield* yieldNow()
    return yield* client.request('one')
  })
  for (let i = host.seed % 4; i > 0; i--) yield* yieldNow()
  owner.cancel()
  yield* caught(owner.join())
  if (client === null) asking.cancel()
  else assert.ok((yield* caught(asking.join())) instanceof ClosedError)
  if (client === null) here.stream.destroy()
  // It was asked, or not yet; in either case then there is the end.
  while ((yield* there.receive()) !== null);
  assert.equal(here.stream.closed, true)
  there.stream.destroy()
})

it('async code opens one in a scope that it holds', async () => {
  const [here, there] = jsonPair()
  const serving = run(() => echo(there))
  {
    await using tasks = openScope()
    const client = openCorrelator(here, { ...byId, scope: tasks })
    assert.equal(await client.request('hello'), 'hello')
    await client.close()
  }
  await serving
})

it('it waits for the reader in reports', function* () {
  yield* connected(function* (client) {
    const asking = spawn(client.request('one'))
    yield* waitAllBlocked()
    assert.equal(asking.reason, 'the reply to request 1 of client')
    assert.deepEqual(
      [...(asking as unknown as { waitingOn: { holders(): Iterable<object> } }).waitingOn.holders()],
      [client.reader],
    )
    assert.equal(client.reader.name, 'reader of client')
    asking.cancel()
  })
})

it('options that make no sense are refused', function* () {
  const [here] = jsonPair()
  for (const options of [{ maxInFlight: 0 }, { ids: { first: 2, last: 1 } }, { ids: { first: 0.5, last: 1 } }]) {
    assert.throws(() => openCorrelator(here, { ...byId, ...options }), UsageError)
  }
  here.stream.destroy()
})

// -- under stress

inManyOrders(
  'nothing is lost and nothing mixed up, whoever is cancelled at whatever wait',
  function* () {
    for (const options of [{}, { maxInFlight: 1 }, { ids: { first: 0, last: 1 } }]) {
      yield* cancelEverywhere(() => {
        const opened = new Future<Correlator<string, string>>()
        const ask = (name: string) =>
          function* (): Body<void> {
            const client = yield* opened
            for (let i = 0; i < 2; i++) assert.equal(yield* client.request(name + i), name + i)
          }
        let stats: ReturnType<Correlator<string, string>['stats']> | null = null
        return {
          bodies: [ask('a'), ask('b'), ask('c')],
          *supervise(tasks) {
            const [here, there] = jsonPair()
            const client = openCorrelator(here, { ...byId, ...options })
            opened.resolve(client)
            spawn(function* () {
              for (let ask: Message | null; (ask = yield* there.receive()) !== null; ) {
                yield* yieldNow()
                yield* there.send(ask)
              }
              there.stream.destroy()
            })
            for (const task of tasks) yield* ended(task)
            // The late replies are in.
            for (let turn = 0; turn < 3; turn++) yield* yieldNow()
            stats = client.stats()
            yield* client.close()
          },
          check() {
            assert.ok(stats !== null)
            const { inFlight, waiting, unexpected, requests, replies, cancelled } = stats
            assert.deepEqual({ inFlight, waiting, unexpected }, { inFlight: 0, waiting: 0, unexpected: 0 })
            assert.ok(requests >= replies + cancelled)
          },
        }
      })
    }
  },
  10,
)

const OPERATIONS = 100_000

// A hundred thousand requests over tiny ranges of ids, which are used up all the time.
test('ids are never in use twice, whatever is late, cancelled or lost, over ranges of 2 to 16', () => {
  let operations = 0
  for (let bits = 1; operations < OPERATIONS; bits = (bits % 4) + 1) {
    new TestHost({ maxSteps: 1e9 }).runSync(function* (host) {
      const random = new Random(host.seed)
      const [here, there] = jsonPair()
      const first = random.below(5) - 2
      const last = first + 2 ** bits - 1
      const client = openCorrelator(here, {
        ...byId,
        ids: { first, last },
        ...(random.below(2) === 0 ? {} : { maxInFlight: 1 + random.below(2 ** bits) }),
      })
      /** What the peer owes: an id is here once, or the client broke its word. */
      const owed = new Map<number, string>()
      const serving = spawn(function* () {
        for (let ask: Message | null; (ask = yield* there.receive()) !== null; ) {
          const id = ask.id as number
          assert.ok(id >= first && id <= last)
          assert.ok(!owed.has(id), `id ${id} is used again before its reply`)
          owed.set(id, ask.text)
        }
      })
      const tasks: Task<void>[] = []
      for (let i = 0; i < 2000; i++, operations++) {
        const dice = random.below(10)
        if (dice < 5) {
          const text = `question ${i}`
          tasks.push(
            spawn(function* () {
              assert.equal(yield* client.request(text), text)
            }),
          )
        } else if (dice < 9 && owed.size > 0) {
          const [id, text] = [...owed][random.below(owed.size)] as [number, string]
          owed.delete(id)
          yield* there.send({ id, text })
        } else tasks[random.below(tasks.length)]?.cancel()
        if (random.below(2) === 0) yield* waitAllBlocked()
        const { inFlight, quarantined } = client.stats()
        assert.ok(inFlight + quarantined <= 2 ** bits)
      }
      for (const task of tasks) task.cancel()
      yield* waitAllBlocked()
      for (const [id, text] of owed) yield* there.send({ id, text })
      owed.clear()
      yield* waitAllBlocked()
      const { inFlight, quarantined, waiting, unexpected } = client.stats()
      assert.deepEqual(
        { inFlight, quarantined, waiting, unexpected },
        { inFlight: 0, quarantined: 0, waiting: 0, unexpected: 0 },
      )
      assert.equal(client.load, 0, 'every place is free')
      yield* client.close()
      there.stream.destroy()
      yield* serving
    })
  }
})

// A second or so: a thousand schedules, each of tens of milliseconds of virtual time.
test('replies, cancels, timeouts, a close and a loss that meet in one moment settle every request, once', async () => {
  await explore(
    function* (host: TestHost) {
      const random = new Random(host.seed)
      const [here, there] = jsonPair()
      const serving = spawn(function* () {
        for (let ask: Message | null; (ask = yield* there.receive()) !== null; ) {
          yield* sleep(random.below(3))
          if (random.below(6) === 0) there.stream.reset()
          if (there.stream.closed) return
          try {
            yield* there.send(ask)
          } catch (error) {
            // The client has gone.
            assert.ok(error instanceof BrokenError)
          }
        }
        there.stream.destroy()
      })
      yield* scope(function* () {
        using client = openCorrelator(here, {
          ...byId,
          maxInFlight: 1 + random.below(3),
          timeoutMs: 1 + random.below(6),
          quarantineMs: random.below(2) === 0 ? 1000 : Infinity,
          ids: { first: 1, last: 3 },
        })
        const known = ['FIBRIL_TIMEOUT', 'FIBRIL_CLOSED', 'FIBRIL_BROKEN']
        const asking = Array.from({ length: 6 }, (_, i) =>
          spawn(function* () {
            try {
              assert.equal(yield* client.request(`${i}`), `${i}`)
            } catch (error) {
              if (!known.includes((error as { code: string }).code)) throw error
            }
          }),
        )
        yield* sleep(random.below(4))
        asking[random.below(6)]?.cancel()
        yield* sleep(random.below(4))
        yield* client.close({ grace: random.below(4) })
        const { inFlight, waiting } = client.stats()
        assert.deepEqual({ inFlight, waiting }, { inFlight: 0, waiting: 0 })
        for (const task of asking) assert.notEqual(task.outcome?.status, 'failed')
      })
      yield* serving
    },
    { runs: 1000 },
  )
})

// -- in a pool

it('a pool of correlators drops one that is lost, and opens another', function* () {
  const servers: There[] = []
  const pool = new ConnectionPool<Correlator<string, string>>({
    max: 1,
    connect() {
      const [here, there] = jsonPair()
      servers.push(there)
      spawn(() => echo(there))
      return openCorrelator(here, byId)
    },
    close: (client) => client.close(),
    watch: (client) => client.lost(),
    isUsable: (client) => client.alive,
    onError() {},
  })
  assert.equal(yield* pool.use((client) => client.request('one')), 'one')
  servers[0]?.stream.reset()
  yield* waitAllBlocked()
  assert.equal(pool.stats().size, 0)
  assert.equal(pool.stats().failures.idle, 1)
  assert.equal(yield* pool.use((client) => client.request('two')), 'two')
  // Cancelled amid a request, it is as good as before: the late reply has an id.
  assert.equal(
    yield* timeoutOr(
      5,
      'late',
      pool.use((client) => client.request('text 50')),
    ),
    'late',
  )
  assert.equal(yield* pool.use((client) => client.request('three')), 'three')
  assert.equal(servers.length, 2)
  yield* pool.close()
})
