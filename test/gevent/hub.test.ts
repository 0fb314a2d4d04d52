import assert from 'node:assert/strict'
import { spawn as nodeSpawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Event, getcurrent, getHub, READ, sleep, spawn, WRITE, wait } from '../../src/gevent/index.ts'
import { NodeHost } from '../../src/host/index.ts'
import { InternalError, Loop, run } from '../../src/index.ts'
import { it } from '../support/it.ts'
import { heard } from './heard.ts'

function* oneRound() {
  const { loop } = getHub()
  const order: string[] = []
  const watchers = { idle: loop.idle(), timer: loop.timer(0), check: loop.check(), prepare: loop.prepare() }
  for (const [name, watcher] of Object.entries(watchers)) {
    watcher.start(() => {
      order.push(name)
      watcher.stop()
    })
  }
  loop.runCallback(() => order.push('callback'))
  yield* wait()
  assert.deepEqual(order, ['prepare', 'callback', 'check', 'timer', 'idle'])
}

it('one round is: prepare, the callbacks of runCallback, check, timers of 0, idle', oneRound, { shuffle: false })

it('a callback is active while it is pending or runs, and pending only before; stop takes it back', function* () {
  const { loop } = getHub()
  const seen: boolean[][] = []
  const callback = loop.runCallback((n: number) => {
    seen.push([callback.active, callback.pending, n === 7])
  }, 7)
  const stopped = loop.runCallback(() => assert.fail('it ran'))
  assert.deepEqual([callback.active, callback.pending], [true, true])
  stopped.stop()
  yield* wait()
  assert.deepEqual(seen, [[true, false, true]])
  assert.deepEqual([callback.active, callback.pending], [false, false])
  assert.throws(() => loop.runCallback(1 as never), TypeError)
})

function* nextRound() {
  const { loop } = getHub()
  let rounds = 0
  const again = () => {
    if (++rounds < 1000) loop.runCallback(again)
  }
  loop.runCallback(again)
  yield* sleep(0)
  assert.ok(rounds < 10, String(rounds))
  yield* wait()
  assert.equal(rounds, 1000)
}
// A shuffled schedule may let anything ready wait for long.
it('what a callback adds runs in the next round: greenlets get their turn between', nextRound, { shuffle: false })

it('to wait in a callback of the loop is a BlockingSwitchOutError, and the loop goes on', function* () {
  const lines = heard()
  const { loop } = getHub()
  loop.runCallback(function blocks() {
    return sleep(1)
  })
  loop.runCallback(function* blocksToo() {
    yield* sleep(1)
  })
  loop.timer(1).start(() => new Event().wait())
  assert.equal(yield* wait(), true)
  assert.equal(lines.length, 3)
  assert.match(lines.join(), /Impossible to call blocking function in the event loop callback \(blocks\)/)
})

it('a callback that fails is reported, and the loop survives, as it does a failing timer', function* () {
  const lines = heard()
  const { loop } = getHub()
  let ticks = 0
  const timer = loop.timer(1, 1)
  timer.start(() => {
    if (++ticks === 3) timer.stop()
    throw new Error(`tick ${ticks}`)
  })
  loop.runCallback(() => {
    throw new Error('callback')
  })
  yield* wait()
  assert.equal(ticks, 3)
  assert.equal(lines.length, 4)
})

it('handleError may be replaced on the hub; an error in it does not disturb the loop', function* () {
  const lines = heard()
  const hub = getHub()
  const seen: unknown[] = []
  hub.handleError = (context, error) => {
    seen.push([String(context).replace(/\d+/, 'n'), (error as Error).message])
    if (seen.length === 2) throw new Error('broken handler')
  }
  const g = spawn(function first() {
    throw new Error('one')
  })
  yield* g.join()
  yield* sleep(1)
  spawn(() => {
    throw new Error('two')
  })
  yield* sleep(1)
  assert.equal(lines.filter((line) => line.includes('broken handler')).length, 1)
  assert.deepEqual(seen[0], ['greenlet first #n', 'one'])
  assert.equal(seen.length, 2)
})

it('SYSTEM_ERROR is thrown into the main task, whoever fails with it; NOT_ERROR is not printed', function* () {
  const lines = heard()
  const hub = getHub()
  hub.NOT_ERROR.push(SyntaxError)
  spawn(() => {
    throw new SyntaxError('quiet')
  })
  spawn(() => {
    throw new InternalError('loud')
  })
  try {
    yield* sleep(1000)
    assert.fail('it was not thrown')
  } catch (error) {
    assert.ok(error instanceof InternalError)
  }
  assert.equal(lines.length, 1)
})

