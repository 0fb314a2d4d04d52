import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as core from '../../src/core/index.ts'
import {
  all,
  allSettled,
  any,
  atomic,
  Barrier,
  CancelledError,
  Channel,
  Condition,
  connect,
  connectTls,
  currentTask,
  Event,
  Future,
  green,
  iterate,
  join,
  Limit,
  Lock,
  listen,
  listenTls,
  mapLimit,
  memoryPair,
  NativeFrameError,
  offload as offloadedTo,
  pump,
  Queue,
  ReentrantLock,
  race,
  run,
  Scope,
  Semaphore,
  Server,
  type Socket,
  scope,
  serve,
  shield,
  sleep,
  spawn,
  startTls,
  Task,
  TaskLocal,
  ThreadPool,
  TimeoutError,
  type TlsSocket,
  thingOf,
  timeout,
  timeoutOr,
  udp,
  wait,
  yieldNow,
} from '../../src/green/index.ts'
import * as net from '../../src/net/index.ts'
import * as offload from '../../src/offload/index.ts'
import { NetstringFraming } from '../../src/protocol/index.ts'
import * as sync from '../../src/sync/index.ts'
import { it } from '../support/it.ts'
import { byHand, itByHand } from './api-by-hand.ts'

// -- Queues and locks

itByHand('a queue hands items over by plain calls', function* (call) {
  const queue = new Queue<string>({ capacity: 1 })
  const producer = spawn(
    byHand(function* (call) {
      for (const item of ['a', 'b', 'c']) yield* call([queue, 'put'], item)
      queue.close()
    }),
  )
  const taken: unknown[] = []
  const items = queue[Symbol.iterator]()
  for (;;) {
    const next = (yield* call([items, 'next'])) as IteratorResult<string>
    if (next.done) break
    taken.push(next.value)
  }
  yield* call([producer, 'join'])
  assert.deepEqual(taken, ['a', 'b', 'c'])
})

itByHand('what a blocking call asks of user code may itself use blocking calls that need not wait', function* (call) {
  const other = new Queue<number>()
  const queue = new Queue<number>({
    order(a, b) {
      other.stats()
      assert.throws(() => other.get(), NativeFrameError)
      return a - b
    },
  })
  queue.tryPut(2)
  queue.tryPut(1)
  assert.equal(yield* call([queue, 'get']), 1)
  const items = function* (): Generator<() => void> {
    other.stats()
    yield () => {}
  }
  spawn(sleep, 1)
  assert.deepEqual(yield* call(all as () => unknown, items()), [undefined])
})

itByHand('forEach of a channel runs green functions', function* (call) {
  const channel = new Channel<number>()
  const seen: number[] = []
  spawn(
    byHand(function* (call) {
      for (const n of [1, 2]) yield* call([channel, 'send'], n)
      channel.close()
    }),
  )
  const body = byHand(function* (call, n: number) {
    yield* call(sleep, 1)
    seen.push(n)
  })
  yield* call([channel, 'forEach'], body)
  assert.deepEqual(seen, [1, 2])
})

