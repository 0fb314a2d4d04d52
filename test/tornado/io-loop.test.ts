import assert from 'node:assert/strict'
import { connect as connectNode, createServer, type Server, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { DeadlockError, fn, sleep as sleepOf, spawn, suspend, TimeoutError, UsageError } from '../../src/core/index.ts'
import { TestHost } from '../../src/testing/index.ts'
import { BadYieldError, coroutine, Future, IOLoop, StoppedError, sleep } from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure, logged } from './support.ts'

describe('callbacks', () => {
  it(
    'run in a later turn, in their order, with their arguments',
    function* () {
      const loop = IOLoop.current()
      const order: string[] = []
      loop.addCallback((a: string, b: number) => order.push(`${a}${b}`), 'x', 1)
      loop.addCallback(() => {
        order.push('outer')
        loop.addCallback(() => order.push('inner'))
        order.push('still outer')
      })
      loop.addCallback(() => order.push('third'))
      assert.deepEqual(order, [])
      yield* sleepOf(1)
      assert.deepEqual(order, ['x1', 'outer', 'still outer', 'third', 'inner'])
    },
    { shuffle: false },
  )

  it('that fail are logged, and the rest run; a yieldable that one gives is waited for, and its failure logged', function* () {
    const loop = IOLoop.current()
    let ran = false
    const lines = yield* logged(
      fn(function* () {
        loop.addCallback(function broken() {
          throw new Error('at once')
        })
        loop.addCallback(
          coroutine(function* later() {
            yield sleep(1)
            throw new Error('later')
          }),
        )
        loop.addCallback(() => void (ran = true))
        yield* sleepOf(5)
      }),
    )
    assert.deepEqual(lines.sort(), ['Exception in callback broken: at once', 'Exception in callback later: later'])
    assert.equal(ran, true)
  })

  it('that give {} or [] do no harm', function* () {
    const loop = IOLoop.current()
    for (const given of [{}, [], 'text', 7, null, new Map()]) loop.addCallback(() => given)
    yield* sleepOf(1)
  })

  it('are given to handleCallbackException, which can be replaced', function* () {
    const loop = IOLoop.current()
    const seen: unknown[] = []
    loop.handleCallbackException = (callback, error) => seen.push(callback.name, (error as Error).message)
    loop.addCallback(function broken() {
      throw new Error('boom')
    })
    yield* sleepOf(1)
    assert.deepEqual(seen, ['broken', 'boom'])
  })

  it('are dropped after close; the next current loop is a new one', function* () {
    const loop = IOLoop.current()
    assert.equal(IOLoop.current(), loop)
    loop.close()
    loop.addCallback(() => assert.fail('it was closed'))
    yield* sleepOf(1)
    assert.notEqual(IOLoop.current(), loop)
  })
})

describe('timers', () => {
  it(
    'are relative, keep their arguments, and equal ones are first in, first out',
    function* (host) {
      const loop = IOLoop.current()
      const order: string[] = []
      for (let i = 0; i < 5; i++) loop.callLater(10, (n: number) => order.push(`later ${n}`), i)
      loop.callAt(loop.time() + 5, () => order.push(`at ${host.now()}`))
      loop.addTimeout(0, () => order.push('soon'))
      yield* sleepOf(20)
      assert.deepEqual(order, ['soon', 'at 5', ...[0, 1, 2, 3, 4].map((n) => `later ${n}`)])
    },
    { shuffle: false },
  )

  it(
    'that are removed do not run, also when they are due already; removing one that has fired does no harm',
    function* () {
      const loop = IOLoop.current()
      const order: string[] = []
      const first = loop.callLater(5, () => {
        order.push('first')
        loop.removeTimeout(second)
        loop.removeTimeout(first)
      })
      const second = loop.callLater(5, () => order.push('second'))
      const third = loop.callLater(1, () => order.push('third'))
      loop.removeTimeout(third)
      yield* sleepOf(10)
      loop.removeTimeout(first)
      assert.deepEqual(order, ['first'])
    },
    { shuffle: false },
  )

  it('of no number are a TypeError', function* () {
    assert.throws(() => IOLoop.current().addTimeout('soon' as never, () => {}), TypeError)
    assert.throws(() => IOLoop.current().callLater(Number.NaN, () => {}), TypeError)
    yield* sleepOf(0)
  })
})