it('watchers: not callable is a TypeError; stop and close may be repeated; a callback can be changed after start', function* () {
  const { loop } = getHub()
  const calls: unknown[] = []
  const timer = loop.timer(5)
  assert.throws(() => timer.start(undefined as never), TypeError)
  timer.start(() => calls.push('first'))
  timer.start((...args: string[]) => calls.push(args), 'second', 'third')
  assert.equal(timer.active, true)
  yield* wait()
  assert.deepEqual(calls, [['second', 'third']])
  assert.equal(timer.active, false)
  timer.stop()
  timer.close()
  timer.close()
  assert.throws(() => timer.start(() => {}), { code: 'FIBRIL_USAGE' })
  assert.throws(() => loop.timer(-1), RangeError)
  assert.throws(() => loop.timer(1, -1), RangeError)
  assert.throws(() => loop.signal(4711), RangeError)
  assert.throws(() => loop.io(new PassThrough(), 4), RangeError)
  assert.throws(() => loop.io(3 as never, READ), { code: 'FIBRIL_USAGE' })
})

it('watchers with ref: false do not keep wait() waiting; ref can be set later', function* () {
  const { loop } = getHub()
  const check = loop.check({ ref: false })
  check.start(() => {})
  const timer = loop.timer(1000)
  timer.start(() => {})
  assert.equal(yield* wait(null, { timeout: 1 }), false)
  timer.ref = false
  assert.equal(yield* wait(), true)
  timer.ref = true
  assert.equal(yield* wait(null, { timeout: 1 }), false)
  timer.close()
  check.close()
})

it('in a callback getcurrent stands for the hub', function* () {
  const seen: string[] = []
  getHub().loop.runCallback(() => seen.push(getcurrent().name))
  yield* wait()
  assert.deepEqual(seen, ['hub'])
})

it('timer repeats, and again begins its time anew', function* (host) {
  const { loop } = getHub()
  const at: number[] = []
  const timer = loop.timer(5, 10)
  const note = () => {
    at.push(host.now())
    if (at.length === 3) timer.stop()
  }
  timer.start(note)
  yield* sleep(7)
  timer.again(note)
  yield* wait()
  assert.deepEqual(at, [5, 17, 27])
})

test('async, signal, child, stat and io watchers call back when it happens', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-gevent-'))
  const file = join(folder, 'watched')
  try {
    await run(function* () {
      const { loop } = getHub()
      const happened = {
        async: new Event(),
        signal: new Event(),
        child: new Event(),
        stat: new Event(),
        io: new Event(),
      }
      const async = loop.async()
      async.start(() => happened.async.set())
      setTimeout(() => {
        async.send()
        async.send()
      }, 1)
      const signal = loop.signal('SIGHUP')
      signal.start(() => happened.signal.set())
      process.kill(process.pid, 'SIGHUP')
      const child = loop.child(nodeSpawn(process.execPath, ['-e', 'process.exit(3)']))
      child.start(() => happened.child.set())
      const stat = loop.stat(file, 5)
      assert.equal(stat.attr === null, true)
      stat.start(() => happened.stat.set())
      writeFileSync(file, 'x')
      const stream = new PassThrough()
      const io = loop.io(stream, READ | WRITE)
      io.start(() => happened.io.set())
      for (const event of Object.values(happened)) assert.equal(yield* event.wait(), true)
      assert.equal(child.code, 3)
      assert.equal(stat.attr?.size, 1)
      for (const watcher of [async, signal, child, stat, io]) watcher.close()
      assert.equal(yield* wait(), true)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('each loop has a hub of its own', async () => {
  const hubs = await Promise.all(
    [new Loop(new NodeHost()), new Loop(new NodeHost())].map((loop) =>
      run(
        function* () {
          yield* sleep(1)
          return [getHub(), spawn(() => getHub())] as const
        },
        { loop },
      ),
    ),
  )
  assert.notEqual(hubs[0]?.[0], hubs[1]?.[0])
  assert.equal(await hubs[0]?.[1], hubs[0]?.[0])
  assert.equal(await hubs[1]?.[1], hubs[1]?.[0])
})
