import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { BrokenError, ClosedError, UsageError } from '../../src/core/index.ts'
import { PROGRESS, RESULTS } from '../../src/offload/messages.ts'
import type { Job } from '../../src/offload/seat.ts'
import { callerOf, closeOffices, type FakeLink, Office } from './fake-link.ts'

const SECOND = 1e6

afterEach(closeOffices)

/** A pool of two workers, both in a long call. */
function officeInLongCalls(options: ConstructorParameters<typeof Office>[0] = {}): Office {
  const office = new Office(options)
  office.teach(SECOND, 'f')
  office.teach(10, 'g')
  office.call('f')
  office.call('f')
  office.ready()
  office.link(1).begin()
  office.link(2).begin()
  return office
}

test('workers are started as calls need them', () => {
  const office = new Office({ size: 3 })
  assert.equal(office.links.length, 0)
  office.call('f')
  assert.equal(office.links.length, 1)
  office.call('f')
  assert.equal(office.links.length, 2)
  office.ready()
  office.link(1).finish()
  office.link(2).finish()
  office.call('f')
  assert.equal(office.links.length, 2)
})

test('calls that are not known to be short run one at a time on each worker', () => {
  const office = new Office()
  for (let i = 0; i < 5; i++) office.call('f', i)
  office.ready()
  assert.deepEqual(
    office.links.map((link) => link.names),
    [['f 0'], ['f 1']],
  )
  office.link(2).finish()
  assert.deepEqual(office.link(2).names, ['f 2'])
})

test('short calls of one turn go to one worker in one message', async () => {
  const office = new Office()
  office.teach(1, 'g', 1)
  office.call('f')
  office.ready()
  office.link(1).finish()
  const before = office.link(1).batches
  for (let i = 0; i < 20; i++) office.call('g', 1)
  await Promise.resolve()
  assert.equal(office.link(1).calls.length, 20)
  assert.equal(office.link(1).batches, before + 1)
})

test('short calls are stacked on a worker up to a millisecond of work, then another is started', () => {
  const office = new Office()
  office.teach(300, 'g')
  for (let i = 0; i < 6; i++) office.call('g')
  office.ready()
  assert.deepEqual([office.links.length, office.link(1).calls.length], [2, 4])
})

test('a worker gets no more calls than its link can hold', () => {
  const office = new Office({ size: 1, express: false, capacity: 4 })
  office.teach(1, 'g')
  for (let i = 0; i < 10; i++) office.call('g')
  office.ready()
  assert.equal(office.link(1).calls.length, 4)
})

test('a short call gets a spare worker while long ones hold all others', () => {
  const office = officeInLongCalls()
  const call = office.call('g')
  office.ready()
  office.link(3).finish()
  assert.equal(callerOf(call).value, 'done')
  assert.equal(office.links.length, 3)
})

test('without express lane a short call waits until a worker is free', () => {
  const office = officeInLongCalls({ express: false })
  office.call('g')
  office.ready()
  assert.equal(office.links.length, 2)
  office.link(1).finish(SECOND)
  assert.deepEqual(office.link(1).names, ['g'])
})

test('no more long calls than the size of the pool run at once', () => {
  const office = officeInLongCalls()
  office.call('f')
  office.call('f')
  office.ready()
  assert.deepEqual(
    office.links.map((link) => link.names),
    [['f'], ['f'], []],
  )
  office.link(2).finish(SECOND)
  assert.deepEqual(office.link(2).names, ['f'])
})

test('a newcomer gets a spare worker while long calls hold all others, and short calls still have one', () => {
  const office = officeInLongCalls()
  office.call('h')
  office.ready()
  office.ready()
  assert.equal(office.scheduler.stats().running, 3)
  office.call('h', 'another newcomer')
  const short = office.call('g')
  assert.equal(office.scheduler.stats().queued, 1, 'one newcomer at a time')
  const idle = office.working.find((link) => link.names[0] === 'g')
  idle?.finish()
  assert.equal(callerOf(short).value, 'done')
})