describe('start and stop', () => {
  it('start waits until stop is called; a nested start is refused', function* () {
    const loop = IOLoop.current()
    const order: string[] = []
    loop.addCallback(() => {
      order.push('callback')
      assert.throws(() => loop.start().next(), UsageError)
    })
    loop.callLater(5, () => loop.stop())
    yield* loop.start()
    order.push('stopped')
    assert.deepEqual(order, ['callback', 'stopped'])
  })

  it('stop before start makes the next start end at once, and only that', function* (host) {
    const loop = IOLoop.current()
    loop.stop()
    yield* loop.start()
    assert.equal(host.now(), 0)
    loop.callLater(3, () => loop.stop())
    yield* loop.start()
    assert.equal(host.now(), 3)
  })

  test('a start that nothing can ever stop is a deadlock, not a hang', async () => {
    await assert.rejects(
      new TestHost().run(() => IOLoop.current().start()),
      (error) => error instanceof DeadlockError && /the future "IOLoop.stop\(\)"/.test(error.message),
    )
  })
})

describe('runSync', () => {
  it('gives the result of a coroutine, a promise, an operation, or nothing', function* () {
    const loop = IOLoop.current()
    assert.equal(
      yield* loop.runSync(
        coroutine(function* () {
          yield sleep(1)
          return 42
        }),
      ),
      42,
    )
    assert.equal(yield* loop.runSync(() => Promise.resolve('p')), 'p')
    assert.equal(yield* loop.runSync(() => sleepOf(1)), undefined)
    assert.equal(yield* loop.runSync(() => undefined), undefined)
  })

  it('runs main in a later turn', function* () {
    const order: string[] = []
    const running = spawn(() => IOLoop.current().runSync(() => void order.push('main')))
    order.push('caller')
    yield* running
    assert.deepEqual(order, ['caller', 'main'])
  })

  it('throws what main throws, and refuses what cannot be waited for', function* () {
    const loop = IOLoop.current()
    const broken = (): never => {
      throw new Error('boom')
    }
    assert.equal((yield* failure(loop.runSync(broken))).message, 'boom')
    assert.ok((yield* failure(loop.runSync(() => 42))) instanceof BadYieldError)
  })

  it('past its time cancels the coroutine, awaits its cleanup, and is a TimeoutError', function* (host) {
    const order: string[] = []
    const main = coroutine(function* () {
      try {
        yield sleep(1000)
      } finally {
        yield sleep(2)
        order.push('cleaned')
      }
    })
    const error = yield* failure(IOLoop.current().runSync(main, 10))
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.ms, 10)
    assert.equal(host.now(), 12)
    assert.deepEqual(order, ['cleaned'])
  })

  it('that is stopped before it has its result is a StoppedError', function* () {
    const loop = IOLoop.current()
    const error = yield* failure(
      loop.runSync(
        coroutine(function* () {
          yield sleep(1)
          loop.stop()
          yield sleep(1000)
        }),
      ),
    )
    assert.ok(error instanceof StoppedError)
    assert.match(error.message, /Event loop stopped before Future completed/)
    assert.equal(yield* loop.runSync(() => Promise.resolve('again')), 'again')
  })
})

describe('addFuture', () => {
  it('calls back in a later turn, also for one that is done', function* () {
    const loop = IOLoop.current()
    const future = new Future<number>()
    future.setResult(1)
    const results: number[] = []
    loop.addFuture(future, (done) => results.push(done.result()))
    assert.deepEqual(results, [])
    yield* sleepOf(1)
    assert.deepEqual(results, [1])
  })
})

describe('runInExecutor', () => {
  const executor = {
    submit: (work: (...args: never[]) => unknown, ...args: readonly unknown[]) =>
      Promise.resolve().then(() => (work as (...args: readonly unknown[]) => unknown)(...args)),
  }

  it('gives the result or failure of work that runs elsewhere', function* () {
    const loop = IOLoop.current()
    assert.equal(yield* loop.runInExecutor(executor, (a: number, b: number) => a + b, 1, 2), 3)
    const broken = (): never => {
      throw new Error('there')
    }
    assert.equal((yield* failure(loop.runInExecutor(executor, broken))).message, 'there')
    assert.throws(() => loop.runInExecutor(null, broken), UsageError)
    loop.setDefaultExecutor(executor)
    assert.equal(yield* loop.runInExecutor(null, () => 'default'), 'default')
    loop.close()
  })
})

