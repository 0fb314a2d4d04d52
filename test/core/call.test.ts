import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Body,
  BusyError,
  currentTask,
  Future,
  fn,
  type Operation,
  run,
  sleep,
  spawn,
  type TaskBody,
  UsageError,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'
import { ManualHost } from './manual-host.ts'
import { program } from './program.ts'

it('calling starts nothing', function* () {
  let ran = false
  const f = fn(function* () {
    ran = true
    yield* sleep(1)
  })
  f()
  yield* sleep(10)
  assert.equal(ran, false)
})

it('a call gives its result, whether it parks or not', function* () {
  const quick = fn(function* (n: number) {
    return n + 1
  })
  const slow = fn(function* (n: number) {
    yield* sleep(5)
    return n + 1
  })
  assert.equal(yield* quick(1), 2)
  assert.equal(yield* slow(1), 2)
  assert.equal(yield* slow(yield* quick(yield* slow(1))), 4)
})

it('a call that does not park lets nobody else run', function* () {
  const log: string[] = []
  const quick = fn(function* () {
    log.push('call')
  })
  const child = spawn(function* () {
    log.push('child')
  })
  for (let i = 0; i < 1000; i++) yield* quick()
  assert.equal(log.length, 1000)
  yield* child
  assert.equal(log.at(-1), 'child')
})

it('a function keeps its name, its length, its receiver and all its arguments', function* () {
  const f = fn(function* add(a: number, b: number) {
    yield* yieldNow()
    return a + b
  })
  assert.equal(f.name, 'add')
  assert.equal(f.length, 2)
  assert.equal(yield* f(1, 2), 3)

  const counted = fn(function* (...args: unknown[]) {
    yield* yieldNow()
    return args
  })
  assert.deepEqual(yield* counted(), [])
  assert.deepEqual(yield* counted(undefined), [undefined])
  assert.deepEqual(yield* counted([1, 2]), [[1, 2]])
  assert.deepEqual(yield* counted(1, 2, 3), [1, 2, 3])

  const preset = fn(function* (a: number = 5, b: number = a * 2) {
    return [a, b]
  })
  assert.deepEqual(yield* preset(), [5, 10])
  assert.deepEqual(yield* preset(1), [1, 2])
  assert.deepEqual(yield* preset(undefined, 1), [5, 1])

  class Account {
    balance = 1
    add = fn(addTo)
  }
  const account = new Account()
  assert.equal(yield* account.add(2), account)
  assert.equal(account.balance, 3)
})

function* addTo(this: { balance: number }, n: number): Body<unknown> {
  yield* yieldNow()
  this.balance += n
  return this
}

it('an error is thrown where the call was waited for, and can be caught there', function* () {
  const fails = fn(function* (park: boolean) {
    if (park) yield* sleep(1)
    throw new Error(`boom ${park}`)
  })
  const through = fn(function* (park: boolean) {
    return yield* fails(park)
  })
  for (const park of [false, true]) {
    try {
      yield* through(park)
      assert.fail('not thrown')
    } catch (error) {
      assert.equal((error as Error).message, `boom ${park}`)
    }
    // And the caller goes on as ever.
    yield* sleep(1)
  }
})

it('a call can be waited for again after it ended, failed or was cancelled', function* () {
  let round = 0
  const op = fn(function* () {
    round++
    yield* sleep(round === 3 ? Infinity : 1)
    if (round === 2) throw new Error('second')
    return round
  })()
  assert.equal(yield* op, 1)
  assert.equal(yield* endingText(spawn.detached(op)), 'failed: second')
  const third = spawn(op)
  yield* sleep(5)
  third.cancel('enough')
  assert.equal(yield* endingText(third), 'cancelled: enough')
  assert.equal(yield* op, 4)
})

it('a call that runs already is a BusyError for the second, and the first is unharmed', function* () {
  const go = new Future<string>()
  const op = fn(function* getRow() {
    return yield* go
  })()
  const first = spawn(op)
  yield* sleep(1)
  const second = yield* ending(spawn.detached(op))
  assert.equal(second.status, 'failed')
  assert.ok(second.status === 'failed' && second.error instanceof BusyError)
  assert.match(second.error.message, /getRow\(…\) runs already.*call getRow again/)
  go.resolve('row')
  assert.equal(yield* first, 'row')
  assert.equal(yield* op, 'row')
})

