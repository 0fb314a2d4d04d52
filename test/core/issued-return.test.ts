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
  sleep,
  spawn,
  type Task,
  type TaskBody,
  timeout,
  UsageError,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { ending } from './ending.ts'
import { ManualHost } from './manual-host.ts'

const forever = () => sleep(Infinity)

/** Runs `body` on a host that mends and warns, cancels it after 1 ms, and lets it end. */
function cancelled(body: TaskBody<unknown>): { task: Task<unknown>; warnings: readonly string[]; clock: number } {
  const host = new ManualHost()
  const task = run(body, { loop: host.loop })
  host.advance(1)
  task.cancel('why')
  host.advance()
  return { task, warnings: host.warnings, clock: host.clock }
}

test('a bare generator that cleans up without waiting is exact: its callers never go on', () => {
  const log: string[] = []
  function* inner(): Body<void> {
    try {
      yield* forever()
    } finally {
      log.push('inner')
    }
    log.push('after inner')
  }
  function* outer(): Body<void> {
    try {
      yield* inner()
      log.push('went on')
    } finally {
      log.push('outer')
    }
  }
  const { task, warnings } = cancelled(function* () {
    yield* outer()
    log.push('went on')
  })
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(log, ['inner', 'outer'])
  assert.deepEqual(warnings, [])
})

test('a bare generator whose finally waits: its callers never go on, and the task waits for the wait', () => {
  const log: string[] = []
  function* inner(): Body<void> {
    try {
      yield* forever()
    } finally {
      log.push('inner')
      yield* sleep(50)
      log.push('inner, not waited for')
    }
    log.push('after inner')
  }
  const { task, warnings, clock } = cancelled(function* main() {
    try {
      yield* inner()
      log.push('went on')
    } finally {
      log.push('outer')
    }
    log.push('after outer')
  })
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(log, ['inner', 'inner, not waited for', 'outer'])
  assert.equal(clock, 51, 'the wait was done before the task ended')
  assert.equal(warnings.length, 1)
  assert.match(
    warnings[0] as string,
    /^task main #\d+: a finally block of a bare generator waits.*Make that generator with fn\(\): at inner.*issued-return\.test/,
  )
})

test('what a carried operation gives in its place is nothing', () => {
  const values: unknown[] = []
  const ready = new Future<string>()
  ready.resolve('of another operation')
  function* inner(): Body<void> {
    try {
      yield* forever()
    } finally {
      values.push(yield* ready)
      values.push(yield* sleep(1))
      values.push(
        yield* fn(function* () {
          yield* sleep(1)
          return 'a value that comes later'
        })(),
      )
    }
  }
  cancelled(function* () {
    yield* inner()
  })
  assert.deepEqual(values, ['of another operation', undefined, undefined])
})

test('a call that does not wait hides no wait that comes after it', () => {
  const log: string[] = []
  const quick = fn(function* () {
    log.push('quick')
  })
  function* inner(): Body<void> {
    try {
      yield* forever()
    } finally {
      yield* quick()
      yield* sleep(1)
    }
  }
  const { task, warnings } = cancelled(function* () {
    yield* inner()
    log.push('went on')
  })
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(log, ['quick'])
  assert.ok(warnings.length > 0)
})

test('several levels of bare generators, in loops, with waits in all their finally blocks', () => {
  const log: string[] = []
  const cleanup = fn(function* (name: string) {
    yield* sleep(10)
    log.push(`cleanup ${name}`)
  })
  function* level(n: number): Body<void> {
    for (;;) {
      try {
        if (n === 0) yield* forever()
        else yield* level(n - 1)
        log.push(`${n} went on`)
      } finally {
        log.push(`${n}`)
        for (let i = 0; i < 2; i++) yield* cleanup(`${n}.${i}`)
        yield* sleep(1)
        yield* yieldNow()
        yield* wait(Promise.resolve())
      }
      log.push(`${n} after`)
    }
  }
  const host = new ManualHost()
  const task = run(() => level(3), { loop: host.loop })
  host.advance(1)
  task.cancel()
  // Not to the end: the promises need microtasks.
  host.advance()
  assert.deepEqual(
    log.filter((line) => !line.startsWith('cleanup')),
    ['0', '1', '2', '3'],
  )
  return Promise.resolve().then(() => {
    host.advance()
    assert.equal(task.outcome?.status, 'cancelled')
    assert.equal(log.length, 4 + 8)
    assert.ok(host.warnings.every((warning) => /fn\(\)/.test(warning)))
  })
})

