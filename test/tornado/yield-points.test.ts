import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { sleep as sleepOf } from '../../src/core/index.ts'
import {
  Arguments,
  Callback,
  coroutine,
  ExceptionStackContext,
  engine,
  IOLoop,
  KeyReuseError,
  LeakedCallbackError,
  nullContext,
  StackContext,
  StackContextInconsistentError,
  sleep,
  TaskPoint,
  UnknownKeyError,
  Wait,
  WaitAll,
  wrap,
} from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure } from './support.ts'

type Call = (...args: unknown[]) => void
const soon = (callback: Call, ...args: unknown[]): void => IOLoop.current().addCallback(callback, ...args)

describe('yield points', () => {
  it('Callback gives a function, Wait what it is called with', function* () {
    const result = yield* engine(function* () {
      soon((yield new Callback('k')) as Call, 'value')
      return yield new Wait('k')
    })()
    assert.equal(result, 'value')
  })

  it('several arguments are Arguments; none is undefined', function* () {
    const result = yield* engine(function* () {
      soon((yield new Callback(1)) as Call, 'a', 'b')
      const several = yield new Wait(1)
      soon((yield new Callback(1)) as Call)
      return [several, yield new Wait(1)]
    })()
    assert.deepEqual(result, [new Arguments(['a', 'b']), undefined])
  })

  it('in parallel: Wait in any order, WaitAll in the order of its keys', function* () {
    const result = yield* engine(function* () {
      soon((yield new Callback('a')) as Call, 1)
      soon((yield new Callback('b')) as Call, 2)
      soon((yield new Callback('c')) as Call, 3)
      return [yield new Wait('b'), yield new WaitAll(['c', 'a'])]
    })()
    assert.deepEqual(result, [2, [3, 1]])
  })

  it('lists and records of yield points and futures are waited for together', function* () {
    const result = yield* engine(function* () {
      soon((yield new Callback('a')) as Call, 1)
      soon((yield new Callback('b')) as Call, 2)
      const list = yield [new Wait('a'), Promise.resolve('p')]
      const record = yield { b: new Wait('b'), s: sleep(1) }
      return [list, record]
    })()
    assert.deepEqual(result, [[1, 'p'], { b: 2, s: undefined }])
  })

  it('a Task calls a function with a callback as its last argument', function* () {
    const add = (a: number, b: number, callback: Call): void => soon(callback, a + b)
    const result = yield* engine(function* () {
      return [yield new TaskPoint(add, 1, 2), yield new TaskPoint((callback: Call) => callback('x', 'y'))]
    })()
    assert.deepEqual(result, [3, new Arguments(['x', 'y'])])
  })

  it('a key in use is a KeyReuseError, one that nobody has an UnknownKeyError', function* () {
    const reuse = engine(function* () {
      yield new Callback('k')
      yield new Callback('k')
    })
    assert.ok((yield* failure(reuse())) instanceof KeyReuseError)
    const unknown = engine(function* () {
      yield new Wait('k')
    })
    assert.ok((yield* failure(unknown())) instanceof UnknownKeyError)
  })

  it('ending with callbacks that nobody waited for is a LeakedCallbackError, unless an exception was seen', function* () {
    const leaking = engine(function* () {
      yield new Callback('k')
    })
    const error = yield* failure(leaking())
    assert.ok(error instanceof LeakedCallbackError)
    assert.match(error.message, /finished without waiting for callbacks k/)
    const orphaned = engine(function* () {
      yield new Callback('k')
      try {
        yield Promise.reject(new Error('seen'))
      } catch {}
      return 'fine'
    })
    assert.equal(yield* orphaned(), 'fine')
  })
})

describe('stack contexts', () => {
  it('surround the callbacks that are handed over in them, outermost first', function* () {
    const order: string[] = []
    const named = (name: string): StackContext =>
      new StackContext(() => ({ enter: () => void order.push(`>${name}`), exit: () => void order.push(`<${name}`) }))
    named('a').run(() => named('b').run(() => soon(() => void order.push('callback'))))
    assert.deepEqual(order.splice(0), ['>a', '>b', '<b', '<a'])
    yield* sleepOf(1)
    assert.deepEqual(order, ['>a', '>b', 'callback', '<b', '<a'])
  })

  it('an error of a callback passes through them; one that is swallowed is gone', function* () {
    const seen: string[] = []
    const guard = new ExceptionStackContext((error) => {
      seen.push((error as Error).message)
      return true
    })
    guard.run(() => {
      IOLoop.current().callLater(5, () => {
        throw new Error('later')
      })
      soon(
        coroutine(function* () {
          yield null
        }),
      )
    })
    assert.equal(
      guard.run(() => {
        throw new Error('now')
      }),
      undefined,
    )
    yield* sleepOf(10)
    assert.deepEqual(seen, ['now', 'later'])
  })

  it('wrap keeps them for any function; nullContext leaves them', function* () {
    const seen: string[] = []
    const guard = new ExceptionStackContext((error) => seen.push((error as Error).message) > 0)
    const fails = (message: string) => (): never => {
      throw new Error(message)
    }
    const wrapped = guard.run(() => wrap(fails('wrapped'))) as () => void
    const outside = guard.run(() => nullContext(() => wrap(fails('outside')))) as () => void
    wrapped()
    assert.throws(outside, /outside/)
    assert.deepEqual(seen, ['wrapped'])
    yield* sleepOf(0)
  })

  it('a yield inside of a block is a StackContextInconsistentError', function* () {
    const leaking = coroutine(function* () {
      using _block = new StackContext(() => ({})).enter()
      yield sleep(1)
    })
    assert.ok((yield* failure(leaking())) instanceof StackContextInconsistentError)
    const fine = coroutine(function* () {
      {
        using _block = new StackContext(() => ({})).enter()
      }
      yield sleep(1)
      return 'fine'
    })
    assert.equal(yield* fine(), 'fine')
  })
})