it('a call that waits for itself is a BusyError', function* () {
  const f: { op?: Operation<unknown> } = {}
  f.op = fn(function* () {
    return yield* f.op as Operation<unknown>
  })()
  const outcome = yield* ending(spawn.detached(f.op))
  assert.ok(outcome.status === 'failed' && outcome.error instanceof BusyError)
})

it('a body may be a generator, a function that gives one, a plain or an async function, or an operation', function* () {
  const generator = (function* () {
    yield* sleep(1)
    return 'generator'
  })()
  const bodies: TaskBody<string>[] = [
    generator,
    function* () {
      yield* sleep(1)
      return 'generator function'
    },
    () => 'plain',
    async () => {
      await undefined
      return 'async'
    },
    fn(function* () {
      yield* sleep(1)
      return 'call'
    })(),
    () =>
      fn(function* () {
        yield* sleep(1)
        return 'function that gives a call'
      })(),
    wait(Promise.resolve('wait')),
    () => wait(Promise.resolve('function that gives a wait')),
  ]
  const results: string[] = []
  for (const body of bodies) results.push(yield* spawn(body))
  assert.deepEqual(results, [
    'generator',
    'generator function',
    'plain',
    'async',
    'call',
    'function that gives a call',
    'wait',
    'function that gives a wait',
  ])
})

it('a body that gives a task or a future waits for it as what it is', function* (host) {
  const worker = spawn(() => sleep(20), { name: 'worker' })
  const future = new Future<string>('the answer')
  const joins = spawn(() => worker)
  const waits = spawn(() => future)
  yield* waitAllBlocked()
  assert.deepEqual([joins.reason, waits.reason], [`the end of ${worker}`, 'the future "the answer"'])
  assert.equal(host.loop.stats().externals, 0)
  future.resolve('value')
  assert.equal(yield* waits, 'value')
  yield* joins
  assert.equal(host.now(), 20)
})

it('what a plain or async body throws fails the task', function* () {
  const plain = spawn.detached(() => {
    throw new Error('plain')
  })
  const rejected = spawn.detached(async () => {
    throw new Error('async')
  })
  assert.equal(yield* endingText(plain), 'failed: plain')
  assert.equal(yield* endingText(rejected), 'failed: async')
})

it('a plain value with some methods of a generator is a value', function* () {
  const value = { next: () => 1 }
  assert.equal(yield* spawn(() => value), value)
  assert.equal(yield* spawn(() => null), null)
})

test('an async generator is refused as a body, and does not hang', async () => {
  const { code, stdout } = await program(
    `import { run } from 'fibril'
     await run(async function* () { yield 1 }).join().then(
       () => console.log('done'),
       (error) => console.log(error.code),
     )`,
    [],
    5_000,
  )
  assert.equal(code, 0, 'it was killed')
  assert.equal(stdout.trim(), 'FIBRIL_USAGE')
})

const wrong: [what: string, value: unknown, message: RegExp][] = [
  ['null', null, /yielded null\..*a `yield` of nothing/],
  ['a number', 42, /yielded a number \(42\)\./],
  ['a string', 'text', /yielded a string \(text\)\./],
  ['a symbol', Symbol('s'), /yielded a symbol \(Symbol\(s\)\)\./],
  ['a function', function getUser() {}, /yielded the function getUser\..*yield\* f\(\)/],
  ['a nameless function', (() => () => {})(), /yielded the function \(anonymous\)\./],
  ['an operation', sleep(1), /yielded an operation\..*with the star/],
  ['a promise', Promise.resolve(1), /yielded a promise\..*yield\* wait\(promise\)/],
  ['an array', [1, 2], /yielded an iterable \(Array\)\..*yield\* all/],
  ['a generator', (function* () {})(), /yielded an iterable/],
  ['an async generator', (async function* () {})(), /yielded an async iterator\./],
  ['an object', { a: 1 }, /yielded an object \(Object\)\./],
  ['an object without prototype', Object.create(null), /yielded an object \(Object\)\./],
]
for (const [what, value, message] of wrong) {
  it(`a task that yields ${what} is told so where it stands, and can go on`, function* () {
    function* yields(): Body<string> {
      yield value as never
      return 'it was taken'
    }
    const first = spawn(function* () {
      try {
        return yield* yields() // in the step that starts it
      } catch (error) {
        return error
      }
    })
    const later = spawn(function* () {
      yield* yieldNow()
      try {
        return yield* yields() // resumed by the engine
      } catch (error) {
        yield* sleep(1)
        return error
      }
    })
    const nested = spawn(
      fn(function* () {
        yield* yieldNow()
        const inner = fn(yields)
        try {
          return yield* inner() // in a call that is entered in this step
        } catch (error) {
          return error
        }
      })(),
    )
    for (const task of [first, later, nested]) {
      const error = yield* task
      assert.ok(error instanceof UsageError, String(error))
      assert.match(error.message, message)
    }
    const uncaught = yield* ending(spawn.detached(() => yields()))
    assert.ok(uncaught.status === 'failed' && uncaught.error instanceof UsageError)
  })
}

