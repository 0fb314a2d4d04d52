import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { BusyError, CancelledError, TimeoutError } from '../../examples/scheduler/errors.ts'
import { Fifo } from '../../examples/scheduler/fifo.ts'
import { Future } from '../../examples/scheduler/future.ts'
import type { Direction, Pollable, Request, Requests } from '../../examples/scheduler/requests.ts'
import { Scheduler } from '../../examples/scheduler/scheduler.ts'
import type { Task } from '../../examples/scheduler/task.ts'
import { timeout } from '../../examples/scheduler/timeout.ts'

// ---- The loop ---------------------------------------------------------------------------------------------------

test('tasks take turns, in the order in which they were spawned', async () => {
  const { scheduler, heard } = quiet()
  const seen: string[] = []
  for (const name of ['a', 'b', 'c']) scheduler.spawn(steps(name, 3, seen), name)
  assert.deepEqual(seen, [], 'nothing runs before its turn')
  await scheduler.run()
  assert.deepEqual(seen, ['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3'])
  assert.deepEqual(heard, [])
})

test('run ends at once when there is no task, can be called again, and leaves nothing behind', async () => {
  const { scheduler } = quiet()
  const listeners = process.listenerCount('beforeExit')
  await scheduler.run()
  const seen: string[] = []
  scheduler.spawn(steps('a', 1, seen))
  await scheduler.run()
  assert.deepEqual(seen, ['a1'])
  assert.equal(process.listenerCount('beforeExit'), listeners)
})

test('a second run beside the first is refused', async () => {
  const { scheduler } = quiet()
  const future = new Future<void>('the gate')
  scheduler.spawn(future.wait())
  const first = scheduler.run()
  await assert.rejects(scheduler.run(), /running already/)
  future.complete()
  await first
})

test('run ends when a task that waited for nothing but a future has its result', async () => {
  const { scheduler } = quiet()
  const future = new Future<string>('the answer')
  const task = scheduler.spawn(future.wait())
  let ended = false
  const run = scheduler.run().then(() => (ended = true))
  await nextTurn()
  await nextTurn()
  assert.equal(ended, false)
  future.complete('42')
  await run
  assert.equal(task.done.result(), '42')
})

test('the result of a task is there for whoever joins it', async () => {
  const { scheduler } = quiet()
  const child = scheduler.spawn(returns(7), 'child')
  const joiners = [1, 2, 3].map(() => scheduler.spawn(child.done.wait()))
  await scheduler.run()
  assert.deepEqual(
    joiners.map((joiner) => joiner.done.result()),
    [7, 7, 7],
  )
})

test('a task that never waits for anything cannot keep Node from its sockets and timers', async () => {
  const { scheduler } = quiet()
  const outside = new Future<void>('something outside')
  let steps = 0
  let most = 0
  scheduler.spawn(
    (function* (): Requests<void> {
      while (!outside.settled) {
        steps++
        yield ['sleep', 0]
      }
    })(),
    'busy',
  )
  const run = scheduler.run()
  for (let turn = 0; turn < 20; turn++) {
    await nextTurn()
    most = Math.max(most, steps)
    steps = 0
  }
  outside.complete()
  await run
  assert.ok(most > 0 && most <= 256, `${most} steps between two looks at the world`)
})

test('ten thousand tasks are woken by one future, each once', async () => {
  const { scheduler } = quiet()
  const gate = new Future<void>('the gate')
  let [asked, woken] = [0, 0]
  for (let i = 0; i < 10_000; i++) scheduler.spawn(passes())
  const run = scheduler.run()
  while (asked < 10_000) await nextTurn()
  assert.equal(woken, 0)
  gate.complete()
  await run
  assert.equal(woken, 10_000)

  function* passes(): Requests<void> {
    asked++
    yield ['future', gate]
    woken++
  }
})

test('a queue of a million keeps its order and does not slow down', () => {
  const fifo = new Fifo<number>()
  for (let i = 0; i < 500_000; i++) fifo.push(i)
  for (let i = 0; i < 500_000; i++) {
    assert.equal(fifo.take(), i)
    fifo.push(500_000 + i)
  }
  assert.equal(fifo.length, 500_000)
  for (let i = 0; i < 500_000; i++) assert.equal(fifo.take(), 500_000 + i)
  assert.equal(fifo.take(), undefined)
})

// ---- Failures ---------------------------------------------------------------------------------------------------

