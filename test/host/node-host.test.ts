// Real time and real processes: the twin of what test/core does under a virtual clock.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Future, Loop, run, sleep, yieldNow } from '../../src/core/index.ts'
import { arrive, NodeHost } from '../../src/host/index.ts'
import { program } from '../core/program.ts'

test('a sleeper is never woken early', async () => {
  const loop = new Loop(new NodeHost())
  const task = run(
    function* () {
      for (const ms of [0.1, 0.5, 1, 1.5, 2.9, 3, 7.3]) {
        const before = performance.now()
        yield* sleep(ms)
        const passed = performance.now() - before
        assert.ok(passed >= ms, `${passed} ms for ${ms}`)
      }
    },
    { loop },
  )
  await task
})

test('deadlines lie on a grid of a millisecond, never earlier than asked', () => {
  const host = new NodeHost()
  for (const ms of [0, 0.1, 0.999, 1, 1000, 2 ** 40]) {
    const asked = host.now() + ms
    const deadline = host.deadline(ms)
    assert.ok(deadline >= asked && Number.isInteger(deadline))
    assert.ok(deadline - asked < 50)
  }
})

test('tasks that an arrival wakes have their turn in the same macrotask, whatever else is ready', async () => {
  const loop = new Loop(new NodeHost())
  const came = new Future<string>('what arrives')
  const seen: string[] = []
  const task = run(
    function* () {
      seen.push(yield* came)
      yield* yieldNow()
      seen.push('and after it')
    },
    { loop },
  )
  await new Promise((resolve) => setImmediate(resolve))
  assert.throws(
    () =>
      arrive(() => {
        came.resolve('it came')
        assert.deepEqual(seen, [], 'not before all was told')
        throw new RangeError('of who tells')
      }),
    RangeError,
  )
  assert.deepEqual(seen, ['it came', 'and after it'])
  arrive(() => {})
  await task
})

