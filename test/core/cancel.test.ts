import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Body,
  CancelledError,
  currentTask,
  Future,
  fn,
  ListedWait,
  NOT_YET,
  type Operation,
  run,
  scope,
  sleep,
  spawn,
  suspend,
  type Task,
  timeout,
  WaitList,
  type Wake,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText, messages } from './ending.ts'
import { ManualHost } from './manual-host.ts'

const forever = () => sleep(Infinity)

/** Parks for good; as it is unwound, says so, waits, and says so again. */
const cleansUp = fn(function* (log: string[], name: string, ms: number = 1) {
  try {
    yield* forever()
  } finally {
    log.push(`${name} begins`)
    yield* sleep(ms)
    log.push(`${name} ends`)
  }
})

it('a cancel runs finally blocks and no catch block, and nothing after', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* forever()
      log.push('went on')
    } catch {
      log.push('caught')
    } finally {
      log.push('finally')
    }
    log.push('after')
  })
  yield* sleep(1)
  task.cancel()
  assert.equal(task.cancelled, true)
  assert.deepEqual(log, [], 'a cancel runs no code itself')
  yield* ending(task)
  assert.deepEqual(log, ['finally'])
})

for (let depth = 1; depth <= 5; depth++) {
  for (const catches of [false, true]) {
    const title = `a cancel goes through finally blocks that wait, ${depth} calls deep, innermost first`
    it.many(`${title}${catches ? ', past catch blocks' : ''}`, function* () {
      const log: string[] = []
      const level: (n: number) => Operation<void> = fn(function* (n: number): Body<void> {
        try {
          if (n === depth) yield* forever()
          else yield* level(n + 1)
          log.push(`${n} went on`)
        } catch (error) {
          if (!catches) throw error
          log.push(`${n} caught`)
        } finally {
          log.push(`${n}`)
          yield* sleep(1)
          yield* yieldNow()
          yield* sleep(1)
          log.push(`${n}.`)
        }
        log.push(`${n} after`)
      })
      const task = spawn(level(1))
      yield* sleep(1)
      task.cancel('why')
      assert.equal(yield* endingText(task), 'cancelled: why')
      const expected = []
      for (let n = depth; n > 0; n--) expected.push(`${n}`, `${n}.`)
      assert.deepEqual(log, expected)
    })
  }
}

test('a cancel goes through ten thousand frames whose finally blocks wait', () => {
  new ManualHost().run(function* () {
    const depth = 10_000
    let next = depth
    let exact = true
    const level: (n: number) => Operation<void> = fn(function* (n: number): Body<void> {
      try {
        yield* yieldNow()
        if (n === depth) yield* forever()
        else yield* level(n + 1)
        exact = false
      } finally {
        exact &&= n === next--
        yield* yieldNow()
      }
      exact = false
    })
    const task = spawn(level(1))
    yield* sleep(1)
    assert.equal(task.frames.length, depth)
    task.cancel()
    assert.equal((yield* ending(task)).status, 'cancelled')
    assert.ok(exact)
    assert.equal(next, 0)
  })
})

it('who joins a cancelled task waits for its cleanup', function* (host) {
  const log: string[] = []
  const task = spawn(cleansUp(log, 'cleanup', 50))
  yield* sleep(1)
  const before = host.now()
  task.cancel()
  yield* ending(task)
  assert.equal(host.now() - before, 50)
  assert.deepEqual(log, ['cleanup begins', 'cleanup ends'])
})

it('a task that never ran ends at once and runs nothing, not even defaults of parameters', function* () {
  const log: string[] = []
  const f = fn(function* (_: unknown = log.push('default')) {
    log.push('body')
  })
  const task = spawn(f())
  task.cancel('early')
  assert.equal(task.state, 'ended')
  const outcome = yield* ending(task)
  assert.ok(outcome.status === 'cancelled')
  assert.equal(outcome.error.reason, 'early')
  assert.equal(outcome.error.by, currentTask())
  yield* sleep(1)
  assert.deepEqual(log, [])
})

it('an operation that was spawned and cancelled before it ran may be used again', function* () {
  const op = fn(function* () {
    yield* sleep(1)
    return 1
  })()
  spawn(op).cancel()
  assert.equal(yield* op, 1)
})