test('a task that throws is reported and harms no other', async () => {
  const { scheduler, heard } = quiet()
  const seen: string[] = []
  scheduler.spawn(fails(new Error('one')), 'unlucky')
  scheduler.spawn(steps('b', 3, seen), 'b')
  await scheduler.run()
  assert.deepEqual(seen, ['b1', 'b2', 'b3'])
  assert.deepEqual(heard, ['unlucky: one'])
})

test('a failure goes to the task that waits for it, and is then not reported', async () => {
  const { scheduler, heard } = quiet()
  const child = scheduler.spawn(fails(new Error('one')), 'child')
  const parent = scheduler.spawn(caught(child.done.wait()), 'parent')
  await scheduler.run()
  assert.equal((parent.done.result() as Error).message, 'one')
  assert.deepEqual(heard, [])
})

test('even `throw undefined` is reported', async () => {
  const { scheduler, heard } = quiet()
  scheduler.spawn(fails(undefined), 'vague')
  await scheduler.run()
  assert.deepEqual(heard, ['vague: undefined'])
})

test('a future that failed throws where its result is asked for, and only there', async () => {
  const { scheduler, heard } = quiet()
  const future = new Future<number>('the answer')
  const catcher = scheduler.spawn(caught(future.wait()), 'catcher')
  scheduler.spawn(future.wait(), 'careless')
  const other = scheduler.spawn(returns('unharmed'))
  scheduler.spawn(
    (function* (): Requests<void> {
      future.fail(new Error('no answer'))
    })(),
  )
  await scheduler.run()
  assert.equal((catcher.done.result() as Error).message, 'no answer')
  assert.equal(other.done.result(), 'unharmed')
  assert.deepEqual(heard, ['careless: no answer'])
})

const wrong: [title: string, yielded: unknown, message: RegExp][] = [
  ['a number', 42, /cannot wait for 42: yield one of \['recv', socket\]/],
  ['nothing', undefined, /cannot wait for undefined/],
  ['an unknown word', ['read', memorySocket()], /cannot wait for \[ 'read'/],
  ['a word of Object.prototype', ['constructor', 1], /cannot wait for \[ 'constructor', 1 \]/],
  ['no socket', ['recv', undefined], /cannot wait for \[ 'recv', undefined \]/],
  ['a future for a socket', ['recv', new Future('f')], /cannot wait for \[ 'recv', \[Future\] \]/],
  ['too much', ['sleep', 1, 2], /cannot wait for \[ 'sleep', 1, 2 \]/],
  ['a nap of NaN', ['sleep', Number.NaN], /cannot wait for \[ 'sleep', NaN \]/],
  ['a nap into the past', ['sleep', -1], /cannot wait for \[ 'sleep', -1 \]/],
  ['a nap that setTimeout would cut to 1 ms', ['sleep', 2 ** 31], /ms of 0 to 2147483647/],
  ['a generator', returns(1), /did you mean yield\*\?/],
  ['a promise', Promise.resolve(1), /did you mean \['future', Future\.from\(promise\)\]\?/],
]
for (const [title, yielded, message] of wrong) {
  test(`a request that makes no sense (${title}) is thrown into the task that made it, which may go on`, async () => {
    const { scheduler, heard } = quiet()
    const task = scheduler.spawn(
      (function* (): Requests<string> {
        try {
          yield yielded as Request
        } catch (error) {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, message)
        }
        yield ['sleep', 0]
        return 'went on'
      })(),
    )
    await scheduler.run()
    assert.deepEqual(heard, [])
    assert.equal(task.done.result(), 'went on')
  })
}

// ---- Waits: one for each side of a socket -----------------------------------------------------------------------

test('a second task on the same side of a socket gets an error that names both; the first is unharmed', async () => {
  const { scheduler, heard } = quiet()
  const socket = memorySocket()
  const first = scheduler.spawn(waitsFor(socket, 'recv'), 'first')
  const second = scheduler.spawn(caught(waitsFor(socket, 'recv')), 'second')
  scheduler.spawn(after(3, () => socket.becomes('recv')))
  await scheduler.run()
  const refusal = second.done.result() as Error
  assert.ok(refusal instanceof BusyError)
  assert.equal(refusal.message, 'second cannot recv on a memory socket: first is waiting there')
  assert.equal(first.done.result(), 'recv')
  assert.deepEqual(heard, [])
})

