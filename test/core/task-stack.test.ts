import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Body,
  Future,
  fn,
  type Operation,
  race,
  run,
  scope,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { ending } from './ending.ts'
import { ManualHost } from './manual-host.ts'

/** The functions that a stack names, in order, as far as they are of this file. */
function functions(error: unknown): string[] {
  const lines = String((error as Error).stack).split('\n')
  return lines
    .flatMap((line) => (/task-stack\.test/.test(line) ? (/(\w+) \(|(\w+)@/.exec(line)?.slice(1) ?? []) : []))
    .filter((name): name is string => name !== undefined)
}

const innermost = fn(function* innermost(park: boolean) {
  if (park) yield* sleep(1)
  throw new Error('boom')
})
const middle = fn(function* middle(park: boolean) {
  if (park) yield* yieldNow()
  yield* innermost(park)
})
const outermost = fn(function* outermost(park: boolean) {
  yield* middle(park)
})

/** What `op` fails with, in a task of its own. */
const failureOf = fn(function* (op: Operation<unknown>): Body<Error> {
  const outcome = yield* ending(spawn.detached(op))
  assert.ok(outcome.status === 'failed')
  return outcome.error as Error
})

it('an error shows the line of each caller, whether they parked or not', function* () {
  for (const park of [false, true]) {
    const error = yield* failureOf(outermost(park))
    assert.deepEqual(functions(error).slice(0, 3), ['innermost', 'middle', 'outermost'], error.stack)
    assert.match(error.stack ?? '', /^Error: boom\n/)
  }
})

it('the engine’s own lines are not shown', function* () {
  const error = yield* failureOf(
    timeout(
      100,
      scope(function* inScope() {
        yield* race([outermost(true)])
      }),
    ),
  )
  assert.ok(!/src.core/.test(error.stack ?? ''), error.stack)
  assert.ok(functions(error).includes('innermost'))
})

it('each line is shown once, however often the stack is read', function* () {
  const error = yield* failureOf(outermost(true))
  const { stack } = error
  assert.equal(error.stack, stack)
  const own = stack?.split('\n').filter((line) => line.includes('task-stack.test'))
  assert.equal(own?.length, 3)
  assert.equal(new Set(own).size, 3)
})

it('an error that was caught and thrown on shows where it went', function* () {
  const rethrows = fn(function* rethrows() {
    try {
      yield* middle(true)
    } catch (error) {
      yield* sleep(1)
      throw error
    }
  })
  const error = yield* failureOf(
    fn(function* top() {
      yield* rethrows()
    })(),
  )
  assert.deepEqual(functions(error).slice(0, 4), ['innermost', 'middle', 'rethrows', 'top'])
})

it('one error that is thrown in two tasks keeps its text, and its stack stays bounded', function* () {
  const shared = new Error('shared')
  const future = new Future<void>()
  future.reject(shared)
  const waits = fn(function* waits() {
    yield* sleep(1)
    yield* future
  })
  const through = fn(function* through() {
    yield* waits()
  })
  for (let i = 0; i < 500; i++) assert.equal(yield* failureOf(through()), shared)
  assert.match(shared.stack ?? '', /^Error: shared\n/)
  assert.ok((shared.stack?.split('\n').length ?? 0) < 200)
})

it('what cannot be extended is thrown as it is', function* () {
  const frozen = Object.freeze(new Error('frozen'))
  const odd: unknown[] = [
    frozen,
    Object.defineProperty(new Error('number'), 'stack', { value: 42 }),
    Object.defineProperty(new Error('none'), 'stack', { value: undefined }),
    Object.defineProperty(new Error('hostile'), 'stack', {
      get() {
        throw new Error('do not look')
      },
    }),
    Object.defineProperty(new Error('fixed'), 'stack', { value: 'fixed', configurable: false }),
    'text',
    undefined,
    null,
    { message: 'no error' },
    new Proxy(new Error('proxy'), {
      defineProperty: () => {
        throw new Error('hands off')
      },
    }),
    Object.create(Error.prototype),
  ]
  for (const thrown of odd) {
    const throws = fn(function* () {
      yield* sleep(1)
      throw thrown
    })
    const through = fn(function* () {
      yield* throws()
    })
    assert.equal(yield* failureOf(through()), thrown)
  }
})

it('a stack may still be set', function* () {
  const error = yield* failureOf(outermost(true))
  error.stack = 'mine'
  assert.equal(error.stack, 'mine')
  const extended = yield* failureOf(
    fn(function* () {
      try {
        yield* outermost(true)
      } catch (caught) {
        ;(caught as Error).stack += '\n    with a note'
        throw caught
      }
    })(),
  )
  assert.match(extended.stack ?? '', /with a note/)
})

it('an error with a cause, or of another kind, keeps all that it had', function* () {
  class Own extends RangeError {
    readonly code = 'OWN'
  }
  const cause = new Error('cause')
  const own = new Own('own', { cause })
  const error = yield* failureOf(
    fn(function* () {
      yield* fn(function* (): Body<void> {
        yield* sleep(1)
        throw own
      })()
    })(),
  )
  assert.equal(error, own)
  assert.deepEqual([own.code, own.cause, own.name, own.message], ['OWN', cause, 'RangeError', 'own'])
  assert.ok(!Object.keys(own).includes('stack'))
})

it('a program that formats stacks itself gets its errors as they are', function* () {
  const { prepareStackTrace } = Error
  Error.prepareStackTrace = (_, sites) => sites
  try {
    const error = yield* failureOf(outermost(true))
    assert.equal(error.message, 'boom')
  } finally {
    if (prepareStackTrace === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
    else Error.prepareStackTrace = prepareStackTrace
  }
})

it('the limit of lines for stacks is left as it was', function* () {
  for (const limit of [0, 3, 10]) {
    const before = Error.stackTraceLimit
    Error.stackTraceLimit = limit
    try {
      yield* failureOf(outermost(true))
      yield* failureOf(timeout(1, sleep(100)))
      assert.equal(Error.stackTraceLimit, limit)
    } finally {
      Error.stackTraceLimit = before
    }
  }
})

test('an error that rises through ten thousand frames costs memory for the first few only', () => {
  const host = new ManualHost()
  const down: (n: number) => Operation<never> = fn(function* (n: number): Body<never> {
    yield* yieldNow()
    if (n === 0) throw new Error('from the bottom')
    return yield* down(n - 1)
  })
  const task = run(down(10_000), { loop: host.loop })
  task.then(null, () => {})
  host.advance()
  assert.ok(task.outcome?.status === 'failed')
  const { stack } = task.outcome.error as Error
  assert.match(stack ?? '', /from the bottom/)
  assert.ok((stack?.split('\n').length ?? 0) < 200)
})

it('a TimeoutError shows who waited', function* () {
  const waits = fn(function* waits() {
    yield* timeout(5, sleep(100))
  })
  const error = yield* failureOf(
    fn(function* top() {
      yield* waits()
    })(),
  )
  assert.equal(error.name, 'TimeoutError')
  assert.deepEqual(functions(error).slice(0, 2), ['waits', 'top'], error.stack)
})
