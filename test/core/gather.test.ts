import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  all,
  allSettled,
  any,
  type Body,
  BusyError,
  CancelledError,
  currentTask,
  Future,
  fn,
  ListedWait,
  NOT_YET,
  type Operation,
  race,
  run,
  sleep,
  spawn,
  suspend,
  type Task,
  timeoutOr,
  UsageError,
  Wait,
  type Waiter,
  WaitList,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText, messages } from './ending.ts'
import { ManualHost } from './manual-host.ts'
import { program } from './program.ts'

const forever = () => sleep(Infinity)

const after = fn(function* <T>(ms: number, value: T) {
  yield* sleep(ms)
  return value
})

const fails = fn(function* (ms: number, message: string) {
  yield* sleep(ms)
  throw new Error(message)
})

/** Parks for good, and takes `ms` to be unwound. */
const slow = fn(function* (log: string[], name: string, ms: number) {
  try {
    yield* forever()
  } finally {
    yield* sleep(ms)
    log.push(name)
  }
})

// -- all

it.many('all gives the results in the order of the arguments, whatever ends first', function* (host) {
  const results = yield* all([after(9, 'a'), after(3, 'b'), after(6, 'c')])
  assert.deepEqual(results, ['a', 'b', 'c'])
  assert.equal(host.now(), 9, 'side by side')
})

it('all takes everything that can be waited for, and plain values', function* () {
  const future = new Future<string>()
  spawn(function* () {
    yield* sleep(3)
    future.resolve('future')
  })
  const thenable = { then: (ok: (value: string) => void) => ok('thenable') } as PromiseLike<string>
  const results = yield* all([
    sleep(1),
    after(2, 'call'),
    spawn(after(3, 'task')),
    future,
    Promise.resolve('promise'),
    thenable,
    function* () {
      yield* sleep(1)
      return 'generator function'
    },
    (function* () {
      yield* sleep(1)
      return 'generator'
    })(),
    async () => 'async function',
    () => 'function',
    'value',
    null,
    undefined,
    all([after(1, 'nested')]),
  ])
  assert.deepEqual(results, [
    undefined,
    'call',
    'task',
    'future',
    'promise',
    'thenable',
    'generator function',
    'generator',
    'async function',
    'function',
    'value',
    null,
    undefined,
    ['nested'],
  ])
})

it('all takes records, and gives the results under their keys', function* () {
  const results = yield* all({ slow: after(5, 1), quick: after(1, 'two'), plain: true })
  assert.deepEqual(results, { slow: 1, quick: 'two', plain: true })
  assert.deepEqual(Object.keys(results), ['slow', 'quick', 'plain'])
  assert.deepEqual(yield* all({}), {})
  const odd = yield* all(JSON.parse('{"__proto__": 1}') as Record<string, number>)
  assert.deepEqual(Object.keys(odd), ['__proto__'])
})

it('all takes any iterable', function* () {
  const items = function* () {
    yield after(2, 'a')
    yield after(1, 'b')
  }
  assert.deepEqual(yield* all(items()), ['a', 'b'])
  assert.deepEqual(yield* all(new Set([after(1, 'c')])), ['c'])
  assert.deepEqual(yield* all([]), [])
})

it('all of nothing does not wait for time to pass', function* (host) {
  yield* all([])
  yield* allSettled([])
  assert.equal(host.now(), 0)
})

it('what cannot be a list is a UsageError', function* () {
  for (const gather of [all, allSettled, race, any] as ((items: unknown) => Operation<unknown>)[]) {
    for (const items of [null, undefined, 1, 'text']) assert.throws(() => gather(items), UsageError)
    // One thing that could be waited for is a slip, not a record.
    for (const item of [sleep(1), after(1, 1), new Future(), currentTask()]) {
      assert.throws(() => gather(item), UsageError, `${gather.name}(${String(item)})`)
    }
  }
})

it.many('the first failure of all cancels the others, waits for their cleanup, and is thrown', function* (host) {
  const log: string[] = []
  try {
    yield* all([after(1, 'done before'), slow(log, 'slow', 10), fails(5, 'boom'), forever(), slow(log, 'quick', 2)])
    assert.fail('not thrown')
  } catch (error) {
    log.push((error as Error).message)
  }
  assert.deepEqual(log, ['quick', 'slow', 'boom'])
  assert.equal(host.now(), 15)
  assert.equal(currentTask()?.children.length, 0)
})