describe('handlers of sockets', () => {
  const listening = (server: Server) =>
    suspend<number>(
      'a server',
      (wake) => {
        server.listen(0, '127.0.0.1', () => wake((server.address() as { port: number }).port))
      },
      { external: true },
    )
  const closed = (thing: Server | Socket) =>
    suspend<void>(
      'a close',
      (wake) => {
        if ('closed' in thing && thing.closed) return wake()
        thing.once('close', () => wake())
        if ('destroy' in thing) thing.destroy()
        else thing.close()
      },
      { external: true },
    )
  const until = fn(function* (holds: () => boolean) {
    while (!holds()) yield* suspend<void>('the platform', (wake) => void setImmediate(wake), { external: true })
  })

  it('an echo server by handlers: READ on the server and on its connections, WRITE, and the end', function* () {
    const loop = IOLoop.current()
    const server = createServer({ allowHalfOpen: true })
    const port = yield* listening(server)
    const connections: Socket[] = []
    const events: string[] = []
    loop.addHandler(
      server,
      (_server, event, connection) => {
        assert.equal(event, IOLoop.READ)
        connections.push(connection as Socket)
        loop.addHandler(
          connection as Socket,
          (socket, what) => {
            assert.equal(what & IOLoop.WRITE, 0, 'it listens for READ only')
            const bytes = (socket as Socket).read() as Buffer | null
            if (bytes !== null) (socket as Socket).write(bytes.toString().toUpperCase())
            else if ((socket as Socket).readableEnded) {
              events.push('end')
              loop.removeHandler(socket)
              ;(socket as Socket).end()
            }
          },
          IOLoop.READ,
        )
      },
      IOLoop.READ,
    )
    assert.throws(() => loop.addHandler(server, () => {}, IOLoop.READ), UsageError)

    let answer = ''
    const client = connectNode(port, '127.0.0.1')
    client.on('data', (bytes) => {
      answer += bytes
    })
    loop.addHandler(
      client,
      (socket, what) => {
        events.push(what === IOLoop.WRITE ? 'writable' : `? ${what}`)
        loop.removeHandler(socket)
        ;(socket as Socket).end('hello')
      },
      IOLoop.WRITE,
    )
    yield* until(() => answer === 'HELLO' && events.includes('end'))
    assert.deepEqual(events, ['writable', 'end'])
    loop.removeHandler(client)
    loop.removeHandler(server)
    for (const connection of connections) yield* closed(connection)
    yield* closed(client)
    yield* closed(server)
  })

  it('an end that comes by itself is told as READ', function* () {
    const loop = IOLoop.current()
    const server = createServer({ allowHalfOpen: true })
    const port = yield* listening(server)
    const heard: string[] = []
    loop.addHandler(
      server,
      (_server, _events, connection) =>
        loop.addHandler(
          connection as Socket,
          (socket) => {
            const bytes = (socket as Socket).read() as Buffer | null
            if (bytes !== null) heard.push(String(bytes))
            else if ((socket as Socket).readableEnded) {
              heard.push('the end')
              loop.removeHandler(socket)
              ;(socket as Socket).end()
            }
          },
          IOLoop.READ,
        ),
      IOLoop.READ,
    )
    const client = connectNode(port, '127.0.0.1')
    client.write('hello')
    yield* until(() => heard.length === 1)
    client.end()
    yield* until(() => heard.length === 2)
    assert.deepEqual(heard, ['hello', 'the end'])
    yield* closed(client)
    loop.close()
    yield* closed(server)
  })

  it('removing a handler from another one suppresses what has happened and was not told; READ never sees WRITE', function* () {
    const loop = IOLoop.current()
    const server = createServer()
    const port = yield* listening(server)
    const accepted: Socket[] = []
    server.on('connection', (socket) => accepted.push(socket))
    const clients = [connectNode(port, '127.0.0.1'), connectNode(port, '127.0.0.1')]
    yield* until(() => accepted.length === 2)
    for (const socket of accepted) socket.write('now')
    // Both have something before anybody listens.
    for (const client of clients) client.once('readable', () => {})
    yield* until(() => clients.every((client) => client.readableLength > 0))
    const told: number[] = []
    for (const [i, client] of clients.entries()) {
      loop.addHandler(
        client,
        (_socket, events) => {
          told.push(events)
          loop.removeHandler(clients[1 - i] as Socket)
          loop.removeHandler(client)
        },
        IOLoop.READ,
      )
    }
    yield* sleepOf(5)
    assert.deepEqual(told, [IOLoop.READ])
    for (const socket of [...clients, ...accepted]) yield* closed(socket)
    yield* closed(server)
  })

  it('a reset is told as ERROR', function* () {
    const loop = IOLoop.current()
    const server = createServer()
    const port = yield* listening(server)
    const seen: number[] = []
    let connection: Socket | null = null
    loop.addHandler(
      server,
      (_server, _events, came) => {
        connection = came as Socket
        loop.addHandler(connection, (_socket, events) => seen.push(events), 0 | IOLoop.READ)
      },
      IOLoop.READ,
    )
    const client = connectNode(port, '127.0.0.1')
    yield* until(() => connection !== null)
    client.resetAndDestroy()
    yield* until(() => seen.some((events) => (events & IOLoop.ERROR) !== 0))
    loop.close()
    yield* closed(server)
  })

  it('removing one that is not known does no harm; updating it is a UsageError', function* () {
    const server = createServer()
    IOLoop.current().removeHandler(server)
    assert.throws(() => IOLoop.current().updateHandler(server, IOLoop.READ), UsageError)
    yield* sleepOf(0)
  })
})
