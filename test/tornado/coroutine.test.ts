import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  CancelledError,
  Future as EngineFuture,
  fn,
  sleep as sleepOf,
  spawn,
  UsageError,
} from '../../src/core/index.ts'
import {
  BadYieldError,
  Callback,
  coroutine,
  Future,
  isCoroutineFunction,
  moment,
  Return,
  sleep,
} from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure } from './support.ts'

it('a coroutine runs eagerly to its first yield, inside the call', function* () {
  const order: string[] = []
  const body = coroutine(function* () {
    order.push('in')
    yield null
    order.push('after')
    return 1
  })
  const future = body()
  order.push('caller')
  assert.ok(future instanceof Future)
  assert.equal(yield* future, 1)
  assert.deepEqual(order, ['in', 'caller', 'after'])
})

it('a function that is no generator gives a future that is done', function* () {
  const future = coroutine((n: number) => n + 1)(1)
  assert.equal(future.done(), true)
  assert.equal(future.result(), 2)
  assert.equal(yield* coroutine(() => Promise.resolve('later'))(), 'later')
})

it('an exception is in the future, also one that is thrown at once', function* () {
  const atOnce = coroutine(() => {
    throw new Error('at once')
  })()
  assert.equal((yield* failure(atOnce)).message, 'at once')
  const inFirst = coroutine(function* (fails: boolean) {
    if (fails) throw new Error('in the first step')
    yield null
  })(true)
  assert.equal((yield* failure(inFirst)).message, 'in the first step')
  const later = coroutine(function* () {
    yield sleep(1)
    throw new Error('later')
  })()
  assert.equal((yield* failure(later)).message, 'later')
})

it('throw new Return(value) ends it with a value, as return does', function* () {
  const returned = coroutine(function* () {
    yield null
    throw new Return(42)
  })()
  assert.equal(yield* returned, 42)
  const atOnce = coroutine(() => {
    throw new Return('x')
  })()
  assert.equal(yield* atOnce, 'x')
})

it('isCoroutineFunction tells, and name and length are kept', function* () {
  const named = coroutine(function* getUrl(_url: string, _ms: number) {
    yield null
  })
  assert.equal(isCoroutineFunction(named), true)
  assert.equal(
    isCoroutineFunction(() => {}),
    false,
  )
  assert.equal(named.name, 'getUrl')
  assert.equal(named.length, 2)
  yield* named('x', 1)
})

it('this is the receiver of the call', function* () {
  const thing = {
    n: 5,
    double: coroutine(function* (this: { n: number }) {
      yield null
      return this.n * 2
    }),
  }
  assert.equal(yield* thing.double(), 10)
})

it('yields futures, promises, operations and tasks; nothing is moment', function* () {
  const given: unknown[] = []
  const settled = new Future<string>()
  settled.setResult('future')
  const engine = new EngineFuture<string>()
  engine.resolve('engine')
  yield* coroutine(function* () {
    given.push(yield settled)
    given.push(yield engine)
    given.push(yield Promise.resolve('promise'))
    given.push(yield sleepOf(1))
    given.push(yield spawn(() => 'task'))
    given.push(yield)
    given.push(yield null)
    given.push(yield moment)
    given.push(
      yield fn(function* () {
        yield* sleepOf(1)
        return 'call'
      })(),
    )
  })()
  assert.deepEqual(given, ['future', 'engine', 'promise', undefined, 'task', undefined, undefined, undefined, 'call'])
})

it('a list gives a list in its order, a record a record, whichever comes first', function* () {
  const after = coroutine(function* (ms: number) {
    yield sleep(ms)
    return ms
  })
  const result = yield* coroutine(function* () {
    const list = yield [after(3), after(1), Promise.resolve(2)]
    const record = yield { a: after(2), b: after(1) }
    const nested = yield [[after(1)], { c: after(1) }]
    return [list, record, nested, yield [], yield {}]
  })()
  assert.deepEqual(result, [[3, 1, 2], { a: 2, b: 1 }, [[1], { c: 1 }], [], {}])
})

it('what nobody can wait for is a BadYieldError at the yield, which can be caught', function* () {
  const messages = yield* coroutine(function* () {
    const caught: string[] = []
    for (const bad of [1, 'text', new Map(), () => {}, Symbol('s'), [1]]) {
      try {
        yield bad
      } catch (error) {
        assert.ok(error instanceof BadYieldError)
        assert.equal(error.code, 'FIBRIL_TORNADO_BAD_YIELD')
        caught.push(error.message.split(' was')[0] as string)
      }
    }
    return caught
  })()
  assert.deepEqual(messages, ['1', 'the string "text"', 'a Map', '() => { }', 'Symbol(s)', '1'])
})

it('yield* of futures and operations works beside yield', function* () {
  const inner = coroutine(function* (n: number) {
    yield* sleepOf(1)
    return n
  })
  const sum = coroutine(function* () {
    let total = 0
    for (let i = 0; i < 3; i++) {
      total += yield* inner(i)
      total += (yield inner(i)) as number
    }
    return total
  })
  assert.equal(yield* sum(), 6)
})

it('ready futures do not touch the loop: aaaaabbbbb', function* () {
  assert.equal(yield* letters(() => done()), 'aaaaabbbbb')
})

it(
  'moment lets the others run: ababababab',
  function* () {
    assert.equal(yield* letters(() => moment), 'ababababab')
  },
  { shuffle: false },
)

it(
  'one of each: abbbbbaaaa',
  function* () {
    assert.equal(yield* letters((name) => (name === 'a' ? moment : done())), 'abbbbbaaaa')
  },
  { shuffle: false },
)