itByHand('a thing of fibril/sync and its face are one', function* (call) {
  const queue = new Queue<number>({ name: 'shared' })
  const behind = thingOf(queue) as sync.Queue<number>
  assert.ok(behind instanceof sync.Queue)
  behind.tryPut(7)
  assert.equal(yield* call([queue, 'get']), 7)
  assert.equal(String(queue), 'queue "shared"')
  assert.equal(queue.name, 'shared')
  assert.equal(queue.stats().put, 1)
  assert.match(String(currentTask()), /^task .+ #\d+$/)
})

itByHand('a lock belongs to the task that calls, and `with` gives it back', function* (call) {
  const lock = new Lock({ name: 'door' })
  const inside: string[] = []
  const visit = byHand(function* (call, who: string) {
    inside.push(`${who} in`)
    yield* call(sleep, 1)
    inside.push(`${who} out`)
    return who
  })
  const tasks = ['a', 'b'].map((who) =>
    spawn(
      byHand(function* (call) {
        return yield* call([lock, 'with'], visit, who)
      }),
    ),
  )
  const results: unknown[] = []
  for (const task of tasks) results.push(yield* call(join, task))
  assert.deepEqual(results, ['a', 'b'])
  assert.equal(inside.length, 4)
  assert.equal(inside[0]?.[0], inside[1]?.[0])
  assert.equal(lock.locked, false)

  const held = (yield* call([lock, 'acquire'])) as Disposable
  assert.equal(lock.tryAcquire(), false)
  held[Symbol.dispose]()
  assert.equal(lock.locked, false)
})

itByHand('a condition waits with the lock that it was given', function* (call) {
  const lock = new ReentrantLock()
  const changed = new Condition({ lock })
  assert.equal(changed.lock, lock)
  let ready = false
  spawn(
    byHand(function* (call) {
      yield* call([lock, 'acquire'])
      ready = true
      changed.notify()
      lock.release()
    }),
  )
  yield* call([lock, 'acquire'])
  yield* call([changed, 'waitFor'], () => ready)
  lock.release()
  assert.equal(ready, true)
})

itByHand('events, barriers, semaphores and futures wait by plain calls', function* (call) {
  const event = new Event()
  const barrier = new Barrier(2)
  const permits = new Semaphore(1)
  const answer = new Future<number>('the answer')
  const other = spawn(
    byHand(function* (call) {
      yield* call([event, 'wait'])
      yield* call([barrier, 'wait'])
      return yield* call([permits, 'with'], () => answer.resolve(42))
    }),
  )
  event.set()
  yield* call([barrier, 'wait'])
  assert.equal(yield* call([answer, 'wait']), 42)
  yield* call(join, other)
  assert.equal(permits.available, 1)
})

itByHand('a limit and mapLimit run so many bodies at a time', function* (call) {
  let running = 0
  let most = 0
  const work = byHand(function* (call, n: number) {
    most = Math.max(most, ++running)
    yield* call(sleep, n)
    running--
    return 2 * n
  })
  assert.deepEqual(yield* call(mapLimit<number, number>, [3, 1, 2], work, { concurrency: 2 }), [6, 2, 4])
  assert.equal(most, 2)

  most = 0
  const limit = new Limit(1)
  const both = [1, 2].map((n) =>
    spawn(
      byHand(function* (call) {
        return yield* call([limit, 'run'], work, n)
      }),
    ),
  )
  const results: unknown[] = []
  for (const task of both) results.push(yield* call(join, task))
  assert.deepEqual([results, most], [[2, 4], 1])
})

itByHand('a TaskLocal may park in create and in dispose', function* (call) {
  const log: string[] = []
  const local = new TaskLocal<string>({
    create: byHand(function* (call) {
      yield* call(sleep, 1)
      return 'made'
    }),
    dispose: byHand(function* (call, value: string) {
      yield* call(sleep, 1)
      log.push(`disposed ${value}`)
    }) as (value: string) => void,
  })
  const task = spawn(
    byHand(function* (call) {
      log.push((yield* call([local, 'get'])) as string)
      log.push((yield* call([local, 'get'])) as string)
    }),
  )
  yield* call(join, task)
  assert.deepEqual(log, ['made', 'made', 'disposed made'])
})

itByHand('a TaskLocal whose create need not wait can be asked for under a native frame', function* (call) {
  const local = new TaskLocal({ create: () => 'made' })
  const text = yield* call(JSON.stringify, { toJSON: () => local.get() })
  assert.equal(text, '"made"')
})

test('faces have all that their things have, but for what is internal', () => {
  const internal: readonly (readonly [face: { prototype: object }, thing: { prototype: object }, names: string])[] = [
    [Queue, sync.Queue, 'closedError giving handled offer take taking takeFromHand admit'],
    [Channel, sync.Channel, 'closedError giving handled offer take taking takeFromHand admit'],
    [Event, sync.Event, ''],
    [Lock, sync.Lock, 'assertHeldBy handOn take'],
    [ReentrantLock, sync.ReentrantLock, 'assertHeldBy handOn take'],
    [Semaphore, sync.Semaphore, 'holders'],
    [Condition, sync.Condition, ''],
    [Barrier, sync.Barrier, 'break brokenError open'],
    [Limit, sync.Limit, ''],
    [Future, core.Future, 'left thrown valueOrThrow'],
    [TaskLocal, core.TaskLocal, 'dispose'],
    [Scope, core.Scope, ''],
    [Server, net.Server, ''],
    [
      memoryPair()[0].constructor as typeof net.BufferedStream,
      net.BufferedStream,
      'abort closeAtOnce closedByCaller closeReading counted expire letGo liftTimeLimits moved wholeMs',
    ],
    [ThreadPool, offload.ThreadPool, ''],
  ]
  for (const [face, thing, names] of internal) {
    const missing = [...membersOf(thing.prototype)].filter(
      // `yield*` is how the others wait; what it is called in reports is asked of the thing.
      (name) => name !== Symbol.iterator && name !== core.KIND && !membersOf(face.prototype).has(name),
    )
    assert.deepEqual(
      new Set(missing),
      new Set(names.split(' ').filter((name) => name !== '')),
      thing.prototype.constructor.name,
    )
  }
})

function membersOf(prototype: object): Set<PropertyKey> {
  const names = new Set<PropertyKey>()
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Reflect.ownKeys(at)) names.add(name)
  return names
}