test('the two sides of a socket are waited for separately', async () => {
  const { scheduler } = quiet()
  const socket = memorySocket()
  const reader = scheduler.spawn(waitsFor(socket, 'recv'), 'reader')
  const writer = scheduler.spawn(waitsFor(socket, 'send'), 'writer')
  const seen: boolean[] = []
  scheduler.spawn(
    (function* (): Requests<void> {
      yield ['sleep', 0]
      socket.becomes('send')
      yield ['future', writer.done]
      seen.push(reader.done.settled)
      socket.becomes('recv')
    })(),
  )
  await scheduler.run()
  assert.deepEqual(seen, [false])
  assert.equal(reader.done.result(), 'recv')
})

test('a task that was woken keeps its place until it runs, so nobody takes what it was woken for', async () => {
  const { scheduler } = quiet()
  const socket = memorySocket()
  const first = scheduler.spawn(waitsFor(socket, 'recv'), 'first')
  const second = scheduler.spawn(
    (function* (): Requests<unknown> {
      yield ['sleep', 0]
      socket.becomes('recv') // wakes the first, which is now in the queue; asks for the same before it can run
      return yield* caught(waitsFor(socket, 'recv'))
    })(),
    'second',
  )
  await scheduler.run()
  assert.ok(second.done.result() instanceof BusyError)
  assert.equal(first.done.result(), 'recv')
})

test('the place is free again for the next', async () => {
  const { scheduler } = quiet()
  const socket = memorySocket()
  socket.becomes('recv')
  for (let i = 0; i < 3; i++) {
    const task = scheduler.spawn(waitsFor(socket, 'recv'))
    await scheduler.run()
    assert.equal(task.done.result(), 'recv')
  }
  assert.equal(socket.watchers(), 0)
})

test('a socket that wakes twice, or after its task went on, makes no extra step', async () => {
  const { scheduler } = quiet()
  let wake = () => {}
  const hasty: Pollable = {
    name: 'hasty',
    whenReady(_direction, wakeUp) {
      wake = wakeUp
      wake()
      wake()
      return () => {}
    },
  }
  const never = new Future<void>('never')
  let woken = false
  const task = scheduler.spawn(
    (function* (): Requests<void> {
      yield ['recv', hasty]
      wake()
      yield ['future', never]
      woken = true
    })(),
  )
  const run = scheduler.run()
  await nextTurn()
  await nextTurn()
  wake()
  await nextTurn()
  await nextTurn()
  assert.equal(woken, false, 'a wake from the wait before ended the wait after')
  task.cancel()
  await run
})

test('a wait that cannot be installed is an error in its task and leaves nothing behind', async () => {
  const { scheduler } = quiet()
  let broken = true
  const socket = memorySocket()
  const moody: Pollable = {
    name: 'moody',
    whenReady(direction, wake) {
      if (broken) throw new Error('not today')
      return socket.whenReady(direction, wake)
    },
  }
  const first = scheduler.spawn(caught(waitsFor(moody, 'recv')))
  await scheduler.run()
  assert.equal((first.done.result() as Error).message, 'not today')
  broken = false
  socket.becomes('recv')
  const second = scheduler.spawn(waitsFor(moody, 'recv'))
  await scheduler.run()
  assert.equal(second.done.result(), 'recv')
})

// ---- Futures ----------------------------------------------------------------------------------------------------

test('a future that is done before anyone waits wakes its task once', async () => {
  const { scheduler } = quiet()
  const future = new Future<number>('the answer')
  future.complete(42)
  const seen: string[] = []
  scheduler.spawn(
    (function* (): Requests<void> {
      yield ['future', future]
      seen.push('woken')
      yield ['sleep', 0]
      seen.push('next')
    })(),
  )
  scheduler.spawn(steps('other', 2, seen))
  await scheduler.run()
  assert.deepEqual(seen, ['other1', 'woken', 'other2', 'next'])
})

test('a future that is done in the step in which its task asks for it wakes it once', async () => {
  const { scheduler } = quiet()
  const future = new Future<number>('the answer')
  let woken = 0
  scheduler.spawn(
    (function* (): Requests<void> {
      yield ['future', future]
      woken++
      yield ['sleep', 0]
    })(),
  )
  scheduler.spawn(
    (function* (): Requests<void> {
      future.complete(1)
    })(),
  )
  await scheduler.run()
  assert.equal(woken, 1)
})

