import assert from 'node:assert/strict'
import {
  AsyncResult,
  Greenlet,
  GreenletExit,
  getcurrent,
  kill,
  killall,
  Queue,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  Timeout,
} from '../../src/gevent/index.ts'
import { sleep as pause, spawn as spawnTask } from '../../src/index.ts'
import { it } from '../support/it.ts'
import { heard } from './heard.ts'

function* nap(ms = 5) {
  yield* sleep(ms)
  return 'rested'
}

function* fail(ms: number, message = 'boom') {
  yield* sleep(ms)
  throw new RangeError(message)
}

it('a spawned greenlet does not run until its caller waits', function* () {
  const order: string[] = []
  const g = spawn(() => order.push('greenlet'))
  order.push('caller')
  assert.equal(g.started, true)
  assert.equal(g.ready(), false)
  yield* g.join()
  assert.deepEqual(order, ['caller', 'greenlet'])
  assert.equal(g.started, false)
  assert.equal(g.dead, true)
})

it('what cannot be called is a TypeError at once', function* () {
  assert.throws(() => spawn(42 as never), {
    name: 'TypeError',
    message: 'a greenlet runs a function, and not a number',
  })
  assert.throws(() => new Greenlet({} as never), TypeError)
})

it('start is idempotent, and a greenlet that was not started runs nothing', function* () {
  let ran = 0
  const g = new Greenlet(() => ran++)
  assert.equal(g.started, false)
  g.start()
  g.start()
  yield* g.join()
  g.start()
  yield* sleep(1)
  assert.equal(ran, 1)
})

