import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { listen } from '../../examples/scheduler/async-socket.ts'
import { type Client, type FibServiceOptions, serveClient, serveFib } from '../../examples/scheduler/fib-service.ts'
import { Future } from '../../examples/scheduler/future.ts'
import type { Requests } from '../../examples/scheduler/requests.ts'
import { Scheduler } from '../../examples/scheduler/scheduler.ts'

const REFUSAL = 'error: send a whole number from 0 to 45'

// ---- What is answered -------------------------------------------------------------------------------------------

const conversations: Record<string, { says: string[]; hears: string[] }> = {
  'two numbers in one packet are two numbers': { says: ['1\n1\n'], hears: ['1', '1'] },
  'a number cut into packets is one number': { says: ['1', '0', '\n'], hears: ['55'] },
  'a line may end as telnet ends it': { says: ['10\r\n'], hears: ['55'] },
  'the smallest and the largest': { says: ['0\n', '45\n'], hears: ['0', '1134903170'] },
  'a word is refused': { says: ['abc\n7\n'], hears: [REFUSAL, '13'] },
  'a negative number is refused': { says: ['-1\n7\n'], hears: [REFUSAL, '13'] },
  'a number in another notation is refused': { says: ['1e9\n0x10\n1.0\n+1\n7\n'], hears: [...four(REFUSAL), '13'] },
  'a number that is too large is refused': { says: ['46\n1000000000\n7\n'], hears: [REFUSAL, REFUSAL, '13'] },
  'an empty line is refused': { says: ['\n \n7\n'], hears: [REFUSAL, REFUSAL, '13'] },
  'a line that is too long is refused': { says: [`${'1'.repeat(100_000)}\n7\n`], hears: [REFUSAL, '13'] },
  'bytes that are no text are refused': { says: ['\x00\xff\x1b[2J\n7\n'], hears: [REFUSAL, '13'] },
  'a peer that vanishes in the middle of a line is not answered': { says: ['7\n1'], hears: ['13'] },
  'a peer that says nothing': { says: [], hears: [] },
}
for (const [title, { says, hears }] of Object.entries(conversations)) {
  test(title, async () => {
    const { scheduler, options, heard } = service()
    const client = memoryClient(says)
    scheduler.spawn(serveClient(client, options), 'client')
    await scheduler.run()
    assert.deepEqual(client.heard(), hears)
    assert.ok(client.closed())
    assert.deepEqual(heard, [])
  })
}

// ---- Who waits for whom -----------------------------------------------------------------------------------------

test('small numbers do not wait behind a large one', async () => {
  const large = new Future<number>('fib(40)')
  const { scheduler, options } = service({ pool: { submit: () => large } })
  const patient = memoryClient(['40\n'])
  const quick = memoryClient(['1\n2\n3\n4\n5\n'])
  scheduler.spawn(serveClient(patient, options))
  const task = scheduler.spawn(serveClient(quick, options))
  scheduler.spawn(
    (function* (): Requests<void> {
      yield* task.done.wait()
      assert.deepEqual(quick.heard(), ['1', '1', '2', '3', '5'])
      assert.deepEqual(patient.heard(), [])
      large.complete(102334155)
    })(),
  )
  await scheduler.run()
  assert.deepEqual(patient.heard(), ['102334155'])
})

test('only large numbers go to the pool', async () => {
  const asked: number[] = []
  const { scheduler, options } = service({ pool: { submit } })
  scheduler.spawn(serveClient(memoryClient(['0\n20\n21\n45\n46\n']), options))
  await scheduler.run()
  assert.deepEqual(asked, [21, 45])

  function submit(n: number): Future<number> {
    asked.push(n)
    return done(0)
  }
})

