import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Body,
  currentTask,
  Future,
  fn,
  type Operation,
  race,
  run,
  scope,
  shield,
  sleep,
  spawn,
  suspend,
  type Task,
  TimeoutError,
  timeout,
  timeoutOr,
  UsageError,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText, messages } from './ending.ts'
import { ManualHost } from './manual-host.ts'

const forever = () => sleep(Infinity)

/** Parks for good, and takes `ms` to be unwound. */
const slow = fn(function* (log: string[], name: string, ms: number) {
  try {
    yield* forever()
    log.push(`${name} went on`)
  } catch {
    log.push(`${name} caught`)
  } finally {
    yield* sleep(ms)
    log.push(name)
  }
  log.push(`${name} went on`)
})

it('a block that ends in time gives its result, or throws its failure, and leaves no timer', function* (host) {
  assert.equal(
    yield* timeout(10, function* () {
      yield* sleep(5)
      return 'result'
    }),
    'result',
  )
  assert.equal(yield* timeout(10, () => 'plain'), 'plain')
  assert.equal(
    yield* timeoutOr(10, 'instead', function* () {
      yield* sleep(5)
      return 'result'
    }),
    'result',
  )
  try {
    yield* timeout(10, function* () {
      yield* sleep(1)
      throw new Error('boom')
    })
    assert.fail('not thrown')
  } catch (error) {
    assert.equal((error as Error).message, 'boom')
  }
  assert.equal(host.loop.stats().timers, 0)
})

it('a block that takes too long is unwound, finally blocks and all, and then the TimeoutError is thrown', function* (host) {
  const log: string[] = []
  const named = fn(function* fetchUser() {
    yield* slow(log, 'cleanup', 5)
  })
  try {
    yield* timeout(10, named())
    assert.fail('not thrown')
  } catch (error) {
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.code, 'FIBRIL_TIMEOUT')
    assert.equal(error.ms, 10)
    assert.equal(error.message, 'fetchUser did not end within 10 ms')
  }
  assert.equal(host.now(), 15)
  assert.deepEqual(log, ['cleanup'])
  // The task itself is not cancelled.
  assert.equal(currentTask()?.cancelled, false)
  yield* sleep(1)
})

it('timeoutOr gives the other value when the time is over, when cleanup is done', function* (host) {
  const log: string[] = []
  assert.equal(yield* timeoutOr(10, 'instead', slow(log, 'cleanup', 5)), 'instead')
  assert.equal(host.now(), 15)
  assert.deepEqual(log, ['cleanup'])
})

it('the wait of a timed-out block is undone, once', function* () {
  let undone = 0
  yield* timeoutOr(
    5,
    null,
    suspend('an event', () => () => undone++),
  )
  assert.equal(undone, 1)
})

it('an error of another limit is not mistaken for its own', function* () {
  assert.equal(yield* timeoutOr(10, 'outer', timeoutOr(5, 'inner', forever())), 'inner')
  assert.equal(yield* timeoutOr(5, 'outer', timeoutOr(10, 'inner', forever())), 'outer')
  const passes = timeoutOr(10, 'outer', function* (): Body<string> {
    yield* timeout(5, forever())
    return 'went on'
  })
  try {
    yield* passes
    assert.fail('not thrown')
  } catch (error) {
    assert.equal((error as TimeoutError).ms, 5)
  }
  const kept: unknown[] = []
  try {
    yield* timeout(5, forever())
  } catch (error) {
    kept.push(error)
  }
  try {
    yield* timeoutOr(10, 'instead', function* () {
      throw kept[0]
    })
    assert.fail('not thrown')
  } catch (error) {
    assert.equal(error, kept[0])
  }
})