test('a future that is done while the loop sleeps wakes the loop', async () => {
  const { scheduler } = quiet()
  const future = new Future<number>('the answer')
  const task = scheduler.spawn(future.wait())
  const run = scheduler.run()
  await nextTurn()
  await nextTurn()
  future.complete(1)
  await run
  assert.equal(task.done.result(), 1)
})

test('all tasks that wait for one future get its result', async () => {
  const { scheduler } = quiet()
  const future = new Future<number>('the answer')
  const waiters = ['a', 'b', 'c'].map((name) => scheduler.spawn(future.wait(), name))
  scheduler.spawn(after(2, () => future.complete(42)))
  await scheduler.run()
  assert.deepEqual(
    waiters.map((waiter) => waiter.done.result()),
    [42, 42, 42],
  )
})

test('a future refuses a second result and keeps the first', () => {
  const future = new Future<number>('the answer')
  future.complete(1)
  assert.throws(() => future.complete(2), /the answer has a result already/)
  assert.throws(() => future.fail(new Error('late')), /the answer has a result already/)
  assert.equal(future.result(), 1)
})

test('a future asked too early says so', () => {
  assert.throws(() => new Future('the answer').result(), /the answer has no result yet/)
})

test('a promise can be waited for, and its rejection is thrown', async () => {
  const { scheduler } = quiet()
  const good = scheduler.spawn(Future.from(Promise.resolve(1)).wait())
  const bad = scheduler.spawn(caught(Future.from(Promise.reject(new Error('no'))).wait()))
  await scheduler.run()
  assert.equal(good.done.result(), 1)
  assert.equal((bad.done.result() as Error).message, 'no')
})

test('promises that are ready at once cannot keep Node from its sockets and timers', async () => {
  const { scheduler } = quiet()
  let over = false
  scheduler.spawn(
    (function* (): Requests<void> {
      while (!over) yield ['future', Future.from(Promise.resolve())]
    })(),
  )
  const run = scheduler.run()
  for (let turn = 0; turn < 5; turn++) await nextTurn()
  over = true
  await run
})

// ---- Sleep and timeout ------------------------------------------------------------------------------------------

test('sleepers wake in the order of their time, equals in the order in which they lay down', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { scheduler } = quiet()
  const seen: string[] = []
  for (const [name, ms] of Object.entries({ c: 20, a: 10, d: 20, b: 10 })) scheduler.spawn(sleeps(name, ms, seen))
  const run = scheduler.run()
  await nextTurn()
  t.mock.timers.tick(9)
  await nextTurn()
  assert.deepEqual(seen, [])
  t.mock.timers.tick(1)
  await nextTurn()
  await nextTurn()
  assert.deepEqual(seen, ['a', 'b'])
  t.mock.timers.tick(10)
  await run
  assert.deepEqual(seen, ['a', 'b', 'c', 'd'])
})

test('a timeout lets a quick task return and leaves no timer behind', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { scheduler, heard } = quiet()
  const task = scheduler.spawn(timeout(scheduler, 50, returns('quick')))
  await scheduler.run()
  assert.equal(task.done.result(), 'quick')
  t.mock.timers.tick(100)
  assert.deepEqual(heard, [])
})

test('a timeout cancels what is late, throws when its cleanup is over, and frees its place', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { scheduler, heard } = quiet()
  const socket = memorySocket()
  const seen: string[] = []
  const task = scheduler.spawn(
    (function* (): Requests<void> {
      try {
        yield* timeout(scheduler, 50, cleansUp(waitsFor(socket, 'recv'), 'work', seen))
      } catch (error) {
        seen.push((error as Error).name)
      }
    })(),
  )
  const run = scheduler.run()
  await nextTurn()
  t.mock.timers.tick(49)
  await nextTurn()
  assert.equal(task.done.settled, false)
  t.mock.timers.tick(1)
  await run
  assert.deepEqual(seen, ['work cleaned up', 'TimeoutError'])
  assert.equal(socket.watchers(), 0)
  assert.deepEqual(heard, [])
})

test('of two timeouts the one that is up throws, and the error tells which', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { scheduler } = quiet()
  const never = new Future<void>('never')
  const inner = scheduler.spawn(caught(timeout(scheduler, 90, timeout(scheduler, 10, never.wait()))))
  const outer = scheduler.spawn(caught(timeout(scheduler, 10, timeout(scheduler, 90, never.wait()))))
  const run = scheduler.run()
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  t.mock.timers.tick(10)
  await run
  for (const task of [inner, outer]) {
    const error = task.done.result()
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.message, 'not done after 10 ms')
  }
})