test('a pool that fails costs the client that asked its connection, and is reported; others are served', async () => {
  const { scheduler, options, heard } = service({ pool: { submit: () => failed(new Error('thread lost')) } })
  const unlucky = memoryClient(['40\n', '1\n'])
  const lucky = memoryClient(['1\n', '2\n', '3\n'])
  scheduler.spawn(serveClient(unlucky, options), 'unlucky')
  scheduler.spawn(serveClient(lucky, options), 'lucky')
  await scheduler.run()
  assert.deepEqual(heard, ['unlucky: thread lost'])
  assert.deepEqual(unlucky.heard(), [])
  assert.ok(unlucky.closed())
  assert.deepEqual(lucky.heard(), ['1', '1', '2'])
})

test('a client that says nothing for too long is let go', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { scheduler, options, heard } = service({ patience: 100 })
  const silent = memoryClient(['1\n', '2'], { thenSilent: true })
  scheduler.spawn(serveClient(silent, options), 'silent')
  const run = scheduler.run()
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  assert.deepEqual(silent.heard(), ['1'])
  t.mock.timers.tick(99)
  await nextTurn()
  assert.ok(!silent.closed())
  t.mock.timers.tick(1)
  await run
  assert.ok(silent.closed())
  assert.deepEqual(heard, ['silent: not done after 100 ms'])
})

test('a client that does not take its answer is let go', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { scheduler, options, heard } = service({ patience: 100 })
  const stuffed = memoryClient(['1\n'], { deaf: true })
  scheduler.spawn(serveClient(stuffed, options), 'stuffed')
  const run = scheduler.run()
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  t.mock.timers.tick(100)
  await run
  assert.ok(stuffed.closed())
  assert.deepEqual(heard, ['stuffed: not done after 100 ms'])
})

// ---- Over TCP ---------------------------------------------------------------------------------------------------

test('a client that has said its last still gets its answers', async () => {
  await withServer(async (port) => {
    const { hears } = talk(port, '1\n30\n10\n')
    assert.equal(await hears, '1\n832040\n55\n')
  })
})

test('a client that is reset in the middle of an answer harms no other', async () => {
  const large = new Future<number>('fib(40)')
  const asked = new Future<void>('the question')
  const heard = await withServer(
    async (port, scheduler) => {
      const rude = net.connect(port, '127.0.0.1', () => rude.write('40\n'))
      rude.on('error', () => {})
      await run(scheduler, asked.wait())
      const polite = talk(port, '1\n')
      rude.resetAndDestroy()
      await once(rude, 'close')
      assert.equal(await polite.hears, '1\n')
      large.complete(102334155)
      assert.equal(await talk(port, '2\n').hears, '1\n')
    },
    { pool: { submit } },
  )
  assert.equal(heard.length, 1)
  assert.match(heard[0]!, /^client 127\.0\.0\.1:\d+: .*(ECONNRESET|EPIPE)/)

  function submit(): Future<number> {
    asked.complete()
    return large
  }
})