it('limits nest: each raises its own error at its own place', function* (host) {
  const log: string[] = []
  const nested = function* (inner: number, outer: number): Body<void> {
    try {
      yield* timeout(outer, function* () {
        try {
          yield* timeout(inner, slow(log, 'cleanup', 1))
        } catch (error) {
          log.push(`inner ${(error as TimeoutError).ms}`)
          yield* forever()
        } finally {
          log.push('between')
        }
      })
    } catch (error) {
      log.push(`outer ${(error as TimeoutError).ms}`)
    }
  }
  yield* nested(5, 10)
  assert.equal(host.now(), 10)
  assert.deepEqual(log.splice(0), ['cleanup', 'inner 5', 'between', 'outer 10'])
  yield* nested(10, 5)
  assert.deepEqual(log.splice(0), ['cleanup', 'between', 'outer 5'])
  yield* nested(7, 7)
  assert.deepEqual(log.splice(0), ['cleanup', 'between', 'outer 7'])
})

it.many('an outer limit that passes while the inner one’s cleanup waits takes the unwinding over', function* (host) {
  const log: string[] = []
  try {
    yield* timeout(10, function* () {
      try {
        yield* timeout(5, slow(log, 'cleanup', 20))
        log.push('went on')
      } catch {
        log.push('caught')
      } finally {
        yield* sleep(3)
        log.push('between')
      }
      log.push('went on')
    })
  } catch (error) {
    log.push(`${(error as TimeoutError).ms}`)
  }
  assert.deepEqual(log, ['cleanup', 'between', '10'])
  assert.equal(host.now(), 28)
})

it.many('a cancel while a limit’s cleanup waits takes the unwinding over', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* timeout(5, slow(log, 'cleanup', 20))
    } catch {
      log.push('caught')
    } finally {
      log.push('finally')
    }
    log.push('went on')
  })
  yield* sleep(10)
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['cleanup', 'finally'])
})

it.many('a limit that passes while a cancel’s cleanup waits changes nothing', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* timeout(5, slow(log, 'cleanup', 20))
    } catch {
      log.push('caught')
    } finally {
      log.push('finally')
    }
  })
  yield* sleep(1)
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['cleanup', 'finally'])
})

it.many('a limit inside a finally works while the task is being cancelled', function* (host) {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* forever()
    } finally {
      for (let i = 0; i < 2; i++) {
        try {
          yield* timeout(5, slow(log, 'inner', 2))
        } catch (error) {
          log.push((error as Error).name)
        }
      }
      log.push(`${yield* timeoutOr(5, 'instead', forever())}`)
      yield* sleep(1)
      log.push('cleaned')
    }
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['inner', 'TimeoutError', 'inner', 'TimeoutError', 'instead', 'cleaned'])
  assert.equal(host.now(), 1 + 7 + 7 + 5 + 1)
})

it('a limit around a finally inside nested limits: three unwindings in one another', function* (host) {
  const log: string[] = []
  try {
    yield* timeout(10, function* () {
      try {
        yield* forever()
      } finally {
        try {
          yield* timeout(10, function* () {
            try {
              yield* forever()
            } finally {
              try {
                yield* timeout(10, slow(log, 'innermost', 1))
              } catch {
                log.push('third')
              }
            }
          })
        } catch {
          log.push('second')
        }
      }
    })
  } catch {
    log.push('first')
  }
  assert.deepEqual(log, ['innermost', 'third', 'second', 'first'])
  assert.equal(host.now(), 31)
})

test('a value that came in the same turn as the limit is kept, and the limit forgotten if the block ends', () => {
  const host = new ManualHost()
  const go = new Future<string>()
  const task = run(
    function* () {
      const value = yield* timeout(10, go.wait())
      yield* sleep(100)
      return value
    },
    { loop: host.loop },
  )
  host.settle()
  // Woken before the turn in which the limit fires.
  go.resolve('in time')
  host.clock = 10
  host.advance()
  assert.deepEqual(task.outcome, { status: 'done', value: 'in time' })
  assert.equal(host.loop.stats().timers, 0)
})