it.many('several that fail in one turn: all throws, and nothing is reported as unhandled', function* () {
  for (let i = 0; i < 2; i++) {
    try {
      yield* all([fails(5, 'a'), fails(5, 'b'), fails(5, 'c')])
      assert.fail('not thrown')
    } catch (error) {
      const all = messages(error)
      assert.ok(all.every((message) => ['a', 'b', 'c'].includes(message)))
      assert.equal(all.length, new Set(all).size)
    }
  }
  try {
    yield* race([fails(5, 'a'), fails(5, 'b')])
    assert.fail('not thrown')
  } catch (error) {
    assert.ok(messages(error).every((message) => ['a', 'b'].includes(message)))
  }
})

it.many('a failure in the cleanup of what was cancelled is not lost', function* () {
  const failsToClean = fn(function* () {
    try {
      yield* forever()
    } finally {
      yield* sleep(1)
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      throw new Error('cleanup')
    }
  })
  try {
    yield* all([fails(5, 'boom'), failsToClean()])
    assert.fail('not thrown')
  } catch (error) {
    assert.deepEqual(messages(error), ['boom', 'cleanup'])
  }
  try {
    yield* race([after(5, 'won'), failsToClean()])
    assert.fail('not thrown')
  } catch (error) {
    assert.deepEqual(messages(error), ['cleanup'])
  }
})

it('a task that is cancelled fails all with its CancelledError', function* () {
  const task = spawn(forever)
  spawn(function* () {
    yield* sleep(5)
    task.cancel('why')
  })
  try {
    yield* all([task, forever()])
    assert.fail('not thrown')
  } catch (error) {
    assert.ok(error instanceof CancelledError)
    assert.equal(error.task, task)
  }
})

it('tasks that are given to all are not its own: a failure beside them leaves them running', function* () {
  const task = spawn(() => sleep(50))
  try {
    yield* all([task, fails(1, 'boom')])
  } catch {}
  assert.equal(task.state, 'parked')
  assert.equal(task.cancelled, false)
})

// -- allSettled

it.many('allSettled gives the outcome of each, in order', function* () {
  const cancelled = spawn(forever)
  spawn(function* () {
    yield* sleep(1)
    cancelled.cancel('why')
  })
  const [done, failed, victim, plain, rejected] = yield* allSettled([
    after(5, 'value'),
    fails(3, 'boom'),
    cancelled,
    'plain',
    Promise.reject(new Error('rejected')),
  ])
  assert.deepEqual(done, { status: 'done', value: 'value' })
  assert.ok(failed.status === 'failed' && (failed.error as Error).message === 'boom')
  assert.ok(victim.status === 'cancelled' && victim.error.reason === 'why')
  assert.deepEqual(plain, { status: 'done', value: 'plain' })
  assert.ok(rejected.status === 'failed' && (rejected.error as Error).message === 'rejected')
  const record = yield* allSettled({ a: after(1, 1), b: fails(1, 'no') })
  assert.deepEqual([record.a.status, record.b.status], ['done', 'failed'])
})

it('allSettled tells a failure from a cancel, also where the failure is the CancelledError of another', function* () {
  const other = spawn(forever)
  const joins = fn(function* () {
    yield* other
  })
  spawn(function* () {
    yield* sleep(1)
    other.cancel()
  })
  const [outcome] = yield* allSettled([joins()])
  assert.equal(outcome.status, 'failed')
})

// -- race

it.many('race gives the first, and the others have cleaned up before it does', function* (host) {
  const log: string[] = []
  const result = yield* race([slow(log, 'a', 7), after(5, 'winner'), slow(log, 'b', 3), forever()])
  assert.equal(result, 'winner')
  assert.deepEqual(log, ['b', 'a'])
  assert.equal(host.now(), 12)
  assert.equal(host.loop.stats().timers, 0)
})

it('race takes records, and gives the value alone', function* () {
  assert.equal(yield* race({ a: after(5, 1), b: after(3, 'b') }), 'b')
})

it.many('race throws if the first to end fails', function* () {
  try {
    yield* race([fails(1, 'boom'), after(2, 'late')])
    assert.fail('not thrown')
  } catch (error) {
    assert.equal((error as Error).message, 'boom')
  }
})

it('race of what is ready takes the first in order, and begins no other', function* () {
  const log: string[] = []
  const begins = suspend('an event', () => void log.push('begun'))
  assert.equal(yield* race(['ready', begins]), 'ready')
  assert.equal(yield* race([Promise.resolve('promise'), 'value']), 'value')
  assert.deepEqual(log, [])
})

it('race of nothing waits until it is cancelled', function* () {
  assert.equal(yield* timeoutOr(50, 'waited', race([])), 'waited')
})

// -- any

it.many('any gives the first success, and cancels the others', function* () {
  const log: string[] = []
  assert.equal(yield* any([fails(1, 'no'), after(5, 'yes'), slow(log, 'cleaned', 3)]), 'yes')
  assert.deepEqual(log, ['cleaned'])
})