test('the frame of an fn call beneath a bare generator waits in its own finally as ever', () => {
  const log: string[] = []
  function* bare(): Body<void> {
    try {
      yield* forever()
    } finally {
      log.push('bare')
      yield* sleep(5)
    }
  }
  const outer = fn(function* () {
    try {
      yield* bare()
      log.push('went on')
    } finally {
      log.push('outer begins')
      yield* sleep(20)
      log.push('outer ends')
    }
  })
  const { task, warnings, clock } = cancelled(function* () {
    try {
      yield* outer()
    } finally {
      yield* sleep(5)
      log.push('body')
    }
  })
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(log, ['bare', 'outer begins', 'outer ends', 'body'])
  assert.equal(warnings.length, 1)
  assert.equal(clock, 26)
})

test('no warning where the finally of a frame of its own waits, whatever stands there', () => {
  const log: string[] = []
  class Connection {
    *close(): Body<void> {
      yield* sleep(1)
      log.push('closed')
    }
    shut = fn(this.close)
  }
  const connection = new Connection()
  const nested = fn(function* (n: number): Body<void> {
    try {
      yield* sleep(1)
    } finally {
      if (n > 0) yield* nested(n - 1)
    }
    log.push(`nested ${n}`)
  }) as (n: number) => Operation<void>
  const { task, warnings } = cancelled(function* () {
    try {
      yield* forever()
    } finally {
      yield* connection.shut()
      yield* nested(2)
      yield* scope(function* (s) {
        s.spawn(nested(0))
        yield* sleep(1)
      })
      yield* race([sleep(1), sleep(2)])
      yield* timeout(10, nested(0))
    }
  })
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(warnings, [])
  assert.deepEqual(log, ['closed', 'nested 0', 'nested 1', 'nested 2', 'nested 0', 'nested 0'])
})

test('a bare generator that a finally of its own frame delegates to is exact once it has waited', () => {
  const log: string[] = []
  // Reached while the return is being issued, so it cannot park; it can as soon as the frame is resumed by a value.
  function* close(name: string): Body<void> {
    yield* sleep(1)
    log.push(name)
  }
  const { task, warnings } = cancelled(function* () {
    try {
      yield* forever()
    } finally {
      yield* sleep(1)
      yield* close('first')
      yield* close('second')
      log.push('end')
    }
  })
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(warnings, [])
  assert.deepEqual(log, ['first', 'second', 'end'])
})

test('a carried call runs to its end, with what it calls, spawns and fails with', () => {
  const log: string[] = []
  const flush = fn(function* () {
    spawn(function* () {
      yield* sleep(30)
      log.push('child of flush')
    })
    yield* sleep(10)
    log.push('flushed')
  })
  const fails = fn(function* () {
    yield* sleep(20)
    throw new Error('flush failed')
  })
  function* bare(): Body<void> {
    try {
      yield* forever()
    } finally {
      yield* flush()
      yield* fails()
    }
  }
  const { task } = cancelled(function* () {
    yield* bare()
    log.push('went on')
  })
  const { outcome } = task
  assert.ok(outcome?.status === 'failed')
  assert.equal((outcome.error as Error).message, 'flush failed')
  assert.ok(log.includes('flushed'))
  assert.ok(!log.includes('went on'))
})