test('a timeout passes on what its body throws', async () => {
  const { scheduler, heard } = quiet()
  const task = scheduler.spawn(caught(timeout(scheduler, 1000, fails(new Error('broken')))))
  await scheduler.run()
  assert.equal((task.done.result() as Error).message, 'broken')
  assert.deepEqual(heard, [])
})

test('cancelling the task cancels what it runs under a timeout, and stops the alarm', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { scheduler, heard } = quiet()
  const seen: string[] = []
  const never = new Future<void>('never')
  const task = scheduler.spawn(timeout(scheduler, 50, cleansUp(never.wait(), 'work', seen)))
  scheduler.spawn(after(3, () => task.cancel()))
  await scheduler.run()
  assert.deepEqual(seen, ['work cleaned up'])
  t.mock.timers.tick(100)
  assert.deepEqual(heard, [])
})

test('a timeout of NaN is refused instead of never coming', async () => {
  const { scheduler } = quiet()
  const task = scheduler.spawn(caught(timeout(scheduler, Number.NaN, returns(1))))
  await scheduler.run()
  assert.ok(task.done.result() instanceof TypeError)
})

// ---- Cancel -----------------------------------------------------------------------------------------------------

const waits: Record<string, (socket: Pollable, future: Future<void>) => Request> = {
  recv: (socket) => ['recv', socket],
  send: (socket) => ['send', socket],
  future: (_socket, future) => ['future', future],
  sleep: () => ['sleep', 1000],
}
for (const [kind, request] of Object.entries(waits)) {
  test(`a task that waits for ${kind} can be cancelled: finally runs, catch does not, the wait is undone`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { scheduler, heard } = quiet()
    const socket = memorySocket()
    const future = new Future<void>('the gate')
    const seen: string[] = []
    const task = scheduler.spawn(
      (function* (): Requests<void> {
        try {
          yield request(socket, future)
          seen.push('went on')
        } catch {
          seen.push('catch')
        } finally {
          seen.push('finally')
        }
      })(),
      'it',
    )
    scheduler.spawn(after(2, () => task.cancel()))
    await scheduler.run()
    assert.deepEqual(seen, ['finally'])
    assert.equal(socket.watchers(), 0)
    assert.equal(future.watched, false)
    assert.throws(() => task.done.result(), { name: 'CancelledError', message: 'it was cancelled' })
    assert.deepEqual(heard, [], 'a cancel is not a failure')
  })
}

test('a cancel unwinds every generator of the task, from the innermost out', async () => {
  const { scheduler } = quiet()
  const seen: string[] = []
  const never = new Future<void>('never')
  const task = scheduler.spawn(cleansUp(cleansUp(cleansUp(never.wait(), 'c', seen), 'b', seen), 'a', seen))
  scheduler.spawn(after(1, () => task.cancel()))
  await scheduler.run()
  assert.deepEqual(seen, ['c cleaned up', 'b cleaned up', 'a cleaned up'])
})

test('whoever waits for a cancelled task learns why; the first reason stands', async () => {
  const { scheduler } = quiet()
  const task = scheduler.spawn(new Future<void>('never').wait())
  const joiner = scheduler.spawn(caught(task.done.wait()))
  scheduler.spawn(
    after(1, () => {
      task.cancel(new Error('first'))
      task.cancel(new Error('second'))
    }),
  )
  await scheduler.run()
  assert.equal((joiner.done.result() as Error).message, 'first')
})

test('a cancel between the wake and the step wins, and what the task was woken for is left for others', async () => {
  const { scheduler } = quiet()
  const socket = memorySocket()
  const task = scheduler.spawn(waitsFor(socket, 'recv'))
  scheduler.spawn(
    after(2, () => {
      socket.becomes('recv')
      task.cancel()
    }),
  )
  await scheduler.run()
  assert.throws(() => task.done.result(), CancelledError)
  const next = scheduler.spawn(waitsFor(socket, 'recv'))
  await scheduler.run()
  assert.equal(next.done.result(), 'recv')
})

test('a task that is cancelled before it began runs to its first request, so that it can clean up', async () => {
  const { scheduler } = quiet()
  const seen: string[] = []
  const socket = memorySocket()
  const task = scheduler.spawn(cleansUp(waitsFor(socket, 'recv'), 'it', seen))
  task.cancel()
  await scheduler.run()
  assert.deepEqual(seen, ['it cleaned up'])
  assert.equal(socket.watched(), 0, 'the wait is not even begun')
})