test('a newcomer does not get the only spare worker: that is for short calls', () => {
  const office = officeInLongCalls()
  office.call('h')
  assert.deepEqual([office.links.length, office.link(3).names], [4, []])
  office.call('g')
  assert.deepEqual(office.link(3).names, ['g'])
  office.ready()
  assert.deepEqual(office.link(4).names, ['h'])
})

test('a newcomer that proves short is stacked from its fourth call on', () => {
  const office = officeInLongCalls()
  for (let i = 0; i < 3; i++) {
    office.call('h')
    office.ready()
    office.ready()
    office.working.find((link) => link.names[0] === 'h')?.finish(5)
  }
  for (let i = 0; i < 3; i++) office.call('h')
  assert.deepEqual(office.scheduler.stats().functions['h']?.kinds, { short: 1, middle: 0, long: 0, trivial: 0 })
  assert.equal(office.scheduler.stats().queued, 0)
})

test('no spare is started for calls that hold the workers but for a moment', () => {
  const office = new Office({ size: 1 })
  office.call('f')
  office.ready()
  office.link(1).begin()
  office.call('h')
  office.teach(1, 'g')
  office.call('g')
  assert.equal(office.links.length, 1)
  office.look()
  assert.equal(office.links.length, 3)
})

test('calls behind one that turns out to be slow are taken back and run elsewhere', () => {
  const office = new Office()
  office.teach(5, 'g')
  const calls = [office.call('g'), office.call('g'), office.call('g')]
  office.ready()
  office.link(1).begin()
  assert.equal(office.link(1).calls.length, 3)
  office.look()
  assert.deepEqual(office.link(1).names, ['g'])
  office.ready()
  // What was believed of g is wrong, so now they run one at a time.
  office.link(2).finish(5)
  office.link(2).finish(5)
  assert.deepEqual(
    calls.map((call) => callerOf(call).ended),
    [false, true, true],
  )
  office.link(1).finish(SECOND)
  assert.deepEqual(
    calls.map((call) => callerOf(call).ended),
    [true, true, true],
  )
})

test('one look is not enough to call a call slow, nor are looks at different calls', () => {
  const office = new Office()
  office.teach(5, 'g')
  office.call('g')
  office.call('g')
  office.call('g')
  office.ready()
  office.link(1).begin()
  office.scheduler.look()
  office.link(1).finish(5)
  office.link(1).begin()
  office.scheduler.look()
  assert.deepEqual(office.link(1).names, ['g', 'g'])
})

test('workers beyond the spares are retired when they have nothing to do', () => {
  const office = new Office({ size: 1 })
  office.teach(SECOND, 'f')
  office.teach(5, 'g')
  office.call('f')
  office.ready()
  office.link(1).begin()
  // Each time, what was thought to be short holds the spare worker.
  for (let i = 0; i < 4; i++) {
    office.teach(1, 'g', i)
    office.call('g', i)
    office.ready()
    office.working.find((link) => link.begun.size === 0 && link.calls.length > 0)?.begin()
    office.look()
  }
  assert.equal(office.working.length, 5, 'size, two spares, two stand-ins')
  for (const link of office.working.slice(1)) if (link.calls.length > 0) link.finish(SECOND)
  assert.equal(office.working.length, 3)
})

test('ten thousand calls of one kind do not hold up one of another kind', () => {
  const office = new Office({ size: 1, express: false })
  for (let i = 0; i < 10_000; i++) office.call('f', 'x')
  const other = office.call('f', 'a longer argument')
  office.ready()
  office.link(1).finish(2000)
  office.link(1).finish(2000)
  assert.ok(callerOf(other).ended)
})

