import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  all,
  allSettled,
  any,
  type Body,
  CancelledError,
  currentTask,
  Future,
  fn,
  type Operation,
  race,
  run,
  type Scope,
  scope,
  sleep,
  spawn,
  type Task,
  timeout,
  UsageError,
  yieldNow,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText, messages } from './ending.ts'
import { ManualHost } from './manual-host.ts'

const forever = () => sleep(Infinity)

const fails = fn(function* (message: string, ms: number) {
  yield* sleep(ms)
  throw new Error(message)
})

/** Fails as it is unwound, after `ms`. */
const failsToClean = fn(function* (message: string, ms: number) {
  try {
    yield* forever()
  } finally {
    yield* sleep(ms)
    // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
    throw new Error(message)
  }
})

it.many('a scope gives the result of its body when all its tasks have ended', function* (host) {
  const log: string[] = []
  const result = yield* scope(function* (s) {
    s.spawn(function* () {
      yield* sleep(20)
      log.push('by the scope')
    })
    spawn(function* () {
      yield* sleep(10)
      log.push('by spawn')
    })
    log.push('body')
    return 'result'
  })
  assert.equal(result, 'result')
  assert.deepEqual(log, ['body', 'by spawn', 'by the scope'])
  assert.equal(host.now(), 20)
})

it('a scope without tasks does not park', function* () {
  let others = 0
  spawn(function* () {
    others++
  })
  for (let i = 0; i < 100; i++)
    assert.equal(
      yield* scope(function* () {
        return i
      }),
      i,
    )
  assert.equal(others, 0)
})

it('spawn in a body, or in what it calls, spawns into the innermost open scope', function* () {
  const self = currentTask() as Task<unknown>
  const helper = fn(function* () {
    return spawn(() => sleep(1))
  })
  const outside = spawn(forever)
  yield* scope(function* (outer) {
    const a = spawn(() => sleep(1))
    yield* scope(function* (inner) {
      const b = yield* helper()
      assert.deepEqual([outer.tasks, inner.tasks], [[a], [b]])
    })
    const c = yield* helper()
    assert.deepEqual(
      outer.tasks,
      [a, c].filter((task) => task.state !== 'ended'),
    )
  })
  assert.deepEqual(self.children, [outside])
  outside.cancel()
})

it('scopes nest: the inner ends before the outer goes on', function* () {
  const log: string[] = []
  yield* scope(function* () {
    spawn(function* () {
      yield* sleep(30)
      log.push('outer')
    })
    yield* scope(function* () {
      spawn(function* () {
        yield* sleep(10)
        log.push('inner')
      })
    })
    log.push('between')
  })
  assert.deepEqual(log, ['inner', 'between', 'outer'])
})

it.many('a failing task cancels the others and the body, and the block throws it where it can be caught', function* () {
  const log: string[] = []
  try {
    yield* scope(function* (s) {
      s.spawn(fails('boom', 5))
      s.spawn(function* () {
        try {
          yield* forever()
        } finally {
          yield* sleep(20)
          log.push('sibling')
        }
      })
      try {
        yield* forever()
      } catch {
        log.push('caught inside')
      } finally {
        yield* sleep(10)
        log.push('body')
      }
      log.push('went on')
    })
    log.push('went on')
  } catch (error) {
    log.push((error as Error).message)
  }
  yield* sleep(1)
  assert.deepEqual(log, ['body', 'sibling', 'boom'])
  assert.equal(currentTask()?.children.length, 0)
})

it.many('a failure that is joined in the body fails the block, once, after the cleanup of all', function* () {
  const log: string[] = []
  for (const catches of [false, true]) {
    try {
      yield* scope(function* () {
        const child = spawn(fails('boom', 1))
        spawn(function* () {
          try {
            yield* forever()
          } finally {
            yield* sleep(10)
            log.push('cleaned')
          }
        })
        try {
          yield* child
        } catch (error) {
          if (!catches) throw error
        }
        yield* sleep(1)
        log.push('went on')
      })
      log.push('went on')
    } catch (error) {
      log.push((error as Error).message)
    }
    // The task is as good as before.
    yield* sleep(20)
    yield* spawn(() => sleep(1))
  }
  assert.deepEqual(log, ['cleaned', 'boom', 'cleaned', 'boom'])
})