it('a second cancel changes nothing: not the reason, and no cleanup is cut short', function* (host) {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* cleansUp(log, 'inner', 10)
    } finally {
      yield* sleep(10)
      log.push('outer')
    }
  })
  yield* sleep(1)
  task.cancel('first')
  for (let i = 0; i < 30; i++) {
    task.cancel('again')
    yield* sleep(1)
  }
  assert.equal(yield* endingText(task), 'cancelled: first')
  assert.deepEqual(log, ['inner begins', 'inner ends', 'outer'])
  task.cancel('after the end')
  assert.equal(yield* endingText(task), 'cancelled: first')
  assert.equal(host.now(), 31)
})

it('a cancel after the end changes nothing', function* () {
  const task = spawn(() => 'result')
  yield* sleep(1)
  task.cancel()
  assert.equal(task.cancelled, false)
  assert.equal(yield* endingText(task), 'done: result')
})

// -- who is cancelled by whom

it('a task that cancels itself goes on to where it would wait next', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      ;(currentTask() as Task<unknown>).cancel('by myself')
      log.push('went on')
      yield* sleep(0)
      log.push('waited')
    } finally {
      log.push('finally')
    }
  })
  const outcome = yield* ending(task)
  assert.ok(outcome.status === 'cancelled')
  assert.equal(outcome.error.by, task)
  assert.deepEqual(log, ['went on', 'finally'])
})

it('a task that cancels itself and waits no more is done', function* () {
  const task = spawn(function* () {
    ;(currentTask() as Task<unknown>).cancel()
    return 'result'
  })
  assert.equal(yield* endingText(task), 'done: result')
})

it('a task that cancels itself deep in calls is unwound from there', function* () {
  const log: string[] = []
  const inner = fn(function* () {
    try {
      ;(currentTask() as Task<unknown>).cancel()
      yield* sleep(1)
      log.push('went on')
    } finally {
      log.push('inner')
      yield* sleep(1)
    }
  })
  const task = spawn(function* () {
    try {
      yield* inner()
      log.push('went on')
    } finally {
      log.push('outer')
    }
  })
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['inner', 'outer'])
})

it('a child that is spawned after its parent cancelled itself is cancelled with it', function* () {
  const task = spawn.detached(function* () {
    ;(currentTask() as Task<unknown>).cancel()
    spawn(forever)
    yield* sleep(1)
    assert.fail('went on')
  })
  assert.equal((yield* ending(task)).status, 'cancelled')
})

it.many('a child that is spawned by a task which was cancelled while ready is cancelled with it', function* () {
  const go = new Future<void>()
  const task = spawn.detached(function* () {
    yield* go
    spawn(forever)
    yield* sleep(1)
    assert.fail('went on')
  })
  yield* waitAllBlocked()
  go.resolve()
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
})

it.many('a child may cancel its parent, and is cancelled with it', function* () {
  const log: string[] = []
  const parent = spawn(function* () {
    const self = currentTask() as Task<unknown>
    spawn(function* () {
      try {
        yield* sleep(5)
        self.cancel('by my child')
        yield* forever()
      } finally {
        yield* sleep(1)
        log.push('child')
      }
    })
    yield* cleansUp(log, 'parent')
  })
  assert.equal(yield* endingText(parent), 'cancelled: by my child')
  assert.deepEqual(log.sort(), ['child', 'parent begins', 'parent ends'])
})

it.many('a child may cancel its sibling; the parent goes on', function* () {
  const log: string[] = []
  const parent = spawn(function* () {
    const sibling = spawn(cleansUp(log, 'sibling'))
    spawn(function* () {
      yield* sleep(5)
      sibling.cancel()
    })
    yield* sleep(20)
    return 'result'
  })
  assert.equal(yield* endingText(parent), 'done: result')
  assert.deepEqual(log, ['sibling begins', 'sibling ends'])
})

it.many('a child may cancel its parent from its own finally', function* () {
  const log: string[] = []
  const parent = spawn(function* () {
    const self = currentTask() as Task<unknown>
    const child = spawn(function* () {
      try {
        yield* forever()
      } finally {
        self.cancel('from the cleanup of my child')
        yield* sleep(3)
        log.push('child')
      }
    })
    yield* sleep(1)
    child.cancel()
    yield* cleansUp(log, 'parent')
  })
  assert.equal(yield* endingText(parent), 'cancelled: from the cleanup of my child')
  assert.ok(log.includes('child'))
})