test('long and middle calls take turns', () => {
  const office = new Office({ size: 1, express: false })
  office.teach(SECOND, 'f')
  office.teach(5000, 'h')
  for (let i = 0; i < 4; i++) {
    office.call('f')
    office.call('h')
  }
  office.ready()
  const order = []
  for (let i = 0; i < 6; i++) {
    const job = office.link(1).finish(office.link(1).names[0] === 'f' ? SECOND : 5000)
    order.push(job.name)
  }
  assert.deepEqual(order.slice(1, 5).sort(), ['f', 'f', 'h', 'h'])
})

test('a call that is cancelled while it waits is dropped', () => {
  const office = new Office()
  const call = office.call('f')
  office.scheduler.cancel(call)
  office.ready()
  assert.deepEqual(office.link(1).names, [])
  assert.equal(office.scheduler.stats().functions['f']?.cancelled, 1)
})

test('a call that is cancelled after it was sent and before it began is taken back', () => {
  const office = new Office()
  const call = office.call('f')
  office.ready()
  office.scheduler.cancel(call)
  assert.deepEqual(office.link(1).names, [])
  assert.deepEqual(office.link(1).askedToEnd, [])
  assert.equal(office.scheduler.stats().running, 0)
})

test('the result of a call that is cancelled while it runs is dropped, and its worker goes on', () => {
  const office = new Office()
  const call = office.call('f')
  office.ready()
  office.link(1).begin()
  office.scheduler.cancel(call)
  assert.deepEqual(office.link(1).askedToEnd, [call])
  office.link(1).finish()
  assert.equal(callerOf(call).ended, false)
  office.call('f', 2)
  office.scheduler.look()
  assert.deepEqual(office.link(1).names, ['f 2'])
})

test('a cancelled call that ends early says nothing of what its kind costs', () => {
  const office = new Office()
  for (let n = 0; n < 5; n++) {
    const call = office.call('f')
    office.ready()
    office.link(1).begin()
    office.scheduler.cancel(call)
    office.link(1).finish(0)
  }
  assert.deepEqual(office.scheduler.stats().functions.f?.kinds, { short: 0, middle: 1, long: 0, trivial: 0 })
})

test('a worker that runs a cancelled call beyond its grace is stopped, and its other calls go elsewhere', () => {
  const office = new Office({ size: 1, killAfter: 0 })
  office.teach(5, 'g')
  const [running, waiting] = [office.call('g'), office.call('g')]
  office.ready()
  office.link(1).begin()
  office.scheduler.cancel(running)
  assert.equal(office.link(1).stopped, true)
  assert.equal(office.links.length, 2)
  office.ready()
  office.link(2).finish()
  assert.equal(callerOf(waiting).value, 'done')
  assert.equal(office.scheduler.stats().restarts, 1)
})

test('a worker is not stopped for a cancelled call while it runs one that somebody waits for', () => {
  const office = new Office({ size: 1, killAfter: 0 })
  office.teach(5, 'g')
  const [wanted, cancelled] = [office.call('g'), office.call('g')]
  office.ready()
  office.link(1).begin()
  office.link(1).begin()
  office.scheduler.cancel(cancelled)
  assert.equal(office.link(1).stopped, false)
  office.link(1).finish()
  assert.equal(callerOf(wanted).value, 'done')
  assert.equal(office.link(1).stopped, true)
})

test('a worker that dies fails the calls that it ran, and no others', () => {
  const office = new Office({ size: 1 })
  office.teach(5, 'g')
  const calls = [office.call('g'), office.call('g')]
  office.ready()
  office.link(1).begin()
  office.link(1).die(new Error('out of memory'))
  const { error } = callerOf(calls[0]!)
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /g\(…\).*worker 1 of pool "fake".*out of memory/)
  assert.equal((error.cause as Error).message, 'out of memory')
  office.ready()
  office.link(2).finish()
  assert.equal(callerOf(calls[1]!).value, 'done')
  assert.equal(office.scheduler.stats().restarts, 1)
})