it.many('a scope that failed may be used again, and nothing of the first time is left', function* () {
  let round = 0
  const op = scope(function* () {
    if (++round === 1) {
      const child = spawn(fails('first', 1))
      yield* child
    }
    yield* sleep(5)
    return 'second'
  })
  assert.equal(yield* endingText(spawn.detached(op)), 'failed: first')
  assert.equal(yield* op, 'second')
  round = 0
  try {
    yield* op
    assert.fail('not thrown')
  } catch (error) {
    assert.equal((error as Error).message, 'first')
  }
  assert.equal(yield* op, 'second')
})

it('a scope that ended without a wait may be used again, and be cancelled then', function* () {
  let rounds = 0
  const op = scope(function* () {
    if (rounds++ > 0) yield* forever()
  })
  yield* op
  const task = spawn(op)
  yield* waitAllBlocked()
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
})

it('a scope without tasks ends, also where the task has spent its budget', function* () {
  const ready = new Future<number>()
  ready.resolve(1)
  let rounds = 0
  for (let i = 0; i < 700; i++) {
    yield* ready
    yield* scope(function* () {
      rounds++
    })
  }
  assert.equal(rounds, 700)
})

it.many('a body that throws cancels its tasks, and the block throws when they have ended', function* () {
  const log: string[] = []
  try {
    yield* scope(function* () {
      spawn(function* () {
        try {
          yield* forever()
        } finally {
          yield* sleep(5)
          log.push('cleaned')
        }
      })
      yield* sleep(1)
      throw new Error('body')
    })
  } catch (error) {
    log.push((error as Error).message)
  }
  assert.deepEqual(log, ['cleaned', 'body'])
})

it.many(
  'failures of the body, of tasks and of their cleanup are one flat AggregateError, the body first',
  function* () {
    try {
      yield* scope(function* () {
        spawn(failsToClean('late cleanup', 20))
        spawn(failsToClean('cleanup', 10))
        yield* scope(function* () {
          spawn(failsToClean('inner cleanup', 5))
          spawn(failsToClean('second inner cleanup', 6))
          yield* sleep(1)
          throw new Error('body')
        })
      })
      assert.fail('not thrown')
    } catch (error) {
      assert.ok(error instanceof AggregateError)
      assert.deepEqual(messages(error), ['body', 'inner cleanup', 'second inner cleanup', 'cleanup', 'late cleanup'])
      assert.equal(error.errors.length, 5)
    }
  },
)

it.many('a body whose cleanup fails while a task fails throws both', function* () {
  try {
    yield* scope(function* () {
      spawn(fails('boom', 1))
      yield* failsToClean('body cleanup', 5)
    })
    assert.fail('not thrown')
  } catch (error) {
    assert.deepEqual(messages(error).sort(), ['body cleanup', 'boom'])
    assert.ok((error as AggregateError).errors.every((each: unknown) => !(each instanceof AggregateError)))
  }
})

it.many('a cancel of the block’s task reaches body and tasks, and their cleanup failures are not lost', function* () {
  const task = spawn.detached(function* () {
    yield* scope(function* () {
      spawn(failsToClean('cleanup', 5))
      yield* forever()
    })
    assert.fail('went on')
  })
  yield* sleep(1)
  task.cancel()
  assert.equal(yield* endingText(task), 'failed: cleanup')
})