test('shutdown closes the port and every connection', async () => {
  let port = 0
  const client = new net.Socket()
  const heard = await withServer(async (it) => {
    port = it
    client.connect(port, '127.0.0.1')
    client.write('1\n')
    await once(client, 'data')
  })
  await once(client.resume(), 'close')
  assert.deepEqual(heard, [])
  await assert.rejects(once(net.connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
})

// ---- The program ------------------------------------------------------------------------------------------------

test('the server says where it listens, answers, and ends on SIGINT with nothing left behind', async () => {
  const { child, said, status } = program('0')
  const port = Number(/^fib server on 127\.0\.0\.1:(\d+)$/.exec(await said)?.[1])
  assert.equal(await talk(port, '30\nabc\n').hears, `832040\n${REFUSAL}\n`)
  const idle = net.connect(port, '127.0.0.1')
  await once(idle, 'connect')
  child.kill('SIGINT')
  await once(idle.resume(), 'close')
  assert.deepEqual(await status, [0, null])
})

test('a server that finds its port taken says so and ends with 1', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { complained, status } = program(String((taken.address() as net.AddressInfo).port))
  assert.match(await complained, /^fib server: .*EADDRINUSE/)
  assert.deepEqual(await status, [1, null])
  taken.close()
})

test('a server that is given no port says so and ends with 2', async () => {
  const { complained, status } = program('all')
  assert.match(await complained, /^fib-server: all is no port/)
  assert.deepEqual(await status, [2, null])
})

// ---- Actors -----------------------------------------------------------------------------------------------------

/** The service's options, with a pool that answers at once, and what is reported. */
function service(options: Partial<FibServiceOptions> = {}) {
  const heard: string[] = []
  const scheduler = new Scheduler((error, task) => heard.push(`${task.name}: ${(error as Error).message}`))
  const pool = { submit: (n: number) => done(formula(n)) }
  return { scheduler, heard, options: { scheduler, pool, ...options } }
}

/** Fibonacci by another way than the example's. */
function formula(n: number): number {
  return Math.round(((1 + Math.sqrt(5)) / 2) ** n / Math.sqrt(5))
}

function done(n: number): Future<number> {
  const future = new Future<number>('a result')
  future.complete(n)
  return future
}

function failed(error: Error): Future<number> {
  const future = new Future<number>('a result')
  future.fail(error)
  return future
}

function four(line: string): string[] {
  return [line, line, line, line]
}

/** A client in memory: its packets, then its end, or silence. */
function memoryClient(packets: string[], how: { thenSilent?: boolean; deaf?: boolean } = {}) {
  let next = 0
  let heard = ''
  let closed = false
  const silence = new Future<void>('silence')
  const client: Client = {
    name: 'memory',
    *recv() {
      assert.ok(!closed)
      yield ['sleep', 0]
      if (next === packets.length && how.thenSilent) yield* silence.wait()
      return Buffer.from(packets[next++] ?? '', 'latin1')
    },
    *send(data) {
      assert.ok(!closed)
      yield ['sleep', 0]
      if (how.deaf) yield* silence.wait()
      heard += String(data)
    },
    close() {
      closed = true
    },
  }
  return { ...client, heard: () => heard.split('\n').slice(0, -1), closed: () => closed }
}

/** Runs a server while `use` runs, shuts it down, and returns what was reported. */
async function withServer(
  use: (port: number, scheduler: Scheduler) => Promise<void>,
  changes: Partial<FibServiceOptions> = {},
): Promise<string[]> {
  const { scheduler, options, heard } = service(changes)
  const port = new Future<number>('the port')
  scheduler.spawn(
    (function* (): Requests<void> {
      const listener = yield* listen(0)
      port.complete(listener.port)
      yield* serveFib(listener, options)
    })(),
    'server',
  )
  const over = scheduler.run()
  try {
    await use(await run(scheduler, port.wait()), scheduler)
  } finally {
    scheduler.shutdown()
    await over
  }
  return heard
}

/** The result of a task of a scheduler that is running, for those outside. */
function run<T>(scheduler: Scheduler, body: Requests<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    scheduler.spawn(
      (function* (): Requests<void> {
        try {
          resolve(yield* body)
        } catch (error) {
          reject(error)
        }
      })(),
    )
  })
}

/** Says something, ends, and hears all that comes back. */
function talk(port: number, text: string): { hears: Promise<string> } {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end(text)
  return {
    hears: socket
      .setEncoding('utf8')
      .toArray()
      .then((parts) => parts.join('')),
  }
}

/** The example's program, the first line that it prints, and its exit code and signal. */
function program(port: string) {
  const path = fileURLToPath(new URL('../../examples/scheduler/fib-server.js', import.meta.url))
  const child = spawn(process.execPath, [path, port], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [said, complained] = [child.stdout, child.stderr].map((stream) =>
    once(createInterface(stream), 'line').then(String),
  )
  return { child, said: said!, complained: complained!, status: once(child, 'exit') }
}