it.many('a cancel is not seen by a catch that waits for a child which has not run', function* () {
  for (const waits of ['join', 'scope'] as const) {
    const log: string[] = []
    const go = new Future<void>()
    const parent = spawn(function* () {
      yield* go
      try {
        if (waits === 'join') yield* spawn(forever)
        else {
          yield* scope(function* () {
            spawn(forever)
          })
        }
        log.push('went on')
      } catch {
        log.push('caught')
      } finally {
        yield* sleep(1)
        log.push('finally')
      }
    })
    // Ready before the child is spawned, so that it may come between.
    spawn(function* () {
      yield* go
      if (parent.state === 'ready') yield* yieldNow()
      parent.cancel('why')
    })
    yield* waitAllBlocked()
    go.resolve()
    assert.equal(yield* endingText(parent), 'cancelled: why')
    assert.deepEqual(log, ['finally'], waits)
  }
})

it.many('a failure is not seen as the cancel of a sibling that has not run', function* () {
  const log: string[] = []
  const parent = spawn.detached(function* () {
    spawn(function* () {
      throw new Error('boom')
    })
    try {
      yield* spawn(forever)
    } catch (error) {
      log.push(`caught ${(error as Error).name}`)
    }
    log.push('went on')
  })
  assert.equal(yield* endingText(parent), 'failed: boom')
  assert.deepEqual(log, [])
})

it.many('a cancel reaches all descendants, also those in scopes, and the parent ends last', function* () {
  const log: string[] = []
  const leaf = fn(function* (name: string) {
    try {
      yield* forever()
    } finally {
      yield* sleep(name.length)
      log.push(name)
    }
  })
  const root = spawn(function* () {
    spawn(leaf('a'))
    yield* scope(function* () {
      spawn(function* () {
        spawn(leaf('bbb'))
        yield* scope(function* (s) {
          s.spawn(leaf('cc'))
          yield* leaf('dddd')
        })
      })
      yield* forever()
    })
  })
  yield* sleep(1)
  root.cancel()
  yield* ending(root)
  assert.deepEqual(log.sort(), ['a', 'bbb', 'cc', 'dddd'])
})

it(
  'the youngest children are cleaned up first',
  function* () {
    const log: number[] = []
    const root = spawn(function* () {
      for (let i = 0; i < 4; i++) {
        spawn(function* () {
          try {
            yield* forever()
          } finally {
            log.push(i)
          }
        })
      }
      yield* forever()
    })
    yield* sleep(1)
    root.cancel()
    yield* ending(root)
    assert.deepEqual(log, [3, 2, 1, 0])
  },
  { shuffle: false },
)

it('a task that waits for its children ends cancelled when it is cancelled', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    spawn(cleansUp(log, 'child'))
    return 'the body was done'
  })
  yield* sleep(5)
  assert.equal(task.reason, 'its children to end')
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['child begins', 'child ends'])
})

test('a tree of a hundred thousand tasks is cancelled, deep or wide, in constant stack', () => {
  new ManualHost().run(function* () {
    const size = 100_000
    let cleaned = 0
    const node = function* (children: number, grandchildren: number): Body<void> {
      for (let i = 0; i < children; i++) spawn(() => node(grandchildren, grandchildren === 1 ? 1 : 0))
      try {
        yield* forever()
      } finally {
        cleaned++
      }
    }
    let made = 0
    const chain = function* (): Body<void> {
      if (++made < size) spawn(chain)
      try {
        yield* forever()
      } finally {
        cleaned++
      }
    }
    for (const task of [spawn(chain), spawn(() => node(size - 1, 0))]) {
      cleaned = 0
      yield* sleep(1)
      task.cancel()
      assert.equal((yield* ending(task)).status, 'cancelled')
      assert.equal(cleaned, size)
      // A chain that was spawned in one breath is a chain of tasks that never ran.
      const unstarted = spawn(() => node(size, 0))
      unstarted.cancel()
      assert.equal(unstarted.state, 'ended')
    }
  })
})

// -- what finally blocks may do

