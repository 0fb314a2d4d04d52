import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as realTime } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gzip } from 'node:zlib'
import {
  DeadlockError,
  fn,
  race,
  sleep,
  spawn,
  suspend,
  type TimeoutError,
  timeout,
  UsageError,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { LeakError, TestHost } from '../../src/testing/index.ts'
import { namesResources } from '../../src/testing/real-world.ts'

// These tests use real timers, sockets and threads: that the virtual clock waits for them is what they are about.

/** Waits for what `begin` starts outside, as sockets and workers do: the loop knows that somebody will come. */
const external = <T>(reason: string, begin: (done: (value: T) => void) => () => void) =>
  suspend<T>(reason, begin, { external: true })

const listening = (server: Server) =>
  external<number>('the server to listen', (done) => {
    server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port))
    return () => server.close()
  })

const accept = (server: Server) =>
  external<Socket>('a connection', (done) => {
    server.once('connection', done)
    return () => server.off('connection', done)
  })

const line = (socket: Socket) =>
  external<string>('a line', (done) => {
    const heard = (chunk: Buffer): void => done(chunk.toString())
    socket.once('data', heard)
    return () => socket.off('data', heard)
  })

/**
 * What the platform does not name among what it has under way, and takes longer than a promise from unknown hands would
 * get; on a very fast machine it may not, and then says nothing.
 */
const slowKey = () =>
  external<Buffer>('a key', (done) => {
    pbkdf2('secret', 'salt', 200_000, 64, 'sha512', (_error, key) => done(key))
    return () => {}
  })