// Programs of their own, side by side: what they show is how a process behaves.
describe('in a process of its own', { concurrency: 2 }, () => {
  test('a failure that nobody waits for ends the process, with its cause and where it was spawned', async () => {
    const { code, stderr } = await program(`
      import { run } from 'fibril'
      run(function* boomer() { throw new Error('boom') })
      setTimeout(() => console.log('still here'), 50)
    `)
    assert.equal(code, 1)
    assert.match(stderr, /UnhandledError: task boomer #\d+ failed and nobody was waiting for it: Error: boom/)
    assert.match(stderr, /It was spawned\n\s+at .*program\.mjs:3/)
    assert.match(stderr, /\[cause\]: Error: boom/)
  })

  test('it is reported after all microtasks, before the next macrotask, once; the first to come takes it back', async () => {
    const { code, stdout, stderr } = await program(`
      import { run, sleep } from 'fibril'
      const log = []
      process.on('unhandledRejection', (error) => log.push('unhandled ' + error.cause.message))
      process.on('rejectionHandled', () => log.push('handled'))
      const fails = (message) => run(function* () {
        queueMicrotask(() => { log.push('microtask'); setImmediate(() => log.push('macrotask')) })
        throw new Error(message)
      })
      const rest = async () => { for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve)) }
      fails('lonely')
      await rest()
      console.log(log.splice(0).join(', '))
      // Joined in a microtask after the turn in which it failed.
      const late = run(function* () {
        queueMicrotask(() => queueMicrotask(() => late.then(null, () => log.push('joined'))))
        throw new Error('late')
      })
      await rest()
      console.log(log.splice(0).join(', '))
      // Joined much later: reported, and taken back.
      const much = fails('much later')
      await rest()
      await much.then(null, () => log.push('joined'))
      await rest()
      console.log(log.splice(0).join(', '))
    `)
    assert.equal(stderr, '')
    assert.equal(code, 0)
    const [lonely, late, much] = stdout.trim().split('\n')
    assert.equal(lonely, 'microtask, unhandled lonely, macrotask')
    assert.equal(late, 'joined')
    assert.equal(much, 'microtask, unhandled much later, macrotask, joined, handled')
  })

  test('a deadlock is thrown at who awaits, and ends the process', async () => {
    const { code, stderr, stdout } = await program(`
      import { Future, run } from 'fibril'
      await run(function* main() {
        try { yield* new Future('the answer') }
        finally { console.log('cleaned') }
      })
    `)
    assert.equal(code, 1)
    assert.equal(stdout, 'cleaned\n')
    assert.match(
      stderr,
      /DeadlockError: every task waits.*\n\s+task main #1 has waited \d+ ms for the future "the answer"/,
    )
  })

  test('a deadlock is thrown also where the cleanup is stuck', async () => {
    const { code, stdout } = await program(`
      import { Future, run, sleep } from 'fibril'
      const task = run(function* () {
        try { yield* sleep(Infinity) }
        finally { yield* new Future('stuck') }
      })
      await sleep(1)
      task.cancel()
      await task.then(null, (error) => console.log(error.code))
    `)
    assert.equal(code, 0)
    assert.equal(stdout, 'FIBRIL_DEADLOCK\n')
  })

  test('no deadlock while something in the process may still wake a task', async () => {
    const { code, stdout } = await program(`
      import { createServer } from 'node:net'
      import { Future, run } from 'fibril'
      const server = createServer().listen(0, '127.0.0.1')
      const answer = new Future('the answer')
      setTimeout(() => { console.log('closing'); server.close(() => setImmediate(() => answer.resolve(42))) }, 50)
      console.log(await run(() => answer.wait()))
    `)
    assert.equal(code, 0)
    assert.equal(stdout, 'closing\n42\n')
  })

  test('a program that nobody waits for ends quietly while its tasks wait for nothing outside', async () => {
    const { code, stdout, stderr } = await program(`
      import { run, sleep } from 'fibril'
      run(() => sleep(Infinity))
      console.log('end')
    `)
    assert.deepEqual([code, stdout, stderr], [0, 'end\n', ''])
  })

  test('a sleeper keeps the process alive, and one that was cancelled does not', async () => {
    const { code, stdout } = await program(
      `
      import { run, sleep } from 'fibril'
      run(function* () { yield* sleep(30); console.log('slept') })
      const long = run(() => sleep(1e7))
      setTimeout(() => long.cancel(), 5)
      process.on('exit', () => console.log('exit'))
    `,
      [],
      10_000,
    )
    assert.equal(code, 0, 'it was killed')
    assert.equal(stdout, 'slept\nexit\n')
  })

  test('a sleep beyond the longest timer of the platform neither ends at once nor warns', async () => {
    const { code, stdout, stderr } = await program(`
      import { run, sleep, timeoutOr } from 'fibril'
      const ended = []
      const tasks = [2 ** 31, 2 ** 40, Number.MAX_VALUE].map((ms) => run(function* () { yield* sleep(ms); ended.push(ms) }))
      await sleep(30)
      console.log(ended.length)
      for (const task of tasks) task.cancel()
    `)
    assert.deepEqual([code, stdout, stderr], [0, '0\n', ''])
  })

  test('timers, sockets and microtasks get through beside tasks that never rest', async () => {
    const { code, stdout } = await program(`
      import { createServer, connect } from 'node:net'
      import { run, yieldNow } from 'fibril'
      const restless = [1, 2].map(() => run(function* () { for (;;) yield* yieldNow() }))
      const log = []
      const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1', () => {
        connect(server.address().port, '127.0.0.1').on('data', (data) => {
          log.push(String(data))
          server.close()
        }).on('close', () => {
          setTimeout(() => {
            log.push('timer')
            Promise.resolve().then(() => {
              log.push('microtask')
              for (const task of restless) task.cancel()
              console.log(log.join())
            })
          }, 5)
        })
      })
    `)
    assert.equal(code, 0)
    assert.equal(stdout, 'hello,timer,microtask\n')
  })

  test('many loops in one process make no warning', async () => {
    const { code, stderr } = await program(`
      import { Loop, NodeHost, run } from 'fibril'
      await Promise.all(Array.from({ length: 30 }, () => run(() => 1, { loop: new Loop(new NodeHost()) })))
    `)
    assert.deepEqual([code, stderr], [0, ''])
  })

  test('a misuse that was mended is a warning of the process, and an error with FIBRIL_DEBUG', async () => {
    const source = `
      import { NodeHost, Loop, run, sleep } from 'fibril'
      function* bare() { try { yield* sleep(Infinity) } finally { yield* sleep(1) } }
      const task = run(function* main() { yield* bare() })
      await sleep(1)
      task.cancel()
      await task.then(null, (error) => console.log(error.code))
    `
    const mended = await program(source)
    assert.equal(mended.stdout, 'FIBRIL_CANCELLED\n')
    assert.match(mended.stderr, /FibrilWarning: task main #1: a finally block of a bare generator/)
    const strict = await program(`process.env.FIBRIL_DEBUG = '1'\n${source}`)
    assert.equal(strict.stdout, 'FIBRIL_USAGE\n')
    const off = await program(`process.env.FIBRIL_DEBUG = '0'\n${source}`)
    assert.equal(off.stdout, 'FIBRIL_CANCELLED\n')
  })

  test('an instrument that fails is a warning of the process', async () => {
    const { code, stderr, stdout } = await program(`
      import { addInstrument, run, sleep } from 'fibril'
      addInstrument({ parked: () => { throw new Error('my instrument') } })
      console.log(await run(function* () { yield* sleep(1); return 'fine' }))
    `)
    assert.deepEqual([code, stdout], [0, 'fine\n'])
    assert.match(stderr, /FibrilWarning: an instrument failed and was removed: Error: my instrument/)
  })

  test('a hundred thousand tasks that ended, failed or were cancelled leave nothing on the heap', async () => {
    const { code, stdout, stderr } = await program(
      `
      import { Future, race, run, scope, sleep, spawn, timeoutOr, TaskLocal } from 'fibril'
      const local = new TaskLocal({ create: () => new Array(10), dispose: () => {} })
      const future = new Future()
      const round = () => run(function* () {
        for (let i = 0; i < 1_000; i++) {
          spawn(function* () { local.get(); yield* timeoutOr(1e6, null, sleep(i % 3)) })
          spawn.detached(function* () { yield* sleep(1); throw new Error('boom') }).then(null, () => {})
          const never = spawn(() => race([future, sleep(1e7)]))
          if (i % 2 === 0) never.cancel()
          else spawn(function* () { yield* sleep(2); never.cancel(); yield* scope(function* (s) { s.spawn(() => sleep(0)) }) })
        }
      })
      const used = () => { for (let i = 0; i < 5; i++) gc(); return process.memoryUsage().heapUsed }
      for (let i = 0; i < 4; i++) await round()
      const before = used()
      for (let i = 0; i < 16; i++) await round()
      const kept = used() - before
      console.log(kept < 2e6 ? 'clean' : Math.round(kept / 1e6) + ' MB kept', future.stats().waiting)
    `,
      ['--expose-gc'],
    )
    assert.deepEqual([code, stdout, stderr], [0, 'clean 0\n', ''])
  })
})