// -- Tasks

itByHand(
  'spawn passes arguments, names the task after its function, and join gives the result',
  function* (call, host) {
    function double(n: number): number {
      return 2 * n
    }
    const task = spawn(double, 21)
    assert.ok(task instanceof Task)
    assert.equal(task.name, 'double')
    assert.equal(yield* call([task, 'join']), 42)
    assert.equal(spawn.with({ name: 'other' }, double, 1).name, 'other')
    assert.equal(spawn(core.sleep(1)).parent, currentTask())
    assert.equal(currentTask()?.children.length, 2)
    const detached = spawn.detached(sleep, 5)
    assert.equal(detached.parent, null)
    yield* call(join, detached)
    assert.equal(host.now(), 5)
  },
)

itByHand('a blocking call of ours can itself be what a task runs', function* (call, host) {
  const task = spawn(sleep, 10)
  yield* call(join, task)
  assert.equal(host.now(), 10)
})

itByHand('the failure of a task is thrown by join, a cancel as CancelledError', function* (call) {
  const caught = byHand(function* (call, task: Task<unknown>) {
    try {
      yield* call(join, task)
      return null
    } catch (error) {
      return error
    }
  })
  const failure = new Error('boom')
  const failing = spawn.detached(() => {
    throw failure
  })
  assert.equal(yield* call(caught, failing), failure)
  const sleeping = spawn.detached(sleep, Infinity)
  sleeping.cancel('enough')
  assert.ok((yield* call(caught, sleeping)) instanceof CancelledError)
})

itByHand('a scope ends with its tasks', function* (call, host) {
  const opened = byHand(function* (_call, inner: Scope) {
    inner.spawn(sleep, 7)
    return inner.tasks.length
  })
  assert.equal(yield* call(scope<number>, opened), 1)
  assert.equal(host.now(), 7)
})

it('a cancel runs the finally blocks of green code, which may park, and no catch', function* (host) {
  const log: string[] = []
  const task = run(
    byHand(function* (call) {
      try {
        yield* call(sleep, 1000)
      } catch {
        log.push('caught')
      } finally {
        yield* call(sleep, 1)
        log.push('cleaned')
      }
    }),
  )
  yield* core.sleep(5)
  task.cancel()
  yield* core.allSettled([thingOf(task)])
  assert.deepEqual([log, host.now(), task.outcome?.status], [['cleaned'], 6, 'cancelled'])
})

// -- Waiting

itByHand('wait takes promises, tasks, records and functions with a signal', function* (call) {
  const task = spawn(() => 'task')
  assert.equal(yield* call(wait, Promise.resolve('promise')), 'promise')
  assert.equal(yield* call(wait, task), 'task')
  assert.deepEqual(yield* call(wait, { a: task, b: Promise.resolve(1), c: 'plain' }), {
    a: 'task',
    b: 1,
    c: 'plain',
  })
  assert.deepEqual(yield* call(wait, [task, core.sleep(1)]), ['task', undefined])
  assert.equal(yield* call(wait, async (signal: AbortSignal) => signal.aborted), false)
})

