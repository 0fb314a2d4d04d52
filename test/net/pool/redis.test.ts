// The real world: a pool and a pipeline over a Redis server, spoken to by hand.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn as spawnProcess } from 'node:child_process'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { all, type Body, fn, type Operation, run, sleep, spawn, timeoutOr } from '../../../src/index.ts'
import { ConnectionPool, connect, type Socket } from '../../../src/net/index.ts'

const NAME = `fibril-pool-${process.pid}`

let port: number | null = null
let child: ChildProcess | null = null

/** True if a Redis server answers there. */
function answers(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(at, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (bytes) => {
      socket.destroy()
      resolve(String(bytes) === '+PONG\r\n')
    })
    socket.once('error', () => resolve(false))
  })
}

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}

before(async () => {
  if (await answers(6379)) {
    port = 6379
    return
  }
  const own = await freePort()
  const settings = ['--port', `${own}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp']
  child = spawnProcess('redis-server', settings, { stdio: 'ignore' })
  const gone = new Promise<boolean>((resolve) => {
    child?.once('error', () => resolve(true))
    child?.once('exit', () => resolve(true))
  })
  for (let attempt = 0; attempt < 50 && port === null; attempt++) {
    if (await Promise.race([gone, sleep(100).then(() => false)])) break
    if (await answers(own)) port = own
  }
  if (port !== null) return
  const message =
    'NO REDIS: none answers on 127.0.0.1:6379, and `redis-server` could not be started. The pool was not tested for real.'
  if (process.env['CI']) throw new Error(message)
  console.error(`\n${'!'.repeat(message.length)}\n${message}\n${'!'.repeat(message.length)}\n`)
})

after(async () => {
  if (child === null || child.exitCode !== null) return
  const exit = new Promise((resolve) => child?.once('exit', resolve))
  child.kill()
  await exit
})

/** One connection: commands go out, replies come in the same order, one at a time. */
class Redis {
  /** Requests that were sent and not answered. */
  pending = 0
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
  }

  command(...words: (string | number)[]): Operation<string | number | null> {
    return command(this, words)
  }
}

const command = fn(function* command(redis: Redis, words: (string | number)[]): Body<string | number | null> {
  const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`)
  redis.pending++
  yield* redis.socket.write(`*${words.length}\r\n${parts.join('')}`)
  const line = yield* redis.socket.readLine()
  if (line === null) throw new Error('Redis closed the connection')
  const rest = line.slice(1)
  let reply: string | number | null = rest
  if (line[0] === '$') {
    const length = Number(rest)
    const bytes = length < 0 ? null : yield* redis.socket.readExactly(length + 2)
    reply = bytes === null ? null : Buffer.from(bytes).toString('utf8', 0, length)
  } else if (line[0] === ':') reply = Number(rest)
  redis.pending--
  if (line[0] === '-') throw new Error(rest)
  return reply
})

function redisPool(max: number): ConnectionPool<Redis> {
  return new ConnectionPool<Redis>({
    name: 'redis',
    max,
    *connect() {
      const redis = new Redis(yield* connect({ port: port as number }))
      yield* redis.command('CLIENT', 'SETNAME', NAME)
      return redis
    },
    close: (redis) => redis.socket.close(),
    validate: function* (redis) {
      return (yield* redis.command('PING')) === 'PONG'
    },
    isUsable: (redis) => redis.pending === 0 && !redis.socket.closed,
  })
}

/** Connections of ours that the server knows, but for the one that asks. */
const connections = fn(function* connections(): Body<string[]> {
  const redis = new Redis(yield* connect({ port: port as number }))
  try {
    const list = String(yield* redis.command('CLIENT', 'LIST'))
    return list.split('\n').filter((line) => line.includes(` name=${NAME}`))
  } finally {
    yield* redis.socket.close()
  }
})

/** The server learns of a close a little later. */
const untilNone = fn(function* untilNone(): Body<void> {
  for (let left = yield* connections(); left.length > 0; left = yield* connections()) yield* sleep(5)
})

function real(title: string, body: () => Body<void>): void {
  test(`redis: ${title}`, { timeout: 30_000 }, async (context) => {
    if (port === null) return context.skip('no Redis')
    await run(body)
  })
}

real('two hundred tasks share ten connections, each with its own answers, and none is left open', function* () {
  const pool = redisPool(10)
  const key = `${NAME}:count`
  const echoes = Array.from({ length: 200 }, (_, i) =>
    spawn(function* () {
      for (let round = 0; round < 5; round++) {
        yield* pool.use(function* (redis) {
          assert.equal(yield* redis.command('ECHO', `hello ${i} ${round}`), `hello ${i} ${round}`)
          assert.equal(typeof (yield* redis.command('INCR', key)), 'number')
        })
      }
    }),
  )
  yield* all(echoes.map((task) => task.join()))
  assert.equal(yield* pool.use((redis) => redis.command('GET', key)), '1000')
  yield* pool.use((redis) => redis.command('DEL', key))
  const open = yield* connections()
  assert.equal(open.length, 10)
  assert.equal(pool.stats().created, 10)
  yield* pool.close()
  yield* untilNone()
  assert.equal(pool.stats().closed, 10)
})

real('whoever is cancelled amid a request, nobody reads the reply of another', function* () {
  const pool = redisPool(4)
  const asking = Array.from({ length: 60 }, (_, i) =>
    spawn(function* () {
      for (let round = 0; ; round++) {
        const text = `hello ${i} ${round}`
        assert.equal(yield* pool.use((redis) => redis.command('ECHO', text)), text)
      }
    }),
  )
  for (let i = 0; i < 60; i++) {
    yield* sleep(1)
    asking[i]?.cancel()
    assert.ok(
      (yield* timeoutOr(
        1000,
        null,
        pool.use((redis) => redis.command('PING')),
      )) !== null,
    )
  }
  yield* pool.close()
  yield* untilNone()
})

real('a connection that the server kills while idle is found out before it is lent', function* () {
  const pool = new ConnectionPool<Redis>({
    max: 1,
    validateAfterIdleMs: 0,
    *connect() {
      const redis = new Redis(yield* connect({ port: port as number }))
      yield* redis.command('CLIENT', 'SETNAME', NAME)
      return redis
    },
    close: (redis) => redis.socket.close(),
    *validate(redis) {
      return (yield* redis.command('PING')) === 'PONG'
    },
    onError() {},
  })
  const id = yield* pool.use((redis) => redis.command('CLIENT', 'ID'))
  const killer = redisPool(1)
  yield* killer.use((redis) => redis.command('CLIENT', 'KILL', 'ID', id as number))
  yield* sleep(5)
  assert.notEqual(yield* pool.use((redis) => redis.command('CLIENT', 'ID')), id)
  assert.equal(pool.stats().created, 2)
  yield* pool.close()
  yield* killer.close()
  yield* untilNone()
})

real('each task has its own connection to the end, with whatever it has set on it', function* () {
  const pool = redisPool(5)
  const kept = yield* all(
    Array.from({ length: 20 }, (_, i) =>
      fn(function* () {
        const name = `${NAME}-task-${i}`
        yield* (yield* pool.current()).connection.command('CLIENT', 'SETNAME', name)
        yield* sleep(1)
        return (yield* (yield* pool.current()).connection.command('CLIENT', 'GETNAME')) === name
      })(),
    ),
  )
  assert.deepEqual(new Set(kept), new Set([true]))
  yield* pool.close()
  yield* untilNone()
})