it.many('any without a success throws all failures, in the order of the arguments', function* () {
  try {
    yield* any([fails(3, 'a'), fails(1, 'b'), Promise.reject(new Error('c'))])
    assert.fail('not thrown')
  } catch (error) {
    assert.ok(error instanceof AggregateError)
    assert.equal(error.message, 'none of 3 succeeded')
    assert.deepEqual(messages(error), ['a', 'b', 'c'])
  }
  try {
    yield* any([])
    assert.fail('not thrown')
  } catch (error) {
    assert.ok(error instanceof AggregateError && error.errors.length === 0)
  }
})

// -- promises

test('promises that are given to a gather and settle later, or never counted, harm nobody', async () => {
  const { code, stderr, stdout } = await program(`
    import { all, any, race, run, sleep, spawn, wait, currentTask } from 'fibril'
    const no = (ms) => new Promise((_, reject) => setTimeout(reject, ms, new Error('late ' + ms)))
    await run(function* () {
      console.log(yield* race([5, no(0), Promise.reject(new Error('never counted'))]))
      console.log(yield* race([sleep(0), no(1)]))
      try { yield* all([Promise.reject(new Error('first')), Promise.reject(new Error('second')), no(1)]) }
      catch (error) { console.log(error.message) }
      try { yield* wait([no(1), no(2)]) } catch (error) { console.log(error.message) }
      const given = spawn(race([Promise.reject(new Error('before its first step')), sleep(1)]))
      given.cancel()
    })
    const task = run(function* () {
      currentTask().cancel()
      yield* wait(Promise.reject(new Error('never waited for')))
    })
    await task.then(null, (error) => console.log(error.code))
    await sleep(10)
    console.log('alive')
  `)
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.deepEqual(stdout.trim().split('\n'), ['5', 'undefined', 'first', 'late 1', 'FIBRIL_CANCELLED', 'alive'])
})

it('futures and tasks in a gather are waited for as what they are', function* (host) {
  const future = new Future<void>('the answer')
  const task = spawn(() => sleep(20), { name: 'worker' })
  const waits = spawn(race([future, task]))
  yield* waitAllBlocked()
  assert.equal(host.loop.stats().externals, 0, 'nothing outside is waited for')
  assert.equal(waits.reason, `race of: the future "the answer", the end of ${task}`)
  assert.equal(future.stats().waiting, 1)
  waits.cancel()
  yield* ending(waits)
  assert.equal(future.stats().waiting, 0)
})

// -- what is waited for is undone

/** As a queue does it. */
class Take extends ListedWait<number> {
  private readonly items: number[]
  readonly line: WaitList<Take>

  constructor(items: number[], line: WaitList<Take>) {
    super()
    this.items = items
    this.line = line
  }

  override get reason(): string {
    return 'an item'
  }

  override attempt(): number | typeof NOT_YET {
    return this.items.shift() ?? NOT_YET
  }
}

it.many('of two queues that are ready in one turn, one item is taken and the other left', function* () {
  const queues = [0, 1].map(() => ({ items: [] as number[], line: new WaitList<Take>() }))
  const take = () => race(queues.map(({ items, line }) => new Take(items, line)))
  const give = (index: number, item: number) => {
    const { items, line } = queues[index] as (typeof queues)[0]
    const first = line.shift()
    if (first === null) items.push(item)
    else first.resume(item)
  }
  // Both before it waits.
  give(0, 1)
  give(1, 2)
  assert.equal(yield* take(), 1)
  assert.deepEqual(
    queues.map(({ items }) => items),
    [[], [2]],
  )
  assert.equal(yield* take(), 2)
  // Both in one turn, while it waits.
  const task = spawn(take())
  yield* waitAllBlocked()
  give(1, 3)
  give(0, 4)
  assert.equal(yield* task, 3)
  assert.deepEqual(
    queues.map(({ items, line }) => [items, line.size]),
    [
      [[4], 0],
      [[], 0],
    ],
  )
})

it('a cancel of a gather undoes every wait, and cancels every call', function* () {
  const log: string[] = []
  const future = new Future<void>()
  let undone = 0
  for (const gather of [all, allSettled, race, any] as ((items: unknown[]) => Operation<unknown>)[]) {
    const task = spawn(
      gather([
        slow(log, gather.name, 5),
        future,
        suspend('an event', () => () => undone++),
        sleep(1e6),
        all([suspend('another', () => () => undone++), slow(log, `${gather.name} nested`, 3)]),
      ]),
    )
    yield* sleep(1)
    task.cancel('why')
    assert.equal(yield* endingText(task), 'cancelled: why')
    assert.equal(future.stats().waiting, 0)
  }
  assert.equal(undone, 8)
  assert.equal(log.length, 8)
})