it.many('a timeout around the block ends it with all its tasks, and their cleanup failures are not lost', function* () {
  const log: string[] = []
  try {
    yield* timeout(
      5,
      scope(function* () {
        spawn(function* () {
          try {
            yield* forever()
          } finally {
            yield* sleep(10)
            log.push('cleaned')
          }
        })
        spawn(failsToClean('cleanup', 3))
        yield* forever()
      }),
    )
    assert.fail('not thrown')
  } catch (error) {
    assert.deepEqual(messages(error).sort(), ['cleanup', 'scope did not end within 5 ms'])
  }
  assert.deepEqual(log, ['cleaned'])
})

it('a cancel while the block waits for its last tasks', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    yield* scope(function* () {
      spawn(function* () {
        try {
          yield* forever()
        } finally {
          yield* sleep(5)
          log.push('cleaned')
        }
      })
    })
    log.push('went on')
  })
  yield* waitAllBlocked()
  assert.equal(task.reason, 'the 1 tasks of its scope to end')
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['cleaned'])
})

it('a scope may be spawned into from other tasks while it is open', function* () {
  const log: string[] = []
  const open = new Future<Scope>()
  spawn(function* () {
    const s = yield* open
    s.spawn(function* () {
      yield* sleep(20)
      log.push('from another task')
    })
  })
  yield* scope(function* (s) {
    open.resolve(s)
    yield* sleep(1)
  })
  assert.deepEqual(log, ['from another task'])
})

it('a task of the scope may spawn more while the block waits for the last', function* () {
  const log: number[] = []
  yield* scope(function* (s) {
    const again = (n: number) =>
      function* () {
        yield* sleep(1)
        log.push(n)
        if (n < 5) s.spawn(again(n + 1))
      }
    s.spawn(again(1))
  })
  assert.deepEqual(log, [1, 2, 3, 4, 5])
})

it('spawning into a scope that has ended is a UsageError', function* () {
  const kept: Scope[] = []
  yield* scope(function* (s) {
    kept.push(s)
  })
  try {
    yield* scope(function* (s) {
      kept.push(s)
      throw new Error('failed')
    })
  } catch {}
  const task = spawn(() =>
    scope(function* (s) {
      kept.push(s)
      yield* forever()
    }),
  )
  yield* sleep(1)
  task.cancel()
  yield* ending(task)
  assert.equal(kept.length, 3)
  for (const s of kept) {
    assert.throws(() => s.spawn(forever), { name: 'UsageError', message: /scope has ended/ })
    assert.deepEqual(s.tasks, [])
  }
})

it('cancelling the tasks of a scope leaves its body', function* () {
  const log: string[] = []
  const result = yield* scope(function* (s) {
    const task = s.spawn(function* () {
      try {
        yield* forever()
      } finally {
        log.push('cleaned')
      }
    })
    yield* sleep(1)
    s.cancel('enough')
    assert.equal(yield* endingText(task), 'cancelled: enough')
    s.spawn(() => sleep(1))
    return 'result'
  })
  assert.equal(result, 'result')
  assert.deepEqual(log, ['cleaned'])
})

it.many('a scope in a finally block works while its task is being cancelled', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* forever()
    } finally {
      yield* scope(function* () {
        spawn(function* () {
          yield* sleep(10)
          log.push('flushed')
        })
        yield* sleep(1)
        log.push('closing')
      })
      try {
        yield* scope(function* () {
          spawn(fails('boom', 5))
          try {
            yield* forever()
          } finally {
            yield* sleep(5)
            log.push('inner cleanup')
          }
        })
      } catch (error) {
        log.push((error as Error).message)
      }
    }
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['closing', 'flushed', 'inner cleanup', 'boom'])
})

it.many('a task that fails while the body is ready unwinds a scope in a finally too', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* forever()
    } finally {
      try {
        yield* scope(function* () {
          const quick = spawn(() => sleep(1))
          spawn(fails('boom', 1))
          yield* quick
          yield* sleep(1000)
          log.push('went on')
        })
      } catch (error) {
        log.push((error as Error).message)
      }
    }
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['boom'])
})