itByHand('all, race, any and allSettled run green functions side by side', function* (call, host) {
  const after = (ms: number) =>
    byHand(function* (call) {
      yield* call(sleep, ms)
      return ms
    })
  assert.deepEqual(yield* call(all, [after(2), after(1), Promise.resolve('c')]), [2, 1, 'c'])
  assert.equal(yield* call(race as () => unknown, [after(1000), after(3)]), 3)
  assert.equal(yield* call(any as () => unknown, [() => Promise.reject(new Error('no')), after(1)]), 1)
  const [outcome] = (yield* call(allSettled, [spawn.detached(() => 1)])) as core.Outcome<number>[]
  assert.equal(outcome?.status, 'done')
  assert.ok(host.now() < 1000)
})

itByHand('timeouts unwind the body, a shield holds them off', function* (call, host) {
  let error: unknown
  try {
    yield* call(timeout, 5, sleep, 1000)
  } catch (caught) {
    error = caught
  }
  assert.ok(error instanceof TimeoutError)
  assert.equal(host.now(), 5)
  assert.equal(yield* call(timeoutOr, 5, 'late', sleep, 1000), 'late')
  const shielded = byHand(function* (call) {
    yield* call(shield, sleep, 20)
    yield* call(sleep, 1000)
  })
  yield* call(timeoutOr, 5, 'late', shielded)
  assert.equal(host.now(), 30)
})

itByHand(
  'yieldNow lets others run',
  function* (call) {
    const log: string[] = []
    spawn(() => log.push('other'))
    yield* call(yieldNow)
    log.push('this')
    assert.deepEqual(log, ['other', 'this'])
  },
  { shuffle: false },
)

itByHand('iterate goes through an async iterable, and closes it', function* (call) {
  let closed = false
  async function* numbers(): AsyncGenerator<number> {
    try {
      yield 1
      await null
      yield 2
    } finally {
      closed = true
    }
  }
  const steps = iterate(numbers())[Symbol.iterator]()
  assert.deepEqual(yield* call([steps, 'next']), { value: 1, done: false })
  assert.deepEqual(yield* call([steps, 'next']), { value: 2, done: false })
  yield* call([steps, 'return'])
  assert.equal(closed, true)
})

itByHand('atomic refuses what would park, before anything has happened', function* (call) {
  const queue = new Queue<number>()
  const sum = yield* call(atomic, (a: number, b: number) => a + b, 1, 2)
  assert.equal(sum, 3)
  let error: unknown
  try {
    yield* call(
      atomic,
      byHand(function* (call) {
        yield* call([queue, 'get'])
      }),
    )
  } catch (caught) {
    error = caught
  }
  assert.ok(error instanceof NativeFrameError)
  assert.equal(queue.stats().getters, 0)
})

// -- The ways in