test('a function that always kills its worker does not break the pool', () => {
  const office = new Office({ size: 1 })
  for (let i = 1; i <= 5; i++) {
    const call = office.call('f')
    office.ready()
    office.link(i).begin()
    office.link(i).die('it exited')
    assert.ok(callerOf(call).error instanceof BrokenError)
  }
  assert.equal(office.scheduler.stats().state, 'open')
})

test('workers that die without having served anything are not replaced for ever', () => {
  const office = new Office({ size: 1 })
  const call = office.call('f')
  for (let i = 1; i <= 3; i++) {
    office.ready()
    office.link(i).die('it exited')
  }
  assert.equal(office.links.length, 3)
  assert.match((callerOf(call).error as Error).message, /can have no worker: it exited/)
  assert.equal(office.scheduler.stats().state, 'broken')
})

test('a module that cannot be loaded fails every call at once, and starts no other worker', () => {
  const office = new Office({ size: 1 })
  const calls = [office.call('f'), office.call('g')]
  office.link(1).events.unloadable(new SyntaxError('odd'))
  for (const call of calls) {
    const { error } = callerOf(call)
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /SyntaxError: odd/)
    assert.ok(error.cause instanceof SyntaxError)
  }
  assert.throws(() => office.scheduler.check('f'), BrokenError)
  assert.equal(office.links.length, 1)
  assert.equal(office.link(1).stopped, true)
})

test('a worker that cannot start does not break a pool that has others', () => {
  const office = new Office({ size: 2 })
  const first = office.call('f')
  office.ready()
  office.link(1).begin()
  const second = office.call('f')
  for (let i = 2; i <= 4; i++) office.link(i).events.unloadable(new Error('no memory'))
  assert.equal(office.links.length, 4)
  office.link(1).finish()
  office.link(1).finish()
  assert.deepEqual([callerOf(first).value, callerOf(second).value], ['done', 'done'])
  assert.equal(office.scheduler.stats().state, 'open')
})

test('calls of functions that the module does not have fail as soon as that is known', () => {
  const office = new Office({ size: 1 })
  const [wrong, right] = [office.call('nope'), office.call('f')]
  office.ready()
  const { error } = callerOf(wrong)
  assert.ok(error instanceof UsageError)
  assert.match(error.message, /exports no function "nope"; it has: f, g, h/)
  assert.throws(() => office.scheduler.check('nope'), UsageError)
  office.link(1).finish()
  assert.equal(callerOf(right).value, 'done')
})

test('calls beyond the limit of the queue wait for room, in order', () => {
  const office = new Office({ size: 1, express: false, maxQueue: 2 })
  for (let i = 0; i < 6; i++) office.call('f', 'x')
  const { queued, waitingForRoom } = office.scheduler.stats()
  assert.deepEqual([queued, waitingForRoom], [2, 4])
  office.ready()
  assert.equal(office.scheduler.stats().waitingForRoom, 3)
  for (let i = 0; i < 6; i++) office.link(1).finish(2000)
  assert.equal(office.scheduler.stats().functions['f']?.calls, 6)
})

test('short calls do not wait for room behind long ones', () => {
  const office = new Office({ size: 1, express: false, maxQueue: 1 })
  office.teach(5, 'g')
  office.call('f', 'x')
  office.call('f', 'x')
  office.call('g')
  const { queued, waitingForRoom } = office.scheduler.stats()
  assert.deepEqual([queued, waitingForRoom], [2, 1])
})

test('calls that wait for room are let in when they are found to be short', () => {
  const office = new Office({ size: 1, express: false, maxQueue: 1 })
  for (let i = 0; i < 8; i++) office.call('g')
  office.ready()
  for (let i = 0; i < 3; i++) office.link(1).finish(5)
  assert.equal(office.scheduler.stats().waitingForRoom, 0)
  assert.equal(office.link(1).calls.length, 5)
})

test('a call that is cancelled while it waits for room leaves no trace', () => {
  const office = new Office({ size: 1, express: false, maxQueue: 1 })
  const calls = [office.call('f', 1), office.call('f', 2), office.call('f', 3)]
  office.scheduler.cancel(calls[1]!)
  office.ready()
  office.link(1).finish(2000)
  assert.deepEqual(office.link(1).names, ['f 3'])
})