test('a task may cancel itself: it goes on to its next request and ends there', async () => {
  const { scheduler } = quiet()
  const seen: string[] = []
  const task: Task = scheduler.spawn(body())
  await scheduler.run()
  assert.deepEqual(seen, ['still here', 'cleaned up'])

  function* body(): Requests<void> {
    try {
      task.cancel()
      seen.push('still here')
      yield ['sleep', 0]
      seen.push('went on')
    } finally {
      seen.push('cleaned up')
    }
  }
})

test('a task that cancels itself and makes no more requests has simply ended', async () => {
  const { scheduler } = quiet()
  const task: Task<number> = scheduler.spawn(body())
  await scheduler.run()
  assert.equal(task.done.result(), 1)

  function* body(): Requests<number> {
    task.cancel()
    return 1
  }
})

test('cancelling a task that has ended does nothing', async () => {
  const { scheduler } = quiet()
  const task = scheduler.spawn(returns(1))
  await scheduler.run()
  task.cancel()
  await scheduler.run()
  assert.equal(task.done.result(), 1)
})

test('a finally that throws while being cancelled is a failure like any other', async () => {
  const { scheduler, heard } = quiet()
  const task = scheduler.spawn(
    (function* (): Requests<void> {
      try {
        yield ['future', new Future('never')]
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: the point of the test
        throw new Error('cleanup broke')
      }
    })(),
    'it',
  )
  scheduler.spawn(after(1, () => task.cancel()))
  await scheduler.run()
  assert.deepEqual(heard, ['it: cleanup broke'])
})

test('a finally that waits while being cancelled is cut short and reported; the generator around it does not go on', async () => {
  const { scheduler, heard } = quiet()
  const seen: string[] = []
  const task = scheduler.spawn(outer(), 'it')
  scheduler.spawn(after(2, () => task.cancel()))
  await scheduler.run()
  assert.deepEqual(seen, ['inner cleans up', 'outer cleaned up'])
  assert.deepEqual(heard, ['it: a finally of it waited while being cancelled'])

  function* outer(): Requests<void> {
    try {
      yield* inner()
      seen.push('OUTER WENT ON')
    } finally {
      seen.push('outer cleaned up')
    }
  }
  function* inner(): Requests<void> {
    try {
      yield ['future', new Future('never')]
    } finally {
      seen.push('inner cleans up')
      yield ['sleep', 0]
      seen.push('INNER WENT ON')
    }
  }
})

test('shutdown ends every task, the ones that wait, the ones that are ready and the ones that have not begun', async () => {
  const { scheduler, heard } = quiet()
  const seen: string[] = []
  const never = new Future<void>('never')
  scheduler.spawn(cleansUp(never.wait(), 'waiting', seen))
  scheduler.spawn(cleansUp(busy(), 'busy', seen))
  scheduler.spawn(
    after(5, () => {
      scheduler.spawn(cleansUp(never.wait(), 'unborn', seen))
      scheduler.shutdown()
    }),
  )
  await scheduler.run()
  assert.deepEqual(seen.sort(), ['busy cleaned up', 'unborn cleaned up', 'waiting cleaned up'])
  assert.deepEqual(heard, [])

  function* busy(): Requests<never> {
    for (;;) yield ['sleep', 0]
  }
})

// ---- Deadlock: Node knows that nothing outside is left when it is about to exit, so each test has a process ---------

test('tasks that wait for one another for ever are named, cleaned up, and run throws', () => {
  const { stdout, stderr, status } = runProgram(`
    const scheduler = new Scheduler()
    const ann = scheduler.spawn(waits(() => bob), 'Ann')
    const bob = scheduler.spawn(waits(() => ann), 'Bob')
    await scheduler.run().catch((error) => console.log(error.name + ': ' + error.message))

    function* waits(whom) {
      try {
        yield* whom().done.wait()
      } finally {
        console.log('cleaned up')
      }
    }
  `)
  assert.equal(stderr, '')
  assert.equal(
    stdout,
    'cleaned up\ncleaned up\nDeadlockError: nothing can wake' +
      '\n  Ann, which waits for the end of Bob\n  Bob, which waits for the end of Ann\n',
  )
  assert.equal(status, 0)
})