test('outside any task a blocking call says how to get into one', () => {
  assert.throws(() => sleep(1), { code: 'FIBRIL_USAGE', message: /outside any task.*fibril run.*run\(/ })
})

it('in code that was not compiled a blocking call says so, and what to do', function* () {
  const uncompiled = (): void => sleep(1)
  yield* core.wait(
    run(() => assert.throws(uncompiled, { code: 'FIBRIL_NATIVE_FRAME', message: /compiled/ })) as PromiseLike<void>,
  )
})

it('green makes an async function of a green one', async () => {
  const slowly = green(
    byHand(function* slowly(call, n: number) {
      yield* call(sleep, 3)
      return n + 1
    }),
  )
  assert.equal(await slowly(1), 2)
})

it('run starts a task at the root, with a name if it is given one', async () => {
  const task = run.with(
    { name: 'main' },
    byHand(function* (call, n: number) {
      yield* call(sleep, 1)
      return n
    }),
    5,
  )
  assert.equal(task.name, 'main')
  assert.equal(await task, 5)
})

// -- Sockets

itByHand('streams are read and written by plain calls', function* (call) {
  const [here, there] = memoryPair()
  yield* call([here, 'write'], 'ping\npong\n')
  here[Symbol.dispose]()
  const lines = there.lines()[Symbol.iterator]()
  assert.deepEqual(yield* call([lines, 'next']), { value: 'ping', done: false })
  assert.equal(yield* call([there, 'readLine']), 'pong')
  assert.equal(yield* call([there, 'readLine']), null)
  yield* call([there, 'close'])
})

itByHand('messages go through a stream by a framing', function* (call) {
  const [here, there] = memoryPair()
  const channel = here.upgrade(new NetstringFraming())
  yield* call([channel, 'send'], 'one')
  yield* call([channel, 'send'], 'two')
  yield* call([here, 'end'])
  const text = (message: unknown): string => new TextDecoder().decode(message as Uint8Array)
  assert.equal(text(yield* call([there, 'receive'], new NetstringFraming())), 'one')
  const messages = there.upgrade(new NetstringFraming()).messages()[Symbol.iterator]()
  assert.equal(text(((yield* call([messages, 'next'])) as IteratorResult<unknown>).value), 'two')
  assert.deepEqual(yield* call([messages, 'next']), { value: undefined, done: true })
  assert.equal(channel.stream, here)
  for (const stream of [here, there]) yield* call([stream, 'close'])
})

itByHand('a cancelled step of lines takes no line', function* (call) {
  const [here, there] = memoryPair()
  const lines = there.lines()[Symbol.iterator]()
  const reader = spawn.detached(
    byHand(function* (call) {
      yield* call([lines, 'next'])
    }),
  )
  while (reader.state !== 'parked') yield* call(sleep, 1)
  reader.cancel()
  yield* call(allSettled as () => unknown, [reader])
  yield* call([here, 'write'], 'kept\n')
  assert.equal(yield* call([there, 'readLine']), 'kept')
  for (const stream of [here, there]) yield* call([stream, 'close'])
})

itByHand('pump copies from one stream to another', function* (call) {
  const [a, b] = memoryPair()
  const [c, d] = memoryPair()
  yield* call([a, 'write'], 'through\n')
  yield* call([a, 'end'])
  assert.equal(yield* call(pump, b, c), 8)
  assert.equal(yield* call([d, 'readLine']), 'through')
  for (const stream of [a, b, c, d]) yield* call([stream, 'close'])
})

// Real sockets: that the faces fit together.
itByHand('TLS is connected, listened for and started by plain calls', function* (call) {
  const file = (name: string): Buffer => readFileSync(`test/net/certificates/${name}.pem`)
  const certificates = { cert: file('server'), key: file('server-key') }
  const shout = byHand(function* (call, socket: Socket) {
    yield* call([socket, 'write'], `${String(yield* call([socket, 'readLine'])).toUpperCase()}\n`)
  })
  const server = (yield* call(listenTls, { port: 0, certificates })) as Server<TlsSocket>
  const serving = spawn(
    byHand(function* (call) {
      yield* call([server, 'serve'], shout)
    }),
  )
  const direct = yield* call(connectTls, { host: 'localhost', port: server.port, ca: file('ca') })
  yield* call([direct, 'write'], 'hello\n')
  assert.equal(yield* call([direct, 'readLine']), 'HELLO')
  assert.equal(direct.authorized, true)
  const plain = yield* call(connect, { host: 'localhost', port: server.port })
  const started = yield* call(startTls, plain, { side: 'client', servername: 'localhost', ca: file('ca') })
  yield* call([started, 'write'], 'again\n')
  assert.equal(yield* call([started, 'readLine']), 'AGAIN')
  for (const socket of [direct, started]) yield* call([socket, 'close'])
  yield* call([server, 'stop'])
  yield* call(join, serving)
})

itByHand('datagrams are sent and received by plain calls', function* (call) {
  const here = yield* call(udp, { port: 0 })
  const there = yield* call(udp, { port: 0 })
  yield* call([here, 'send'], 'ping', { host: '127.0.0.1', port: there.port })
  const { data, from } = (yield* call([there, 'receive'])) as { data: Buffer; from: { port: number } }
  assert.deepEqual([data.toString(), from.port], ['ping', here.port])
  for (const socket of [here, there]) socket.close()
})

// A real socket: that the faces of server, socket and handler fit together.
itByHand('a server runs a green handler for each connection', function* (call) {
  const server = yield* call(listen, { port: 0 })
  const echo = byHand(function* (call, socket: Socket) {
    for (let line: unknown; (line = yield* call([socket, 'readLine'])) !== null; )
      yield* call([socket, 'write'], `${line}!\n`)
  })
  const serving = spawn(
    byHand(function* (call) {
      yield* call([server, 'serve'], echo)
    }),
  )
  const socket = yield* call(connect, { port: server.port })
  yield* call([socket, 'write'], 'hello\n')
  assert.equal(yield* call([socket, 'readLine']), 'hello!')
  assert.equal(server.sockets.size, 1)
  yield* call([socket, 'close'])
  yield* call([server, 'stop'])
  yield* call(join, serving)
})

itByHand('serve tells who asks about servers and sockets as green code sees them', function* (call) {
  const failure = new Error('of the handler')
  const started = new Future<Server>('the server')
  const failed = new Future<readonly [unknown, unknown]>('a failure')
  const serving = spawn(
    byHand(function* (call) {
      const handler = byHand(function* (call, socket: Socket) {
        yield* call([socket, 'readLine'])
        throw failure
      })
      yield* call(serve, handler, {
        port: 0,
        onListen: (server: Server) => started.resolve(server),
        onError: (error: unknown, socket: unknown) => failed.resolve([error, socket]),
      })
    }),
  )
  const server = (yield* call([started, 'wait'])) as Server
  assert.ok(server instanceof Server)
  const socket = yield* call(connect, { port: server.port })
  yield* call([socket, 'write'], 'anything\n')
  const [error, theirs] = (yield* call([failed, 'wait'])) as readonly [unknown, Socket]
  assert.equal(error, failure)
  assert.equal(theirs.remote.port, socket.local.port)
  yield* call([socket, 'close'])
  yield* call([server, 'stop'])
  yield* call(join, serving)
})

itByHand('a server that accepts gives sockets as green code sees them', function* (call) {
  const server = yield* call(listen, { port: 0 })
  const near = yield* call(connect, { port: server.port })
  const far = (yield* call([server, 'accept'])) as Socket
  yield* call([far, 'end'])
  assert.equal(yield* call([near, 'read']), null)
  for (const socket of [near, far]) yield* call([socket, 'close'])
  yield* call([server, 'stop'])
})

// -- Pools

itByHand('a thread pool computes elsewhere, and gives the result of a plain call', function* (call) {
  const source = 'export const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2))'
  const pool = new ThreadPool<{ fib(n: number): number }>(`data:text/javascript,${encodeURIComponent(source)}`, {
    size: 1,
  })
  assert.equal(yield* call([pool, 'submit'], 'fib', 20), 6765)
  assert.equal(yield* call([pool.with({ priority: 1 }).with({ timeout: 60_000 }), 'submit'], 'fib', 20), 6765)
  yield* call([pool, 'close'])
  assert.equal(pool.stats().state, 'closed')
})

itByHand('a stream of a pool gives results one by one, to a plain call', function* (call) {
  const source = 'export function* naturals(n) { for (let i = 0; i < n; i++) yield i }'
  const pool = new ThreadPool<{ naturals(n: number): Generator<number, void, void> }>(
    `data:text/javascript,${encodeURIComponent(source)}`,
    { size: 1 },
  )
  const stream = pool.stream('naturals', 3)
  assert.deepEqual(yield* call([stream, 'next']), { value: 0, done: false })
  assert.deepEqual(yield* call([stream, 'all']), [1, 2])
  yield* call([pool, 'close'])
})

itByHand('an offloaded function is called as a plain one', function* (call) {
  assert.equal(
    yield* call(
      offloadedTo((n: number) => n + 1),
      41,
    ),
    42,
  )
})