it('a finally block that returns does not undo the cancel, and its callers do not go on', function* () {
  const log: string[] = []
  const swallows = fn(function* () {
    try {
      yield* forever()
    } finally {
      yield* sleep(1)
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      return 'swallowed'
    }
  })
  const task = spawn(function* () {
    try {
      log.push(yield* swallows())
    } finally {
      log.push('outer')
    }
    log.push('after')
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['outer'])
})

it('a finally block that breaks or continues ends its own function, and its callers do not go on', function* () {
  const log: string[] = []
  const breaks = fn(function* () {
    for (;;) {
      try {
        yield* forever()
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        break
      }
    }
    yield* sleep(1)
    log.push('after the loop')
  })
  const continues = fn(function* () {
    for (let i = 0; i < 3; i++) {
      try {
        yield* i === 0 ? forever() : sleep(1)
      } finally {
        log.push(`round ${i}`)
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        if (i < 9) continue
      }
    }
  })
  for (const body of [breaks, continues]) {
    const task = spawn(function* () {
      try {
        yield* body()
        log.push('went on')
      } finally {
        log.push('outer')
      }
    })
    yield* sleep(1)
    task.cancel('why')
    assert.equal(yield* endingText(task), 'cancelled: why')
  }
  assert.deepEqual(log, ['after the loop', 'outer', 'round 0', 'round 1', 'round 2', 'outer'])
})

it('a failure in a finally block fails the task, and no catch block of a caller sees it', function* () {
  const log: string[] = []
  const fails = fn(function* () {
    try {
      yield* forever()
    } finally {
      yield* sleep(1)
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      throw new Error('cleanup')
    }
  })
  const task = spawn.detached(function* () {
    try {
      yield* fails()
    } catch {
      log.push('caught')
    } finally {
      log.push('outer')
    }
  })
  yield* sleep(1)
  task.cancel()
  assert.equal(yield* endingText(task), 'failed: cleanup')
  assert.deepEqual(log, ['outer'])
})

it('several failures in finally blocks are one AggregateError, innermost first', function* () {
  const level: (n: number) => Operation<void> = fn(function* (n: number): Body<void> {
    try {
      if (n === 3) yield* forever()
      else yield* level(n + 1)
    } finally {
      yield* sleep(1)
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      throw new Error(`level ${n}`)
    }
  })
  const task = spawn.detached(level(1))
  yield* sleep(1)
  task.cancel()
  const outcome = yield* ending(task)
  assert.ok(outcome.status === 'failed' && outcome.error instanceof AggregateError)
  assert.deepEqual(messages(outcome.error), ['level 3', 'level 2', 'level 1'])
})

it('a failure in a finally block that its own function catches is its own affair', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      try {
        yield* forever()
      } finally {
        yield* sleep(1)
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        throw new Error('cleanup')
      }
    } catch (error) {
      log.push((error as Error).message)
      yield* sleep(1)
      log.push('handled')
    }
  })
  yield* sleep(1)
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['cleanup', 'handled'])
})

it('a finally block may spawn, and the task waits for what it spawned', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* forever()
    } finally {
      spawn(function* () {
        yield* sleep(20)
        log.push('goodbye was sent')
      })
      yield* sleep(1)
    }
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['goodbye was sent'])
})

it('a finally block may call, join, and wait for anything', function* () {
  const log: string[] = []
  const other = spawn(function* () {
    yield* sleep(20)
    return 'joined'
  })
  const nested = fn(function* (n: number): Body<string> {
    yield* sleep(n)
    return `called ${n}`
  })
  const twice = fn(function* () {
    return [yield* nested(1), yield* nested(2)].join()
  })
  const task = spawn(function* () {
    try {
      yield* forever()
    } finally {
      log.push(yield* twice(), yield* other, yield* wait(Promise.resolve('promised')))
      log.push(
        yield* scope(function* (s) {
          return yield* s.spawn(() => nested(3))
        }),
      )
    }
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['called 1,called 2', 'joined', 'promised', 'called 3'])
})

it('a failure inside a finally block can be caught there, between waits', function* () {
  const log: string[] = []
  const fails = fn(function* () {
    yield* sleep(1)
    throw new Error('no connection')
  })
  const task = spawn(function* () {
    try {
      yield* forever()
    } finally {
      for (let i = 0; i < 3; i++) {
        try {
          yield* fails()
        } catch (error) {
          log.push(`${(error as Error).message} ${i}`)
          yield* sleep(1)
        }
      }
    }
  })
  yield* sleep(1)
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['no connection 0', 'no connection 1', 'no connection 2'])
})

// -- what was waited for

it('cancelling undoes the wait at once, and once', function* () {
  let undone = 0
  const task = spawn(suspend('an event', () => () => undone++))
  yield* sleep(1)
  task.cancel()
  assert.equal(undone, 1)
  task.cancel()
  yield* ending(task)
  assert.equal(undone, 1)
})