test('a value that came in the same turn as the limit is kept, and the limit comes where the block waits next', () => {
  for (const cancelled of [false, true]) {
    const host = new ManualHost()
    const go = new Future<string>()
    const log: string[] = []
    const block = fn(function* (): Body<void> {
      try {
        yield* timeout(10, function* () {
          log.push(yield* go)
          try {
            yield* sleep(1000)
            log.push('went on')
          } finally {
            yield* sleep(1)
            log.push('cleaned')
          }
        })
      } catch (error) {
        log.push((error as Error).name)
      }
    })
    const task = run(
      function* () {
        if (!cancelled) return yield* block()
        try {
          yield* forever()
        } finally {
          // The same in the cleanup of a cancelled task.
          yield* block()
        }
      },
      { loop: host.loop },
    )
    host.settle()
    if (cancelled) task.cancel()
    host.settle()
    go.resolve('in time')
    host.clock = 10
    host.advance(10)
    assert.deepEqual(log, ['in time', 'cleaned', 'TimeoutError'], `cancelled: ${cancelled}`)
    assert.equal(task.state, 'ended')
  }
})

it('a limit of 0 or less lets a block run that does not wait', function* () {
  for (const ms of [0, -1, -Infinity]) {
    assert.equal(yield* timeout(ms, () => 'ready'), 'ready')
    const ready = new Future<string>()
    ready.resolve('ready')
    assert.equal(yield* timeout(ms, ready.wait()), 'ready')
    assert.equal(yield* timeoutOr(ms, 'too late', forever()), 'too late')
    assert.equal(yield* timeoutOr(ms, 'too late', sleep(1)), 'too late')
  }
})

it('a limit of Infinity is none', function* (host) {
  const task = spawn(timeout(Infinity, sleep(1e12)))
  yield* sleep(1)
  assert.equal(host.loop.stats().timers, 1)
  yield* task
})

it('a limit that is no number is a UsageError, and the timers of others run on', function* () {
  for (const ms of [Number.NaN, undefined, '5', null, {}] as number[]) {
    const outcome = yield* ending(spawn.detached(() => timeout(ms, sleep(1))))
    assert.ok(outcome.status === 'failed' && outcome.error instanceof UsageError, String(ms))
    const other = yield* ending(spawn.detached(() => timeoutOr(ms, 1, sleep(1))))
    assert.ok(other.status === 'failed' && other.error instanceof UsageError, String(ms))
  }
  yield* sleep(5)
})

it.many('a limit around a scope cancels its tasks at once and waits for their cleanup', function* (host) {
  const log: string[] = []
  try {
    yield* timeout(
      5,
      scope(function* () {
        spawn(slow(log, 'child', 7))
        yield* slow(log, 'body', 3)
      }),
    )
    assert.fail('not thrown')
  } catch (error) {
    log.push((error as Error).name)
  }
  assert.deepEqual(log, ['body', 'child', 'TimeoutError'])
  assert.equal(host.now(), 12)
  assert.equal(currentTask()?.children.length, 0)
})

it('children that the block spawned into its task’s own scope are not touched', function* () {
  const made: Task<unknown>[] = []
  yield* timeoutOr(5, null, function* () {
    made.push(spawn(() => sleep(50)))
    yield* forever()
  })
  assert.equal(made[0]?.state, 'parked')
})

it('failures of finally blocks come with the TimeoutError', function* () {
  const fails = fn(function* (n: number): Body<void> {
    try {
      yield* n === 0 ? forever() : fails(n - 1)
    } finally {
      yield* sleep(1)
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      throw new Error(`cleanup ${n}`)
    }
  }) as (n: number) => Operation<void>
  for (const block of [timeout(5, fails(1)), timeoutOr(5, 'instead', fails(1))]) {
    try {
      yield* block
      assert.fail('not thrown')
    } catch (error) {
      assert.ok(error instanceof AggregateError)
      assert.ok(error.errors[0] instanceof TimeoutError)
      assert.deepEqual(messages(error).slice(1), ['cleanup 0', 'cleanup 1'])
    }
  }
})