it('a subclass writes _run, which gets the arguments', function* () {
  class Adder extends Greenlet<number> {
    protected override *_run(a: number, b: number) {
      yield* sleep(1)
      return a + b
    }
  }
  const g = new Adder(null, 2, 3)
  g.start()
  assert.equal(yield* g.get(), 5)
  assert.match(String(g), /^greenlet Adder #\d+$/)
  const lines = heard()
  const empty = new Greenlet()
  empty.start()
  yield* empty.join()
  yield* sleep(1)
  assert.match(lines.join(), /nothing to run/)
})

it('spawnLater starts after its time, and can be killed before', function* (host) {
  const at: number[] = []
  const g = spawnLater(10, () => at.push(host.now()))
  const never = spawnLater(5, () => at.push(-1))
  assert.equal(never.started, true)
  yield* never.kill()
  assert.ok(never.value instanceof GreenletExit)
  yield* g.join()
  assert.deepEqual(at, [10])
})

it('spawnRaw runs a function that nobody asks about', function* () {
  let seen = 0
  const raw = spawnRaw((n: number) => {
    seen = n
  }, 7)
  yield* sleep(1)
  assert.equal(seen, 7)
  assert.equal(raw.dead, true)
})

it('greenlets run generator functions, async functions, operations and plain functions alike', function* () {
  assert.equal(yield* spawn(nap).get(), 'rested')
  assert.equal(yield* spawn(async () => 'async').get(), 'async')
  assert.equal(yield* spawn(() => sleep(1)).get(), undefined)
  assert.equal(yield* spawn((a: number, b: number) => a + b, 1, 2).get(), 3)
})

it('a failing greenlet keeps its exception, and is written to the stream of the hub with time and name', function* () {
  const lines = heard()
  const g = spawn(function broken() {
    throw new RangeError('boom')
  })
  yield* g.join()
  assert.equal(g.successful(), false)
  assert.equal(g.value, undefined)
  assert.equal((g.exception as Error).message, 'boom')
  try {
    yield* g.get()
    assert.fail('it gave a value')
  } catch (error) {
    assert.equal(error, g.exception)
  }
  yield* sleep(1)
  assert.equal(lines.length, 1)
  assert.match(lines[0] as string, /\d{4}-\d\d-\d\dT\S+Z greenlet broken #\d+ failed with RangeError: boom$/)
})

it('GreenletExit counts as success, with itself as the value, and is not printed', function* () {
  const lines = heard()
  const g = spawn(() => {
    throw new GreenletExit('enough')
  })
  yield* g.join()
  assert.equal(g.successful(), true)
  assert.ok(g.value instanceof GreenletExit)
  assert.equal(g.exception, null)
  assert.equal(String(yield* g.get()), 'GreenletExit: enough')
  assert.deepEqual(lines, [])
})

it('a greenlet that is killed before it ran never runs, and its links are called all the same', function* () {
  for (const how of ['not started', 'started'] as const) {
    let ran = false
    const told: Greenlet[] = []
    const g = new Greenlet(() => {
      ran = true
    })
    if (how === 'started') g.start()
    g.link((ended) => told.push(ended))
    yield* g.kill()
    g.start()
    yield* sleep(1)
    assert.equal(ran, false, how)
    assert.ok(g.value instanceof GreenletExit)
    assert.deepEqual(told, [g])
  }
})

it('kill with an exception on a greenlet that has not run makes it fail with that', function* () {
  const lines = heard()
  const error = new Error('no')
  const g = spawn(nap)
  const unstarted = new Greenlet(nap)
  yield* g.kill(error)
  yield* unstarted.kill(class extends RangeError {})
  assert.equal(g.exception, error)
  assert.ok(unstarted.exception instanceof RangeError)
  yield* sleep(1)
  assert.equal(lines.length, 2)
})

it('kill runs finally blocks, also those that wait, and no catch; it waits until the greenlet has ended', function* (host) {
  const order: string[] = []
  const g = spawn(function* () {
    try {
      yield* sleep(1000)
    } catch {
      order.push('catch')
    } finally {
      yield* sleep(7)
      order.push('finally')
    }
  })
  yield* sleep(1)
  yield* g.kill()
  assert.deepEqual(order, ['finally'])
  assert.equal(host.now(), 8)
  yield* g.kill()
})

it('kill with an exception is thrown where the greenlet waits; it may go on, and kill waits until it ends', function* (host) {
  const g = spawn(function* () {
    try {
      yield* sleep(1000)
      return 'slept'
    } catch (error) {
      yield* sleep(20)
      return (error as Error).message
    }
  })
  yield* sleep(1)
  yield* g.kill(new Error('wake up'))
  assert.equal(host.now(), 21)
  assert.equal(g.value, 'wake up')
})

it('kill with an exception that is not caught is a failure', function* () {
  heard()
  const g = spawn(nap, 1000)
  yield* sleep(1)
  yield* g.kill(new TypeError('own'))
  assert.equal(String(g.exception), 'TypeError: own')
})

it('kill with a timeout returns nothing, and the greenlet may be alive; killall raises a Timeout then', function* (host) {
  const stubborn = () =>
    spawn(function* () {
      try {
        yield* sleep(1000)
      } finally {
        yield* sleep(50)
      }
    })
  const [a, b] = [stubborn(), stubborn()]
  yield* sleep(1)
  assert.equal(yield* a.kill(undefined, { timeout: 5 }), undefined)
  assert.equal(a.dead, false)
  try {
    yield* killall([a, b], undefined, { timeout: 5 })
    assert.fail('killall was silent')
  } catch (error) {
    assert.ok(error instanceof Timeout)
  }
  yield* killall([a, b])
  assert.equal(host.now(), 56)
  yield* kill(a)
})

it('kill with block: false does not wait; killing the dead changes nothing', function* () {
  const g = spawn(nap, 1000)
  yield* sleep(1)
  yield* g.kill(undefined, { block: false })
  assert.equal(g.dead, false)
  yield* g.join()
  const ended = spawn(() => 1)
  yield* ended.join()
  yield* ended.kill()
  assert.equal(ended.value, 1)
})

it('a greenlet that kills itself ends where it would wait next', function* () {
  const order: string[] = []
  const g = spawn(function* () {
    getcurrent().kill(undefined, { block: false })
    order.push('goes on')
    yield* sleep(1)
    order.push('never')
  })
  yield* g.join()
  assert.deepEqual(order, ['goes on'])
  assert.ok(g.value instanceof GreenletExit)
})

it('join returns nothing on timeout; get raises a Timeout, also for block: false', function* (host) {
  const g = spawn(nap, 100)
  assert.equal(yield* g.join(5), undefined)
  assert.equal(g.ready(), false)
  assert.throws(() => g.get({ block: false }), Timeout)
  try {
    yield* g.get({ timeout: 5 })
    assert.fail('it gave a value')
  } catch (error) {
    assert.ok(error instanceof Timeout)
    assert.equal(error.ms, 5)
  }
  assert.equal(host.now(), 10)
  assert.equal(yield* g, 'rested')
})

it('a wait for a greenlet that is cancelled leaves it as it is', function* () {
  const g = spawn(nap, 10)
  const waiters = [spawn(() => g.join()), spawn(() => g.get())]
  yield* sleep(1)
  yield* killall(waiters)
  assert.equal(yield* g.get(), 'rested')
})

it(
  'links are called in the order in which they were made, each in a greenlet of its own, also if that waits',
  function* () {
    const order: unknown[] = []
    const g = spawn(nap)
    g.link(function* (ended) {
      yield* sleep(1)
      order.push(['first', ended.value])
    })
    g.link(() => {
      order.push('second')
    })
    g.rawlink(() => {
      order.push('raw')
    })
    yield* g.join()
    yield* sleep(5)
    assert.deepEqual(order, ['raw', 'second', ['first', 'rested']])
  },
  { shuffle: false },
)

it('linkValue and linkException are called for success and for failure', function* () {
  heard()
  const told: string[] = []
  const good = spawn(nap)
  const bad = spawn(fail, 5)
  for (const [name, g] of [
    ['good', good],
    ['bad', bad],
  ] as [string, Greenlet][]) {
    g.linkValue(() => told.push(`${name} value`))
    g.linkException(() => told.push(`${name} exception`))
  }
  yield* sleep(10)
  assert.deepEqual(told.sort(), ['bad exception', 'good value'])
})

it('a link to a greenlet that has ended is called too, and not within link()', function* () {
  const g = spawn(() => 1)
  yield* g.join()
  let told = 0
  g.link(() => told++)
  g.rawlink(() => told++)
  assert.equal(told, 0)
  yield* sleep(1)
  assert.equal(told, 2)
})

it('a link that fails is reported, and does not stop the others', function* () {
  const lines = heard()
  const told: string[] = []
  const g = spawn(nap)
  g.rawlink(() => {
    throw new Error('raw link')
  })
  g.link(() => {
    throw new Error('link')
  })
  g.rawlink(() => told.push('raw'))
  g.link(() => told.push('own'))
  yield* sleep(10)
  assert.deepEqual(told.sort(), ['own', 'raw'])
  assert.deepEqual(lines.map((line) => line.split(' failed with ').at(-1)).sort(), ['Error: link', 'Error: raw link'])
})

it('unlink takes a link back, also while links are being told', function* () {
  const told: string[] = []
  const g = spawn(nap)
  const second = () => told.push('second')
  const never = () => told.push('never')
  g.rawlink(() => {
    told.push('first')
    g.unlink(second)
  })
  g.rawlink(second)
  g.link(never)
  g.unlink(never)
  yield* sleep(10)
  assert.deepEqual(told, ['first'])
  assert.throws(() => g.link(1 as never), TypeError)
})

it('an AsyncResult and a queue can be linked to', function* () {
  heard()
  const result = new AsyncResult<string>()
  const failure = new AsyncResult<string>()
  const queue = new Queue<Greenlet>()
  const g = spawn(nap)
  const bad = spawn(fail, 1)
  g.link(result)
  g.link(queue)
  bad.rawlink((ended) => failure.linked(ended))
  assert.equal(yield* result.get(), 'rested')
  assert.equal(yield* queue.get(), g)
  yield* failure.wait()
  assert.equal(failure.exception, bad.exception)
})

it('with joins at a normal end; an exception of the body kills with that, and does not join', function* (host) {
  heard()
  const g = spawn(nap, 20)
  assert.equal(yield* g.with(() => 'body'), 'body')
  assert.equal(host.now(), 20)
  const other = spawn(nap, 1000)
  yield* sleep(1)
  const error = new Error('in the body')
  try {
    yield* other.with(() => {
      throw error
    })
    assert.fail('it was silent')
  } catch (thrown) {
    assert.equal(thrown, error)
  }
  assert.equal(other.dead, false)
  yield* other.join()
  assert.equal(other.exception, error)
})

it('getcurrent gives the greenlet that runs, and what stands for any other task', function* () {
  const seen: Greenlet[] = []
  const g = spawn(() => seen.push(getcurrent()))
  yield* g.join()
  assert.equal(seen[0] === g, true)
  const main = getcurrent()
  assert.equal(getcurrent(), main)
  assert.equal(main.started, true)
  const task = spawnTask(function* plain() {
    seen.push(getcurrent())
    yield* pause(10)
    return 'task'
  })
  yield* sleep(1)
  assert.equal(yield* (seen[1] as Greenlet).get(), 'task')
  assert.equal(yield* task, 'task')
})

it('spawnTreeLocals are shared down a tree of spawns, and by nobody else', function* () {
  const seen: unknown[] = []
  const grow = (name: string) =>
    spawn(function* () {
      getcurrent().spawnTreeLocals['name'] = name
      yield* spawn(() => spawn(() => seen.push(getcurrent().spawnTreeLocals['name'])).join()).join()
    })
  yield* grow('oak').join()
  yield* grow('elm').join()
  assert.deepEqual(seen, ['oak', 'elm'])
  assert.equal(getcurrent().spawnTreeLocals['name'], undefined)
})

it('a greenlet outlives whoever spawned it, and its failure ends nobody', function* () {
  heard()
  let inner: Greenlet<string> | undefined
  const outer = spawn(() => {
    inner = spawn(nap, 10)
    spawn(fail, 1)
  })
  yield* outer.join()
  assert.equal(outer.successful(), true)
  assert.equal(inner?.ready(), false)
  assert.equal(yield* (inner as Greenlet<string>).get(), 'rested')
})

it.many('in any order of steps, whoever waits is told once: value, failure or exit', function* () {
  heard()
  const greenlets = [spawn(nap, 3), spawn(fail, 3), spawn(nap, 1000)]
  const outcomes: string[] = []
  const waiters = greenlets.map((g, i) =>
    spawn(function* () {
      try {
        outcomes.push(`${i} ${String(yield* g.get())}`)
      } catch (error) {
        outcomes.push(`${i} ${(error as Error).message}`)
      }
    }),
  )
  yield* sleep(5)
  yield* (greenlets[2] as Greenlet).kill()
  for (const waiter of waiters) yield* waiter.join()
  assert.deepEqual(outcomes.sort(), ['0 rested', '1 boom', '2 GreenletExit: the greenlet was killed'])
})

it('a hundred thousand greenlets, links and joins take linear time and constant stack', function* () {
  const greenlets: Greenlet[] = []
  let told = 0
  for (let i = 0; i < 100_000; i++) {
    const g = spawn(() => i)
    g.rawlink(() => told++)
    greenlets.push(g)
  }
  for (const g of greenlets) yield* g.join()
  const line = spawn(nap)
  for (let i = 0; i < 100_000; i++) line.rawlink(() => told++)
  yield* line.join()
  yield* sleep(1)
  assert.equal(told, 200_000)
})