test('a task that waits for a future which nobody can complete is named, instead of a silent exit', () => {
  const { stderr, status } = runProgram(`
    const scheduler = new Scheduler()
    scheduler.spawn(new Future('the answer').wait(), 'Ann')
    await scheduler.run()
  `)
  assert.match(stderr, /DeadlockError: nothing can wake\n {2}Ann, which waits for the answer/)
  assert.equal(status, 1)
})

test('a future that a timer, a promise or a thread can still complete is no deadlock', () => {
  const { stdout, status } = runProgram(`
    const scheduler = new Scheduler()
    const late = new Future('late')
    setTimeout(() => late.complete('timer'), 1)
    const promised = Future.from(new Promise((resolve) => setImmediate(resolve, 'promise')))
    const pool = new WorkerPool(new URL('./fib-worker.js', here), 1)
    for (const future of [late, promised, pool.submit(10)]) scheduler.spawn(print(future))
    await scheduler.run()

    function* print(future) {
      console.log(yield* future.wait())
    }
  `)
  assert.deepEqual(stdout.trim().split('\n').sort(), ['55', 'promise', 'timer'])
  assert.equal(status, 0, 'an idle thread keeps no process alive, and no deadlock was seen')
})

// ---- Actors -----------------------------------------------------------------------------------------------------

/** A scheduler that writes down what it would report. */
function quiet(): { scheduler: Scheduler; heard: string[] } {
  const heard: string[] = []
  const scheduler = new Scheduler((error, task) => heard.push(`${task.name}: ${(error as Error | undefined)?.message}`))
  return { scheduler, heard }
}

function* steps(name: string, count: number, seen: string[]): Requests<void> {
  for (let step = 1; step <= count; step++) {
    seen.push(name + step)
    if (step < count) yield ['sleep', 0]
  }
}

function* returns<T>(value: T): Requests<T> {
  yield ['sleep', 0]
  return value
}

function* fails(error: unknown): Requests<never> {
  yield ['sleep', 0]
  throw error
}

/** What `body` throws. */
function* caught(body: Requests<unknown>): Requests<unknown> {
  let value: unknown
  try {
    value = yield* body
  } catch (error) {
    return error
  }
  assert.fail(`nothing was thrown, but ${value} returned`)
}

function* cleansUp<T>(body: Requests<T>, name: string, seen: string[]): Requests<T> {
  try {
    return yield* body
  } finally {
    seen.push(`${name} cleaned up`)
  }
}

function* sleeps(name: string, ms: number, seen: string[]): Requests<void> {
  yield ['sleep', ms]
  seen.push(name)
}

/** Lets the others take so many steps, then acts. */
function* after(steps: number, act: () => void): Requests<void> {
  for (let step = 0; step < steps; step++) yield ['sleep', 0]
  act()
}

function* waitsFor(socket: Pollable, direction: Direction): Requests<Direction> {
  yield [direction, socket]
  return direction
}

/** A socket that is ready when told to be. */
function memorySocket() {
  const ready = new Set<Direction>()
  const wakes = new Map<Direction, () => void>()
  let watched = 0
  return {
    name: 'a memory socket',
    whenReady(direction: Direction, wake: () => void) {
      watched++
      assert.ok(!wakes.has(direction), 'two watch the same side')
      wakes.set(direction, wake)
      if (ready.has(direction)) wake()
      return () => wakes.delete(direction)
    },
    becomes(direction: Direction) {
      ready.add(direction)
      wakes.get(direction)?.()
    },
    /** How many watch it now; how many ever did. */
    watchers: () => wakes.size,
    watched: () => watched,
  } satisfies Pollable & Record<string, unknown>
}

/** Runs a program that may use the example's names, in a Node of its own. */
function runProgram(program: string): { stdout: string; stderr: string; status: number | null } {
  const here = new URL('../../examples/scheduler/', import.meta.url)
  const prelude = `
    const here = ${JSON.stringify(here.href)}
    const { Scheduler } = await import(here + 'scheduler.js')
    const { Future } = await import(here + 'future.js')
    const { WorkerPool } = await import(here + 'worker-pool.js')
  `
  // A module by its URL: with --input-type a worker thread would inherit that, and not start.
  const url = `data:text/javascript,${encodeURIComponent(prelude + program)}`
  return spawnSync(process.execPath, ['--eval', `import(${JSON.stringify(url)})`], { encoding: 'utf8' })
}