test('inside scopes and timeouts the wait of a bare finally is done before the task ends', () => {
  const log: string[] = []
  function* bare(): Body<void> {
    try {
      yield* forever()
    } finally {
      yield* fn(function* () {
        yield* sleep(10)
        log.push('carried')
      })()
    }
  }
  const host = new ManualHost()
  const task = run(
    function* () {
      yield* scope(function* () {
        try {
          yield* timeout(5, function* () {
            yield* scope(function* () {
              yield* bare()
              log.push('went on')
            })
            log.push('went on')
          })
          log.push('went on')
        } catch (error) {
          log.push((error as Error).name)
        }
      })
      log.push('after the scope')
    },
    { loop: host.loop },
  )
  host.advance()
  assert.equal(task.outcome?.status, 'done')
  assert.equal(host.warnings.length, 1)
  assert.ok(log.includes('carried') && log.includes('TimeoutError') && !log.includes('went on'), log.join())
})

it('under a strict host such a wait is an error that names the line', function* () {
  function* inner(): Body<void> {
    try {
      yield* forever()
    } finally {
      yield* sleep(1)
    }
  }
  const task = spawn.detached(function* () {
    yield* inner()
  })
  yield* sleep(1)
  task.cancel()
  const outcome = yield* ending(task)
  assert.ok(outcome.status === 'failed' && outcome.error instanceof UsageError)
  assert.match(outcome.error.message, /Make that generator with fn\(\): at inner/)
})

it.many('the engine’s own blocks may be cancelled while their tasks clean up', function* () {
  const log: string[] = []
  const slow = fn(function* (name: string, ms: number) {
    try {
      yield* forever()
    } finally {
      yield* sleep(ms)
      log.push(name)
    }
  })
  const blocks: (() => Operation<unknown>)[] = [
    () => race([slow('a', 9), slow('b', 5)]),
    () =>
      scope(function* () {
        spawn(slow('a', 9))
        yield* slow('b', 5)
      }),
    () =>
      scope(function* () {
        spawn(slow('a', 9))
        spawn(slow('b', 5))
      }),
    () =>
      timeout(
        1000,
        scope(function* () {
          spawn(slow('a', 9))
          yield* race([slow('b', 5), forever()])
        }),
      ),
  ]
  for (const block of blocks) {
    log.length = 0
    const task = spawn(function* () {
      try {
        yield* block()
        log.push('went on')
      } finally {
        log.push('end')
      }
    })
    yield* sleep(1)
    task.cancel()
    assert.equal((yield* ending(task)).status, 'cancelled')
    assert.deepEqual(log, ['b', 'a', 'end'])
    assert.deepEqual(currentTask()?.children.length, 0)
  }
})

test('a stack that the program formats itself is no hindrance', () => {
  const { prepareStackTrace } = Error
  const log: string[] = []
  Error.prepareStackTrace = (_, sites) => sites
  try {
    const { task } = cancelled(function* () {
      try {
        yield* forever()
      } finally {
        yield* sleep(1)
        log.push('cleaned')
      }
    })
    assert.equal(task.outcome?.status, 'cancelled')
    assert.deepEqual(log, ['cleaned'])
  } finally {
    Error.prepareStackTrace = prepareStackTrace
  }
})

test('a limit of zero lines for stacks is no hindrance', () => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    const log: string[] = []
    function* inner(): Body<void> {
      try {
        yield* forever()
      } finally {
        yield* sleep(1)
      }
    }
    const { task } = cancelled(function* () {
      yield* inner()
      log.push('went on')
    })
    assert.equal(task.outcome?.status, 'cancelled')
    assert.deepEqual(log, [])
    assert.equal(Error.stackTraceLimit, 0)
  } finally {
    Error.stackTraceLimit = limit
  }
})

test('a wait of a bare finally that never ends is seen as what the task waits for', () => {
  const host = new ManualHost()
  const never = new Future<void>('never')
  function* inner(): Body<void> {
    try {
      yield* forever()
    } finally {
      yield* never
    }
  }
  const task = run(
    function* () {
      yield* inner()
    },
    { loop: host.loop },
  )
  host.settle()
  task.cancel()
  host.settle()
  assert.equal(task.reason, 'its children to end')
  assert.deepEqual(
    task.children.map((child) => child.reason),
    ['the future "never"'],
  )
  never.resolve()
  host.settle()
  assert.equal(task.outcome?.status, 'cancelled')
})