it('each wait is told who waits, and may be installed by anyone', function* () {
  const seen: Waiter<never>[] = []
  class Own extends Wait<number> {
    waiter: Waiter<number> | null = null
    override get reason(): string {
      return 'a number'
    }
    override install(waiter: Waiter<number>): void {
      seen.push(waiter)
      this.waiter = waiter
    }
    override uninstall(): void {
      this.waiter = null
    }
  }
  const own = new Own()
  const task = spawn(race([own, forever()]))
  yield* waitAllBlocked()
  assert.equal(seen[0]?.waitingTask, task)
  own.waiter?.resume(7)
  assert.equal(yield* task, 7)
})

it('one operation twice in a gather is a BusyError, and all others are undone', function* () {
  let undone = 0
  const beside = suspend('an event', () => () => undone++)
  const future = new Future<void>()
  for (const op of [sleep(5), future.wait(), after(5, 1), suspend('one', () => {})]) {
    const outcome = yield* ending(spawn.detached(all([beside, op, op])))
    assert.ok(outcome.status === 'failed' && outcome.error instanceof BusyError, String(outcome.status))
  }
  assert.equal(undone, 4)
  assert.equal(future.stats().waiting, 0)
})

it('a gather may be used again', function* () {
  let n = 0
  const counts = fn(function* () {
    yield* sleep(1)
    if (++n === 2) throw new Error('second')
    return n
  })()
  const op = all([counts, sleep(2), 'plain'])
  assert.deepEqual(yield* op, [1, undefined, 'plain'])
  assert.equal(yield* endingText(spawn.detached(op)), 'failed: second')
  const third = spawn(op)
  yield* waitAllBlocked()
  third.cancel()
  yield* ending(third)
  assert.deepEqual(yield* op, [3, undefined, 'plain'])
})

it('what a gather waits for is told in words', function* () {
  const tasks = [
    spawn(race([new Future('a'), new Future('b')])),
    spawn(all(['a', 'b', 'c', 'd', 'e'].map((name) => new Future(name)))),
  ]
  yield* waitAllBlocked()
  assert.deepEqual(
    tasks.map((task) => task.reason),
    ['race of: the future "a", the future "b"', 'all of: the future "a", the future "b", the future "c" and 2 more'],
  )
  for (const task of tasks) task.cancel()
})

it('calls become tasks with their own names, in the block of the gather', function* () {
  const named = fn(function* fetchUser() {
    yield* forever()
  })
  const task = spawn(all([named(), named()]))
  yield* waitAllBlocked()
  assert.deepEqual(
    task.children.map((child) => child.name),
    ['fetchUser', 'fetchUser'],
  )
  task.cancel()
})

it.many('gathers in one another', function* (host) {
  const log: string[] = []
  const result = yield* race([
    all([after(5, 1), race([after(3, 2), slow(log, 'a', 1)]), any([fails(1, 'no'), after(4, 3)])]),
    slow(log, 'b', 1),
  ])
  assert.deepEqual(result, [1, 2, 3])
  assert.deepEqual(log, ['a', 'b'])
  assert.equal(host.now(), 6)
})

test('a hundred thousand items', () => {
  const many = 100_000
  const host = new ManualHost()
  host.run(function* () {
    const results = yield* all(Array.from({ length: many }, (_, i) => after(i % 7, i)))
    assert.equal(results.length, many)
    assert.ok(results.every((value, i) => value === i))
    yield* race(Array.from({ length: many }, (_, i) => sleep(i + 1)))
    const go = new Future<number>()
    const pending = spawn(all(Array.from({ length: many }, () => go)))
    yield* sleep(1)
    go.resolve(1)
    assert.equal((yield* pending).length, many)
  })
  assert.equal(host.loop.stats().timers, 0)
})

test('a gather outside any task is awaited like any operation', async () => {
  const host = new ManualHost()
  const task = run(() => all([sleep(1), after(2, 'b')]), { loop: host.loop })
  host.advance()
  assert.deepEqual(await task, [undefined, 'b'])
})

it('the task of a gather that is cancelled before its first step begins nothing', function* () {
  let begun = 0
  const op = all([
    suspend('an event', () => void begun++),
    fn(function* () {
      begun++
    })(),
  ])
  const task: Task<unknown> = spawn(op)
  task.cancel()
  yield* sleep(1)
  assert.equal(begun, 0)
})

it(
  'a loser that was woken with its own error before it was cancelled is no failure of the race',
  function* () {
    const won = new Future<string>('won')
    const lost = new Future<string>('lost')
    const waiting = fn(function* (): Body<string> {
      return yield* lost
    })
    const racing = spawn.detached(() => race([won, waiting()]))
    yield* sleep(1)
    won.resolve('won')
    lost.reject(new Error('lost'))
    assert.equal(yield* endingText(racing), 'done: won')
  },
  { shuffle: false },
)