it('a finally block that returns a value does not undo the limit', function* () {
  const swallows = fn(function* () {
    try {
      yield* forever()
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      return 'swallowed'
    }
  })
  assert.equal(yield* timeoutOr(5, 'too late', swallows()), 'too late')
})

it('a limit may be used again, after each kind of end', function* () {
  let ms = 1
  const op = timeoutOr(5, 'too late', function* () {
    yield* sleep(ms)
    if (ms === 2) throw new Error('boom')
    return 'in time'
  })
  assert.equal(yield* op, 'in time')
  ms = 10
  assert.equal(yield* op, 'too late')
  ms = 2
  assert.equal(yield* endingText(spawn.detached(op)), 'failed: boom')
  ms = 1
  const task = spawn(op)
  yield* yieldNow()
  task.cancel()
  yield* ending(task)
  assert.equal(yield* op, 'in time')
})

it('a promise that is waited for with a limit, and fails later, harms nobody', function* () {
  const { promise, reject } = deferred()
  assert.equal(yield* timeoutOr(5, 'too late', wait(promise)), 'too late')
  reject(new Error('late'))
  yield* wait(Promise.resolve())
  yield* sleep(1)
})

function deferred(): { promise: Promise<never>; reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<never>((_, no) => {
    reject = no
  })
  return { promise, reject }
}

it.many('a limit that passes while the cleanup of an outer one waits changes nothing', function* () {
  const log: string[] = []
  const through = fn(function* () {
    yield* slow(log, 'cleanup', 20)
  })
  try {
    yield* timeout(5, function* () {
      try {
        yield* timeout(10, through())
      } catch {
        log.push('caught')
      }
      log.push('went on')
    })
  } catch (error) {
    log.push(`${(error as TimeoutError).ms}`)
  }
  assert.deepEqual(log, ['cleanup', '5'])
})

it('a limit that had to wait for a shield leaves what is outside of it, too', function* () {
  const outside = spawn(() => sleep(50))
  const result = yield* timeoutOr(5, 'too late', function* () {
    yield* shield(sleep(10))
    yield* forever()
  })
  assert.equal(result, 'too late')
  assert.deepEqual([outside.state, outside.cancelled], ['parked', false])
})

it('the blocks that a task is in are told by name', function* () {
  const go = new Future<void>()
  const task = spawn(function* body() {
    yield* timeout(
      1e6,
      timeoutOr(
        1e6,
        null,
        scope(() => shield(race([go])) as never),
      ),
    )
  })
  yield* sleep(1)
  assert.deepEqual(
    task.frames.filter((name) => name !== 'anonymous'),
    ['race', 'shield', 'scope', 'timeoutOr', 'timeout', 'body'],
  )
  go.resolve()
})

it('a limit on each of several that race', function* () {
  const log: string[] = []
  const result = yield* race([timeoutOr(5, 'first', slow(log, 'a', 1)), timeoutOr(10, 'second', slow(log, 'b', 1))])
  assert.equal(result, 'first')
  assert.deepEqual(log, ['a', 'b'])
})

test('a hundred thousand limits that are not needed leave no timer', () => {
  const host = new ManualHost()
  host.run(function* () {
    yield* timeout(1e6, function* () {
      for (let i = 0; i < 100_000; i++) yield* timeout(1000, () => i)
    })
  })
  assert.equal(host.loop.stats().timers, 0)
  assert.equal(host.alarm, Infinity)
  assert.equal(host.clock, 0)
})

it('a thousand limits in one another, of which the outermost passes first', function* () {
  const log: number[] = []
  const nest: (n: number) => Operation<void> = fn(function* (n: number): Body<void> {
    yield* yieldNow()
    yield* timeout(10 + n, function* () {
      try {
        if (n === 1000) yield* forever()
        else yield* nest(n + 1)
      } finally {
        log.push(n)
      }
    })
  })
  try {
    yield* nest(1)
    assert.fail('not thrown')
  } catch (error) {
    assert.equal((error as TimeoutError).ms, 11)
  }
  assert.equal(log.length, 1000)
  assert.equal(log[0], 1000)
})