describe('a real wait in a run', () => {
  it('is waited for, and virtual timeouts do not fire meanwhile', async () => {
    const host = new TestHost()
    let fired = false
    await host.run(function* () {
      const guard = spawn(function* () {
        yield* sleep(300_000)
        fired = true
      })
      assert.equal(yield* timeout(300_000, wait(realTime(20, 'real'))), 'real')
      guard.cancel()
    })
    assert.equal(fired, false)
    assert.equal(host.now(), 0)
  })

  it('inside a race or an async function holds the clock too', async () => {
    const host = new TestHost()
    await host.run(async () => {
      const read = async (): Promise<number> => (await readFile(process.execPath)).length
      assert.ok((await race([wait(read()), sleep(300_000)])) as number)
      assert.equal(await timeout(300_000, wait(realTime(10, 'real'))), 'real')
    })
    assert.equal(host.now(), 0)
  })

  it('of a kind that the platform does not name gets its time', async () => {
    const host = new TestHost()
    await host.run(function* () {
      const data = Buffer.alloc(1 << 20)
      const packed = yield* timeout(
        300_000,
        wait(
          new Promise<Buffer>((resolve, reject) => {
            gzip(data, (error, result) => (error ? reject(error) : resolve(result)))
          }),
        ),
      )
      assert.ok(packed.length < data.length)
    })
    assert.equal(host.now(), 0)
  })

  it('for a thread that computes is waited for', async () => {
    const host = new TestHost()
    await host.run(function* () {
      const worker = new Worker('setTimeout(() => require("node:worker_threads").parentPort.postMessage(7), 20)', {
        eval: true,
      })
      const answer = external<number>('the worker', (done) => {
        worker.once('message', done)
        return () => worker.off('message', done)
      })
      assert.equal(yield* timeout(300_000, answer), 7)
      yield* wait(worker.terminate())
    })
    assert.equal(host.now(), 0)
  })

  it('that holds an external is waited for, named by the platform or not', async () => {
    const host = new TestHost()
    await host.run(function* () {
      assert.equal((yield* timeout(300_000, slowKey())).length, 64)
    })
    assert.equal(host.now(), 0)
  })

  it('in a run inside of this one is waited for by both', async () => {
    const outer = new TestHost()
    const inner = new TestHost()
    await outer.run(function* () {
      yield* timeout(300_000, wait(inner.run(slowKey)))
    })
    assert.deepEqual([outer.now(), inner.now()], [0, 0])
  })

  it('that somebody forgot to declare holds the clock while the platform names it', {
    skip: !namesResources,
  }, async () => {
    const host = new TestHost()
    await host.run(function* () {
      const undeclared = (ms: number) =>
        suspend<string>('a real timer', (wake) => {
          const timer = setTimeout(() => wake('came'), ms)
          return () => clearTimeout(timer)
        })
      assert.equal(yield* timeout(300_000, undeclared(20)), 'came')
      assert.equal(yield* undeclared(200), 'came')
    })
    assert.equal(host.now(), 0)
  })

  it('that does not come lets time pass at its real pace', async () => {
    const host = new TestHost()
    await host.run(function* () {
      const server = createServer()
      yield* listening(server)
      try {
        const error = yield* fn(function* () {
          try {
            return yield* timeout(30, accept(server))
          } catch (error) {
            return error as TimeoutError
          }
        })()
        assert.match(String(error), /TimeoutError/)
        assert.equal(host.now(), 30)
      } finally {
        server.close()
      }
    })
  })

  it('does not stop a task that sleeps beside an idle server', async () => {
    const host = new TestHost()
    const heard: string[] = []
    await host.run(function* () {
      const server = createServer()
      const port = yield* listening(server)
      const serving = spawn(function* () {
        for (;;) {
          const socket = yield* accept(server)
          spawn(function* () {
            const request = yield* line(socket)
            yield* sleep(5)
            socket.end(`${request} at ${host.now()}`)
          })
        }
      })
      for (let i = 0; i < 3; i++) {
        yield* sleep(10)
        const client = connect(port, '127.0.0.1')
        client.write(`request ${i}`)
        heard.push(yield* line(client))
        client.destroy()
      }
      serving.cancel()
      server.close()
    })
    assert.deepEqual(heard, ['request 0 at 15', 'request 1 at 30', 'request 2 at 45'])
  })

  it('keeps nobody who is ready from running', async () => {
    await new TestHost().run(function* () {
      const real = wait(realTime(10, 'real'))
      let steps = 0
      const spinner = spawn(function* () {
        for (;;) {
          steps++
          yield* yieldNow()
        }
      })
      assert.equal(yield* real, 'real')
      assert.ok(steps > 1000)
      spinner.cancel()
    })
  })

  it('that takes more than the patience of the host ends the run, and is told', { skip: !namesResources }, async () => {
    await assert.rejects(
      new TestHost({ patience: 50 }).run(function* waiter() {
        const server = createServer()
        yield* listening(server)
        try {
          yield* accept(server)
        } finally {
          server.close()
        }
      }),
      (error) =>
        error instanceof UsageError &&
        /under way: TCPServerWrap\n {2}task waiter #\d+: a connection/.test(error.message),
    )
  })

  it('for a promise that nobody holds is a deadlock in the end', async () => {
    await assert.rejects(
      new TestHost().run(() => new Promise(() => {})),
      DeadlockError,
    )
  })

  it('left behind is a leak', { skip: !namesResources }, async () => {
    const server = createServer()
    const timer = setTimeout(() => {}, 1)
    clearTimeout(timer)
    let left: NodeJS.Timeout | undefined
    await assert.rejects(
      new TestHost().run(function* () {
        left = setTimeout(() => {}, 60_000)
        yield* listening(server)
      }),
      (error) =>
        error instanceof LeakError &&
        error.leaks.every(({ kind }) => kind === 'handle') &&
        error.leaks
          .map(({ name }) => name)
          .sort()
          .join() === 'TCPServerWrap,Timeout',
    )
    clearTimeout(left)
    server.close()
  })

  it('that has ended is no leak, though its handle takes a moment to close', async () => {
    await new TestHost().run(function* () {
      const server = createServer()
      const port = yield* listening(server)
      const client = connect(port, '127.0.0.1')
      const socket = yield* accept(server)
      client.destroy()
      socket.destroy()
      server.close()
    })
  })

  it('is not the stream that the first console.log opens', () => {
    const program = `
      const { TestHost } = await import(${JSON.stringify(new URL('../../src/testing/index.js', import.meta.url).href)})
      await new TestHost().run(() => console.log('printed'))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    assert.deepEqual([stdout, stderr], ['printed\n', ''])
  })

  it('in two runs at the same time is waited for in each', async () => {
    const first = new TestHost()
    const second = new TestHost()
    await Promise.all([
      first.run(function* () {
        yield* wait(realTime(5))
        yield* sleep(10)
      }),
      // Async code finds the loop of the run that was started last.
      second.run(async () => {
        await wait(realTime(50))
        await sleep(20)
      }),
    ])
    assert.deepEqual([first.now(), second.now()], [10, 20])
  })
})