function done(): Future<null> {
  const future = new Future<null>()
  future.setResult(null)
  return future
}

const letters = fn(function* (what: (name: string) => unknown) {
  let said = ''
  const task = coroutine(function* (name: string) {
    for (let i = 0; i < 5; i++) {
      said += name
      yield what(name)
    }
  })
  const both = [task('a'), task('b')]
  for (const future of both) yield* future
  return said
})

it('a million ready yields take constant stack and do not starve others', function* () {
  let others = 0
  const other = spawn(function* () {
    for (;;) {
      others++
      yield* sleepOf(0)
    }
  })
  const future = done()
  const count = yield* coroutine(function* () {
    let i = 0
    for (; i < 1_000_000; i++) yield future
    return i
  })()
  assert.equal(count, 1_000_000)
  assert.ok(others > 0, 'somebody else ran meanwhile')
  other.cancel()
})

it('nesting 10,000 deep settles', function* () {
  const nest = coroutine(function* (depth: number): Generator<unknown, number, unknown> {
    if (depth === 0) {
      yield null
      return 0
    }
    yield null
    return ((yield nest(depth - 1)) as number) + 1
  })
  assert.equal(yield* nest(10_000), 10_000)
})

it.many(
  'cancelling the future stops the coroutine where it waits, and its finally runs, also where that waits',
  function* () {
    const order: string[] = []
    const inner = coroutine(function* () {
      try {
        yield sleep(1000)
        order.push('never')
      } catch {
        order.push('never caught')
      } finally {
        yield sleep(1)
        order.push('inner cleaned')
      }
    })
    const held: Future<unknown>[] = []
    const outer = coroutine(function* () {
      try {
        const future = inner()
        held.push(future)
        yield future
        order.push('never')
      } finally {
        yield* sleepOf(1)
        order.push('outer cleaned')
      }
    })
    const future = outer()
    yield* sleepOf(1)
    assert.equal(future.cancel('enough'), true)
    assert.equal(future.done(), false, 'its cleanup has still to run')
    const error = yield* failure(future)
    assert.ok(error instanceof CancelledError)
    assert.equal(error.reason, 'enough')
    assert.equal(future.cancelled(), true)
    assert.equal(future.cancel(), false)
    yield* sleepOf(5)
    assert.equal(held[0]?.cancelled(), true, 'nobody else waited for the inner one')
    assert.deepEqual(order.sort(), ['inner cleaned', 'outer cleaned'])
  },
)

it('a failure in the cleanup of a cancelled coroutine is what its future has', function* () {
  const future = coroutine(function* () {
    try {
      yield sleep(1000)
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what is tested
      throw new Error('cleanup')
    }
  })()
  future.cancel()
  assert.equal((yield* failure(future)).message, 'cleanup')
  assert.equal(future.cancelled(), false)
})

it('a coroutine that fails and for which nobody comes is reported, with its name', function* (host) {
  coroutine(function* forgotten() {
    yield sleep(1)
    throw new Error('lost')
  })()
  yield* sleepOf(5)
  const [error] = host.takeUnhandled()
  assert.match(error?.message ?? '', /the future "coroutine forgotten" failed and nobody was waiting for it: lost/)
  assert.match(error?.task?.toString() ?? '', /task forgotten/)
})

it(
  'a failure for which somebody comes within the turn, by whatever way, is not reported',
  function* () {
    const failing = coroutine(function* () {
      yield null
      throw new Error('expected')
    })
    const awaited = failing()
    awaited.then(undefined, () => {})
    const asked = failing()
    const joined = failing()
    yield* failure(joined)
    assert.equal((asked.exception() as Error).message, 'expected')
    yield* sleepOf(1)
  },
  { shuffle: false },
)

it('errors show the lines of every coroutine that they pass', function* () {
  const inner = coroutine(function* innerOne() {
    yield sleep(1)
    throw new Error('deep')
  })
  const outer = coroutine(function* outerOne() {
    yield* inner()
  })
  const error = yield* failure(outer())
  assert.match(error.stack ?? '', /innerOne/)
  assert.match(error.stack ?? '', /at outerOne \(.*coroutine\.test/)
  assert.doesNotMatch(error.stack ?? '', /\(yield\)/)
})

it('a coroutine that waits by a plain yield is in the stack by its name', function* () {
  const inner = coroutine(function* innerOne() {
    yield sleep(1)
    throw new Error('deep')
  })
  const middle = coroutine(function* middleOne() {
    yield [sleep(1), inner()]
  })
  const outer = coroutine(function* outerOne() {
    try {
      yield middle()
    } finally {
      yield null
    }
  })
  const error = yield* failure(outer())
  assert.match(error.stack ?? '', /at innerOne[\s\S]*at middleOne \(yield\)\n +at outerOne \(yield\)\n +at failure /)
})

it('keeps AsyncLocalStorage across yields', function* () {
  const store = new AsyncLocalStorage<string>()
  const body = coroutine(function* () {
    yield sleep(1)
    const first = store.getStore()
    yield null
    return [first, store.getStore()]
  })
  const [a, b] = [store.run('a', () => body()), store.run('b', () => body())]
  assert.deepEqual(
    [yield* a, yield* b],
    [
      ['a', 'a'],
      ['b', 'b'],
    ],
  )
})

it('can be awaited in async code', async () => {
  const body = coroutine(function* () {
    yield Promise.resolve()
    return 'done'
  })
  assert.equal(await body(), 'done')
})

it('an engine is a coroutine that also takes yield points; a coroutine does not', function* () {
  const error = yield* failure(
    coroutine(function* () {
      yield new Callback('k')
    })(),
  )
  assert.ok(error instanceof BadYieldError || error instanceof UsageError)
})