test('close finishes what was submitted and takes no more', async () => {
  const office = new Office({ size: 1, express: false })
  const calls = [office.call('f'), office.call('f')]
  office.ready()
  let closed = false
  const closing = office.scheduler.close(false).then(() => (closed = true))
  assert.throws(() => office.scheduler.check('f'), ClosedError)
  office.link(1).finish()
  await Promise.resolve()
  assert.equal(closed, false)
  office.link(1).finish()
  await closing
  assert.deepEqual(
    calls.map((call) => callerOf(call).value),
    ['done', 'done'],
  )
  assert.equal(office.scheduler.stats().state, 'closed')
  assert.equal(office.link(1).stopped, true)
})

test('close now fails what was submitted', async () => {
  const office = new Office({ size: 1, express: false })
  const calls = [office.call('f'), office.call('f')]
  office.ready()
  office.link(1).begin()
  await office.scheduler.close(true)
  for (const call of calls) assert.ok(callerOf(call).error instanceof ClosedError)
  assert.equal(office.link(1).stopped, true)
})

test('close now hurries a close that is under way', async () => {
  const office = new Office({ size: 1, express: false })
  const call = office.call('f')
  office.ready()
  const closing = office.scheduler.close(false)
  office.scheduler.close(true)
  await closing
  assert.ok(callerOf(call).error instanceof ClosedError)
})

test('close does not wait for a cancelled call', async () => {
  const office = new Office({ size: 1 })
  const call = office.call('f')
  office.ready()
  office.link(1).begin()
  office.scheduler.cancel(call)
  await office.scheduler.close(false)
  assert.equal(office.link(1).stopped, true)
})

test('a pool that never had a call is closed at once', async () => {
  const office = new Office()
  await office.scheduler.close(false)
  assert.equal(office.scheduler.stats().state, 'closed')
})

test('a call that cannot be sent fails alone', () => {
  const office = new Office({ size: 1 })
  const call = office.call('f')
  office.ready()
  office.link(1).calls.shift()
  office.link(1).events.unsendable(call, new Error('a function could not be cloned'))
  assert.match((callerOf(call).error as Error).message, /an argument of f\(…\) cannot be sent/)
  office.call('f')
  office.scheduler.look()
  assert.deepEqual(office.link(1).names, ['f'])
})

test('warming up starts all workers and waits for them', async () => {
  const office = new Office({ size: 2 })
  let warm = false
  const warming = office.scheduler.warmUp().then(() => (warm = true))
  assert.equal(office.links.length, 3)
  office.link(1).events.ready(['f'])
  await Promise.resolve()
  assert.equal(warm, false)
  office.link(2).events.ready(['f'])
  office.link(3).events.ready(['f'])
  await warming
})

test('warming up fails if the module cannot be loaded, or the pool is closed meanwhile', async () => {
  const broken = new Office({ size: 1, express: false })
  const warming = broken.scheduler.warmUp()
  broken.link(1).events.unloadable(new Error('odd'))
  await assert.rejects(warming, /waitReady\(\) .*odd/)

  const closed = new Office({ size: 1, express: false })
  const other = closed.scheduler.warmUp()
  closed.scheduler.close(false)
  await assert.rejects(other, ClosedError)
})