it('what an undo throws fails the task that is cancelled, and nobody else', function* () {
  const victim = spawn.detached(
    suspend('an event', () => () => {
      throw new Error('undo')
    }),
  )
  const log: string[] = []
  const parent = spawn.detached(function* () {
    spawn(cleansUp(log, 'elder'))
    spawn(
      suspend('an event', () => () => {
        throw new Error('undo')
      }),
    )
    spawn(cleansUp(log, 'younger'))
    yield* cleansUp(log, 'body')
  })
  yield* sleep(1)
  victim.cancel()
  assert.equal(yield* endingText(victim), 'failed: undo')
  parent.cancel()
  assert.equal(yield* endingText(parent), 'failed: undo')
  assert.deepEqual(log.filter((line) => line.endsWith('ends')).sort(), ['body ends', 'elder ends', 'younger ends'])
})

it('what an undo throws when a timeout fires fails that block, and the loop lives', function* () {
  const undone = timeout(
    5,
    suspend('an event', () => () => {
      throw new Error('undo')
    }),
  )
  const beside = spawn(function* () {
    yield* sleep(5)
    return 'beside'
  })
  const task = spawn.detached(undone)
  const text = yield* endingText(task)
  assert.match(text, /undo/)
  assert.equal(yield* beside, 'beside')
})

it('a cancel from inside the beginning of a wait undoes it', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    const self = currentTask() as Task<unknown>
    yield* suspend('an event', () => {
      log.push('begun')
      self.cancel('why')
      return () => log.push('undone')
    })
    log.push('went on')
  })
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['begun', 'undone'])
})

it.many(
  'an undo may cancel its own task: the cancel takes the unwinding over, and nothing is undone twice',
  function* () {
    for (const by of ['task', 'parent', 'signal'] as const) {
      const log: string[] = []
      const controller = new AbortController()
      const parent = spawn(function* () {
        const self = currentTask() as Task<unknown>
        const child = spawn(
          function* () {
            try {
              yield* timeout(
                5,
                suspend('an event', () => () => {
                  log.push('undone')
                  if (by === 'task') child.cancel('nested')
                  else if (by === 'parent') self.cancel('nested')
                  else controller.abort('nested')
                }),
              )
            } catch {
              log.push('caught')
            } finally {
              yield* sleep(10)
              log.push('cleaned')
            }
            log.push('went on')
          },
          { signal: controller.signal },
        )
        return yield* endingText(child)
      })
      yield* ending(parent)
      assert.deepEqual(log, ['undone', 'cleaned'], by)
      assert.equal(yield* endingText(parent), by === 'parent' ? 'cancelled: nested' : 'done: cancelled: nested')
    }
  },
)

it.many('an abort listener may cancel its own task, while a scope around it fails', function* () {
  const log: string[] = []
  const task = spawn.detached(function* () {
    const self = currentTask() as Task<unknown>
    try {
      yield* scope(function* () {
        spawn(function* () {
          yield* sleep(1)
          throw new Error('boom')
        })
        yield* wait((signal) => {
          signal.addEventListener('abort', () => {
            log.push('aborted')
            self.cancel('nested')
          })
          return new Promise<void>(() => {})
        })
      })
    } catch {
      log.push('caught')
    } finally {
      yield* sleep(5)
      log.push('cleaned')
    }
    log.push('went on')
  })
  assert.equal(yield* endingText(task), 'failed: boom')
  assert.deepEqual(log, ['aborted', 'cleaned'])
})

it.many('an undo that wakes its own task is too late', function* () {
  const wakes: Wake<string>[] = []
  const task = spawn(
    suspend<string>('an event', (wake) => {
      wakes.push(wake)
      return () => wake('woken by its own undo')
    }),
  )
  yield* waitAllBlocked()
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
})

it('code that runs inside a cancel cannot keep others from being cancelled', function* () {
  const parent = spawn(function* () {
    const eldest = spawn(forever)
    yield* sleep(1)
    // Neither has run when the cancel comes, which goes from the youngest to the eldest.
    const middle = spawn(forever)
    const youngest = spawn(forever)
    youngest.signal.addEventListener('abort', () => middle.cancel())
    ;(currentTask() as Task<unknown>).cancel('why')
    assert.deepEqual([eldest.cancelled, middle.cancelled, youngest.cancelled], [true, true, true])
    yield* forever()
  })
  assert.equal(yield* endingText(parent), 'cancelled: why')
})