it.many('an inner and an outer scope that fail in one turn both end, and the outer throws all', function* () {
  const log: string[] = []
  try {
    yield* scope(function* () {
      spawn(fails('outer', 5))
      try {
        yield* scope(function* () {
          spawn(fails('inner', 5))
          try {
            yield* forever()
          } finally {
            yield* sleep(3)
            log.push('body')
          }
        })
      } catch (error) {
        log.push(`caught ${messages(error)}`)
        yield* sleep(1)
      }
      log.push('went on')
    })
  } catch (error) {
    log.push(`thrown ${messages(error).sort()}`)
  }
  assert.equal(log[0], 'body')
  assert.match(log.at(-1) as string, /^thrown (inner,)?outer$/)
  assert.ok(!log.includes('went on'))
  yield* sleep(1)
})

it.many('an outer scope that fails while the inner one cleans up takes the unwinding over', function* (host) {
  const log: string[] = []
  try {
    yield* scope(function* () {
      spawn(fails('outer', 10))
      try {
        yield* scope(function* () {
          spawn(fails('inner', 5))
          try {
            yield* forever()
          } finally {
            yield* sleep(20)
            log.push('body')
          }
        })
        log.push('went on')
      } catch {
        log.push('caught')
      } finally {
        log.push('between')
      }
      log.push('went on')
    })
  } catch (error) {
    log.push(`thrown ${messages(error).sort()}`)
  }
  assert.equal(host.now(), 25)
  assert.deepEqual(log.slice(0, 2), ['body', 'between'])
  assert.match(log[2] as string, /^thrown (inner,)?outer$/)
})

it.many('a task that fails beside a gather whose calls have not run unwinds the block once', function* () {
  for (const gather of [all, any, race, allSettled] as ((items: unknown[]) => Operation<unknown>)[]) {
    const log: string[] = []
    const task = spawn.detached(function* () {
      try {
        yield* scope(function* () {
          spawn(() => {
            throw new Error('boom')
          })
          yield* gather([forever, forever])
          log.push('went on')
        })
      } finally {
        yield* sleep(5)
        log.push('cleaned')
      }
    })
    assert.equal(yield* endingText(task), 'failed: boom')
    assert.deepEqual(log, ['cleaned'])
  }
})

it.many('a task that fails between the last step of the body and the end of the block', function* () {
  const log: string[] = []
  try {
    yield* scope(function* () {
      const quick = spawn(() => sleep(1))
      spawn(fails('boom', 1))
      spawn(function* () {
        try {
          yield* forever()
        } finally {
          yield* sleep(5)
          log.push('cleaned')
        }
      })
      yield* quick
      return 'the body was done'
    })
    log.push('went on')
  } catch (error) {
    log.push(...messages(error))
  }
  assert.deepEqual(log, ['cleaned', 'boom'])
})

it.many('a failure in one scope does not reach tasks of the scope around it', function* () {
  const outside = spawn(() => sleep(50))
  yield* scope(function* () {
    const beside = spawn(function* () {
      yield* sleep(20)
      return 'beside'
    })
    try {
      yield* scope(function* () {
        spawn(fails('boom', 1))
        yield* forever()
      })
    } catch {}
    assert.equal(yield* beside, 'beside')
  })
  assert.equal(outside.state, 'parked')
})

it('a task may catch the failure of a child by a scope of its own', function* () {
  const results: string[] = []
  for (const ok of [true, false]) {
    try {
      results.push(
        yield* scope(function* () {
          const child = spawn(function* () {
            yield* sleep(1)
            if (!ok) throw new Error('no')
            return 'yes'
          })
          return yield* child
        }),
      )
    } catch (error) {
      results.push((error as Error).message)
    }
  }
  assert.deepEqual(results, ['yes', 'no'])
})