it('a yielded task or future is named as what it is', function* () {
  const task = spawn(() => sleep(1))
  for (const [value, message] of [
    [task, /yielded a task\..*with the star/],
    [new Future(), /yielded a future\..*with the star/],
  ] as const) {
    try {
      yield value as never
      assert.fail('not refused')
    } catch (error) {
      assert.match((error as Error).message, message)
    }
  }
})

const first = (op: unknown) => {
  const [value] = op as unknown[]
  return value
}
const slips: [how: string, body: () => unknown][] = [
  ['destructured', () => first(sleep(5))],
  ['spread', () => [...(sleep(5) as never as Iterable<unknown>)]],
  ['destructured as a call', () => first(slowRow())],
  [
    'looped over in a generator',
    () => {
      for (const _ of (function* () {
        yield* sleep(5)
      })());
    },
  ],
]
const slowRow = fn(function* () {
  yield* sleep(5)
  return [1]
})
for (const [how, slip] of slips) {
  it(`an operation that is ${how} and not waited for is a UsageError, also where the task ends`, function* () {
    const ends = yield* ending(
      spawn.detached(function* () {
        slip()
        return 7
      }),
    )
    assert.ok(ends.status === 'failed' && ends.error instanceof UsageError, JSON.stringify(ends))
    const parks = yield* ending(
      spawn.detached(function* () {
        slip()
        yield* sleep(1)
        return 7
      }),
    )
    assert.ok(parks.status === 'failed' && parks.error instanceof UsageError, JSON.stringify(parks))
  })
}

test('an operation that is waited for outside any task is a UsageError', () => {
  const begin = (op: Operation<unknown>) => () => [...(op as unknown as Iterable<unknown>)]
  assert.throws(begin(sleep(1)), UsageError)
  assert.throws(begin(yieldNow()), UsageError)
  assert.throws(begin(slowRow()), UsageError)
})

it('ten thousand frames deep, waking resumes the top one and values find their way down', function* () {
  const depth = 10_000
  const down: (n: number) => Operation<number> = fn(function* (n: number): Body<number> {
    if (n === 0) {
      yield* sleep(1)
      return 0
    }
    // Parks on the way, so that the native stack stays shallow.
    yield* yieldNow()
    return 1 + (yield* down(n - 1))
  })
  assert.equal(yield* down(depth), depth)
})

it('a native stack overflow in a call is an error like any other', function* () {
  const endless: (n: number) => Operation<number> = fn(function* (n: number): Body<number> {
    return 1 + (yield* endless(n + 1))
  })
  for (let i = 0; i < 3; i++) {
    const outcome = yield* ending(spawn.detached(endless(0)))
    assert.ok(outcome.status === 'failed' && outcome.error instanceof RangeError)
  }
  yield* sleep(1)
  assert.equal(currentTask()?.state, 'running')
})

test('a thousand calls that do not park take one turn', () => {
  const host = new ManualHost()
  const quick = fn(function* () {
    return 1
  })
  const task = run(
    function* () {
      let sum = 0
      for (let i = 0; i < 1000; i++) sum += yield* quick()
      return sum
    },
    { loop: host.loop },
  )
  host.turn()
  assert.deepEqual(task.outcome, { status: 'done', value: 1000 })
})