/** As a queue does it: an item is given to the first in line. */
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

it.many('a task that was given an item keeps it; the cancel comes where it would wait next', function* () {
  const items: number[] = []
  const line = new WaitList<Take>()
  const taken: number[] = []
  const task = spawn(function* () {
    for (;;) taken.push(yield* new Take(items, line))
  })
  yield* waitAllBlocked()
  line.shift()?.resume(1)
  task.cancel()
  assert.deepEqual(taken, [])
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(taken, [1])
  assert.equal(line.size, 0)
})

it.many('of a cancel and a wake in one turn, the first counts: no item is lost', function* () {
  const items: number[] = []
  const line = new WaitList<Take>()
  const taken: number[] = []
  const takers = Array.from({ length: 4 }, () =>
    spawn(function* () {
      taken.push(yield* new Take(items, line))
    }),
  )
  yield* waitAllBlocked()
  let next = 0
  const give = () => {
    const first = line.shift()
    if (first === null) items.push(next++)
    else first.resume(next++)
  }
  for (const taker of takers.slice(0, 3)) {
    spawn(function* () {
      yield* yieldNow()
      taker.cancel()
    })
    spawn(function* () {
      yield* yieldNow()
      give()
    })
  }
  for (const taker of takers.slice(0, 3)) yield* ending(taker)
  while ((takers[3] as Task<unknown>).state !== 'ended') {
    give()
    yield* yieldNow()
  }
  assert.deepEqual(
    [...taken, ...items].sort((a, b) => a - b),
    Array.from({ length: next }, (_, i) => i),
  )
})

it('a task that was woken by a failure sees it, and is cancelled where it would wait next', function* () {
  const go = new Future<void>()
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* go
    } catch (error) {
      log.push(`caught ${(error as Error).message}`)
    }
    yield* sleep(1)
    log.push('went on')
  })
  yield* waitAllBlocked()
  go.reject(new Error('no'))
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['caught no'])
})

it('a wait that would not have to wait is taken by a task that is being cancelled', function* () {
  const ready = new Future<string>()
  ready.resolve('there already')
  const log: string[] = []
  const task = spawn(function* () {
    ;(currentTask() as Task<unknown>).cancel()
    log.push(yield* ready)
    yield* sleep(0)
    log.push('went on')
  })
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['there already'])
})

it('a CancelledError of another task is an error like any other, and can be caught', function* () {
  const other = spawn(forever)
  const task = spawn(function* () {
    try {
      yield* other
      return 'not thrown'
    } catch (error) {
      yield* sleep(1)
      return error
    }
  })
  yield* sleep(1)
  other.cancel('the other')
  const error = yield* task
  assert.ok(error instanceof CancelledError)
  assert.equal(error.task, other)
  const uncaught = spawn.detached(other.join())
  const outcome = yield* ending(uncaught)
  assert.equal(outcome.status, 'failed', 'it was not cancelled itself')
})

test('a task may be cancelled between its last child’s end and its own: it is done', () => {
  const host = new ManualHost()
  const go = new Future<void>()
  const task = run(
    function* () {
      spawn(go.wait())
      return 'result'
    },
    { loop: host.loop },
  )
  host.settle()
  run(
    function* () {
      go.resolve()
      yield* yieldNow()
      task.cancel()
    },
    { loop: host.loop },
  )
  host.settle()
  assert.equal(task.state, 'ended')
})

it('a reason may be anything, also what has no text', function* () {
  for (const reason of [
    undefined,
    null,
    0,
    Symbol('s'),
    () => {},
    Object.create(null),
    { toString: () => assert.fail() },
  ]) {
    const task = spawn(forever)
    yield* sleep(1)
    task.cancel(reason)
    const outcome = yield* ending(task)
    assert.ok(outcome.status === 'cancelled')
    assert.equal(outcome.error.reason, reason)
  }
})

it('cancelling a task of another loop makes that loop run it', function* () {
  const self = currentTask()
  const host = new ManualHost()
  const log: string[] = []
  const task = run(cleansUp(log, 'there', 10), { loop: host.loop })
  host.settle()
  task.cancel('from the other loop')
  assert.equal(host.asked, 1)
  host.advance()
  assert.deepEqual(log, ['there begins', 'there ends'])
  const { outcome } = task
  assert.ok(outcome?.status === 'cancelled')
  assert.equal(outcome.error.by, self)
})