it('joining a cancelled task of a scope throws its CancelledError in the body only', function* () {
  try {
    yield* scope(function* () {
      const child = spawn(forever)
      const beside = spawn(() => sleep(5))
      yield* sleep(1)
      child.cancel('why')
      try {
        yield* child
      } catch (error) {
        assert.ok(error instanceof CancelledError)
      }
      yield* beside
      throw new Error('end')
    })
  } catch (error) {
    assert.equal((error as Error).message, 'end')
  }
})

test('twenty thousand tasks in a scope end, or are cancelled by a failure', () => {
  new ManualHost().run(function* () {
    const many = 20_000
    yield* scope(function* (s) {
      for (let i = 0; i < many; i++) s.spawn(() => sleep(i % 5))
      assert.equal(s.tasks.length, many)
    })
    let cleaned = 0
    try {
      yield* scope(function* (s) {
        for (let i = 0; i < many; i++) {
          s.spawn(function* () {
            try {
              yield* forever()
            } finally {
              cleaned++
            }
          })
        }
        s.spawn(fails('boom', 5))
      })
      assert.fail('not thrown')
    } catch (error) {
      assert.equal((error as Error).message, 'boom')
    }
    assert.equal(cleaned, many)
  })
})

test('two thousand scopes in one another end, fail and are cancelled in constant stack', () => {
  new ManualHost().run(function* () {
    let left = 0
    const nest: (n: number, last: () => Operation<unknown>) => Operation<void> = fn(function* (
      n: number,
      last: () => Operation<unknown>,
    ): Body<void> {
      yield* yieldNow()
      yield* scope(function* () {
        try {
          if (n === 0) yield* last()
          else yield* nest(n - 1, last)
        } finally {
          left++
        }
      })
    })
    const depth = 2_000
    yield* nest(depth, () => sleep(1))
    assert.equal(left, depth + 1)
    left = 0
    assert.equal(yield* endingText(spawn.detached(nest(depth, () => fails('boom', 1)))), 'failed: boom')
    assert.equal(left, depth + 1)
    left = 0
    const task = spawn(nest(depth, forever))
    yield* sleep(1)
    task.cancel()
    assert.equal((yield* ending(task)).status, 'cancelled')
    assert.equal(left, depth + 1)
  })
})

test('a scope that is cancelled on its first step runs no task', () => {
  const host = new ManualHost()
  const log: string[] = []
  const task = run(
    () =>
      scope(function* (s) {
        s.spawn(function* () {
          log.push('ran')
        })
        ;(currentTask() as Task<unknown>).cancel()
        yield* yieldNow()
        log.push('went on')
      }),
    { loop: host.loop },
  )
  host.settle()
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(log, [])
  assert.throws(() => spawn(forever), UsageError)
})

it.many('whoever supervises a scope is told of each end, and a failure harms nobody else', function* () {
  const told: string[] = []
  yield* scope(function* (s) {
    s.supervise((task) => {
      told.push(`${task.name} ${task.outcome?.status}`)
      if (task.name === 'bad') s.spawn(() => sleep(1), { name: 'next' })
    })
    s.spawn(() => Promise.reject(new Error('boom')), { name: 'bad' })
    s.spawn(() => sleep(5), { name: 'good' })
    const cancelled = s.spawn(() => sleep(5), { name: 'cancelled' })
    yield* sleep(2)
    cancelled.cancel()
  })
  assert.deepEqual(told.sort(), ['bad failed', 'cancelled cancelled', 'good done', 'next done'])
})

it('a supervisor that throws fails the block, and the others are cancelled', function* () {
  const told: string[] = []
  const block = scope(function* (s) {
    s.supervise((task) => {
      told.push(task.name)
      if (task.name === 'first') throw new Error('told')
    })
    s.spawn(() => undefined, { name: 'first' })
    s.spawn(() => sleep(1000), { name: 'second' })
    yield* sleep(1000)
  })
  const [{ status, error }] = (yield* allSettled([block])) as [{ status: string; error: Error }]
  assert.equal(status, 'failed')
  assert.equal(error.message, 'told')
  assert.deepEqual(told, ['first', 'second'])
})