test('whatever happens, every call ends once, runs once at most, and leaves nothing behind', () => {
  for (let seed = 1; seed <= 300; seed++) {
    try {
      playAtRandom(seed)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

function playAtRandom(seed: number): void {
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const size = 1 + random(3)
  const office = new Office({
    size,
    express: random(3) > 0,
    maxQueue: random(2) === 0 ? Infinity : 1 + random(5),
    killAfter: random(2) === 0 ? 0 : Infinity,
    capacity: 2 + random(20),
  })
  const waiting = new Set<Job>()
  const began = new Set<Job>()
  const costs = [1, 1, 1, 500, 5000, 200_000]
  const working = (): FakeLink[] => office.working.filter((link) => link.ready)
  const begin = (link: FakeLink): void => {
    if (link.calls.every((job) => link.begun.has(job))) return
    const job = link.begin()
    assert.ok(!began.has(job), `${job.name} ran twice`)
    began.add(job)
  }
  const finish = (link: FakeLink): void => {
    if (!link.calls.some((job) => link.begun.has(job))) begin(link)
    if (link.calls.length > 0) waiting.delete(link.finish(costs[random(costs.length)]))
  }
  const pick = <T>(items: Iterable<T>): T | undefined => {
    const all = [...items]
    return all[random(all.length)]
  }
  for (let step = 0; step < 300; step++) {
    const link = pick(working())
    const choice = random(20)
    if (choice < 8) waiting.add(office.call('fgh'[random(3)] as string, random(4)))
    else if (choice < 10) office.ready()
    else if (choice < 12 && link !== undefined) begin(link)
    else if (choice < 16 && link !== undefined) finish(link)
    else if (choice < 17) office.scheduler.look()
    else if (choice < 19) {
      const job = pick([...waiting].filter((waiter) => !callerOf(waiter).ended))
      if (job === undefined) continue
      office.scheduler.cancel(job)
      waiting.delete(job)
    } else if (link !== undefined && link.begun.size > 0 && link.served > 0) link.die('it exited')
    assert.ok(office.working.length <= size + 4)
    for (const { calls } of working()) {
      const big = calls.findIndex((job) => job.big)
      assert.ok(
        big < 0 || calls.slice(big + 1).every((job) => job.waiter === null || began.has(job)),
        'a call was put behind a big one',
      )
    }
  }
  for (let round = 0; round < 10_000 && [...waiting].some((job) => !callerOf(job).ended); round++) {
    office.ready()
    for (const link of working()) finish(link)
  }
  for (const link of working()) while (link.calls.length > 0) finish(link)
  const { queued, waitingForRoom, running } = office.scheduler.stats()
  assert.deepEqual([queued, waitingForRoom, running], [0, 0, 0])
  assert.ok([...waiting].every((job) => callerOf(job).ended))
}

test('of the calls that wait, those of greater priority are begun first', () => {
  const office = new Office({ size: 1, express: false })
  office.teach(SECOND, 'f')
  office.teach(SECOND, 'h')
  office.ready()
  office.call('f', 0)
  office.ready()
  office.call('f', 1)
  office.callAs({ priority: -1 }, 'f', 2)
  office.callAs({ priority: 2 }, 'h', 3)
  office.callAs({ priority: 2 }, 'f', 4)
  office.callAs({ priority: 1 }, 'h', 5)
  const order: unknown[] = []
  while (office.link(1).calls.length > 0) order.push(office.link(1).finish(SECOND).args[0])
  assert.deepEqual(order, [0, 3, 4, 5, 1, 2])
})

test('a call of greater priority passes others that wait for room', () => {
  const office = new Office({ size: 1, express: false, maxQueue: 1 })
  office.teach(SECOND, 'f')
  office.call('f', 0)
  office.ready()
  office.call('f', 1)
  office.call('f', 2)
  const low = office.callAs({ priority: -1 }, 'f', 3)
  office.callAs({ priority: 1 }, 'f', 4)
  assert.deepEqual([office.scheduler.stats().queued, office.scheduler.stats().waitingForRoom], [1, 3])
  office.scheduler.cancel(low)
  const order: unknown[] = []
  while (office.link(1).calls.length > 0) order.push(office.link(1).finish(SECOND).args[0])
  assert.deepEqual(order, [0, 1, 4, 2])
})

test('calls keep their priority when their kind changes, and when their worker dies', () => {
  const office = new Office({ size: 1, express: false })
  office.call('f', 0)
  office.ready()
  office.call('f', 0)
  const high = office.callAs({ priority: 1 }, 'f', 0)
  office.link(1).finish(SECOND)
  assert.deepEqual(office.link(1).calls, [high], 'it is long by now')
  office.link(1).die('why not')
  office.ready()
  assert.equal(office.link(2).calls.length, 1)
})

test('a call that is cancelled leaves no priority behind', () => {
  const office = new Office({ size: 1, express: false })
  office.teach(SECOND, 'f')
  office.call('f', 0)
  office.ready()
  const jobs = [3, 2, 1].map((priority) => office.callAs({ priority }, 'f', priority))
  office.call('f', 'plain')
  for (const job of jobs) office.scheduler.cancel(job)
  office.link(1).finish(SECOND)
  assert.deepEqual(office.link(1).names, ['f plain'])
})

test('results and progress go to who listens, until the call is over or cancelled', () => {
  const office = new Office()
  const heard: unknown[] = []
  const special = { take: (results: unknown) => heard.push(results), onProgress: (value: unknown) => heard.push(value) }
  const job = office.callAs(special, 'f')
  office.ready()
  const link = office.link(1)
  link.begin()
  link.events.told(job, RESULTS, [1, 2])
  link.events.told(job, PROGRESS, 'half')
  office.scheduler.grant(job, 2)
  assert.deepEqual(heard, [[1, 2], 'half'])
  assert.deepEqual(link.granted, [[job, 2]])
  office.scheduler.cancel(job)
  link.events.told(job, RESULTS, [3])
  link.events.told(job, PROGRESS, 'more')
  assert.deepEqual(heard.length, 2)
  assert.deepEqual(link.askedToEnd, [job])
  link.finish()
  office.scheduler.grant(job, 2)
  assert.equal(link.granted.length, 1, 'it is over')
})

test('a listener that fails fails its call, which is asked to end', () => {
  const office = new Office()
  const job = office.callAs(
    {
      onProgress: () => {
        throw new RangeError('not listening')
      },
    },
    'f',
  )
  office.ready()
  office.link(1).begin()
  office.link(1).events.told(job, PROGRESS, 1)
  assert.equal((callerOf(job).error as Error).message, 'not listening')
  assert.deepEqual(office.link(1).askedToEnd, [job])
  office.link(1).finish()
  assert.equal(office.scheduler.stats().running, 0)
})

test('workers that have had nothing to do at two looks in a row are stopped, but for those that are kept', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const office = new Office({ size: 3, express: false, idleAfter: 1000, minSize: 1 })
  for (let i = 0; i < 3; i++) office.call('f', i)
  office.ready()
  office.link(1).finish(SECOND)
  office.link(2).finish(SECOND)
  t.mock.timers.tick(1000)
  assert.equal(office.working.length, 3, 'they may have been idle for a moment only')
  t.mock.timers.tick(1000)
  assert.deepEqual(
    office.working.map(({ id }) => id),
    [3],
    'the one that is busy',
  )
  assert.ok(office.link(1).stoppedIdle && office.link(2).stoppedIdle)
  office.link(3).finish(SECOND)
  t.mock.timers.tick(5000)
  assert.equal(office.working.length, 1)
  assert.equal(office.scheduler.stats().restarts, 0)
  office.call('f', 1)
  office.call('f', 2)
  office.ready()
  assert.equal(office.working.length, 2, 'they are started again when they are needed')
})

test('a worker that served something between two looks stays', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const office = new Office({ size: 1, express: false, idleAfter: 1000, minSize: 0 })
  office.call('f')
  office.ready()
  office.link(1).finish()
  for (let i = 0; i < 5; i++) {
    t.mock.timers.tick(1000)
    office.call('f')
    office.link(1).finish()
  }
  assert.equal(office.working.length, 1)
  t.mock.timers.tick(1000)
  t.mock.timers.tick(1000)
  assert.equal(office.working.length, 0)
})
