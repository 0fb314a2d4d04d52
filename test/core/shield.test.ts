import assert from 'node:assert/strict'
import {
  type Body,
  currentTask,
  Future,
  fn,
  scope,
  shield,
  sleep,
  spawn,
  type Task,
  timeout,
  yieldNow,
} from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'

const forever = () => sleep(Infinity)

const commit = fn(function* (log: string[]) {
  yield* sleep(5)
  yield* sleep(5)
  log.push('committed')
  return 'result'
})

it('a shielded block gives its result, and throws its failure', function* () {
  assert.equal(yield* shield(commit([])), 'result')
  assert.equal(
    yield* shield(function* () {
      return 1
    }),
    1,
  )
  try {
    yield* shield(function* () {
      yield* sleep(1)
      throw new Error('boom')
    })
    assert.fail('not thrown')
  } catch (error) {
    assert.equal((error as Error).message, 'boom')
  }
})

it('a cancel waits until the block has ended, and comes where the task would wait next', function* (host) {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      log.push(yield* shield(commit(log)))
      yield* sleep(1)
      log.push('went on')
    } catch {
      log.push('caught')
    } finally {
      log.push('finally')
    }
  })
  yield* sleep(1)
  task.cancel('why')
  assert.equal(task.cancelled, true)
  assert.equal(yield* endingText(task), 'cancelled: why')
  assert.deepEqual(log, ['committed', 'result', 'finally'])
  assert.equal(host.now(), 10)
})

it('a task that was cancelled in a shielded block and waits no more is done', function* () {
  const task = spawn(function* () {
    return yield* shield(commit([]))
  })
  yield* sleep(1)
  task.cancel()
  assert.equal(yield* endingText(task), 'done: result')
})

it('a timeout around a shielded block comes when that has ended', function* (host) {
  const log: string[] = []
  try {
    yield* timeout(3, function* () {
      yield* shield(commit(log))
      yield* sleep(1)
      log.push('went on')
    })
    assert.fail('not thrown')
  } catch (error) {
    log.push((error as Error).name)
  }
  assert.deepEqual(log, ['committed', 'TimeoutError'])
  assert.equal(host.now(), 10)
  // A body that ends in the shield has ended, if late.
  assert.equal(yield* timeout(3, shield(commit(log))), 'result')
})

it('a timeout inside a shielded block works', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    yield* shield(function* () {
      try {
        yield* timeout(5, function* () {
          try {
            yield* forever()
          } finally {
            yield* sleep(2)
            log.push('inner')
          }
        })
      } catch (error) {
        log.push((error as Error).name)
      }
    })
    yield* forever()
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['inner', 'TimeoutError'])
})

it.many('of a timeout and a cancel that both wait for a shield, the cancel wins', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      yield* timeout(2, function* () {
        yield* shield(commit(log))
        yield* sleep(1)
      })
    } catch {
      log.push('caught')
    }
    yield* sleep(1)
    log.push('went on')
  })
  yield* sleep(3)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['committed'])
})

it('a failure of a child around the block waits for it as well', function* () {
  const log: string[] = []
  try {
    yield* scope(function* () {
      spawn(function* () {
        yield* sleep(1)
        throw new Error('boom')
      })
      yield* shield(commit(log))
      yield* sleep(1)
      log.push('went on')
    })
  } catch (error) {
    log.push((error as Error).message)
  }
  assert.deepEqual(log, ['committed', 'boom'])
})

it('a scope inside the block fails as ever', function* () {
  const log: string[] = []
  yield* shield(function* () {
    try {
      yield* scope(function* () {
        spawn(function* () {
          yield* sleep(1)
          throw new Error('boom')
        })
        yield* forever()
      })
    } catch (error) {
      log.push((error as Error).message)
    }
  })
  assert.deepEqual(log, ['boom'])
})

it('shields nest, and a cancel waits for the outermost', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    yield* shield(function* () {
      yield* shield(commit(log))
      yield* sleep(1)
      log.push('still shielded')
    })
    yield* yieldNow()
    log.push('went on')
  })
  yield* sleep(1)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['committed', 'still shielded'])
})

it('a shielded block in a finally changes nothing there', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    try {
      try {
        yield* forever()
      } finally {
        yield* shield(commit(log))
        yield* sleep(1)
        log.push('inner')
      }
    } finally {
      yield* sleep(1)
      log.push('outer')
    }
  })
  yield* sleep(1)
  task.cancel('first')
  yield* sleep(1)
  task.cancel('second')
  assert.equal(yield* endingText(task), 'cancelled: first')
  assert.deepEqual(log, ['committed', 'inner', 'outer'])
})

it('a shield around a call deep in a task protects that call and nothing above it', function* () {
  const log: string[] = []
  const deep = fn(function* (): Body<void> {
    try {
      yield* shield(commit(log))
      yield* forever()
    } finally {
      log.push('deep')
    }
  })
  const task = spawn(function* () {
    try {
      yield* deep()
    } finally {
      log.push('body')
    }
  })
  yield* sleep(20)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
  assert.deepEqual(log, ['committed', 'deep', 'body'])
})

it('a task may cancel itself inside a shielded block', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    yield* shield(function* () {
      ;(currentTask() as Task<unknown>).cancel('by myself')
      yield* commit(log)
    })
    yield* forever()
  })
  assert.equal(yield* endingText(task), 'cancelled: by myself')
  assert.deepEqual(log, ['committed'])
})

it('children of a task are not shielded by it', function* () {
  const log: string[] = []
  const task = spawn(function* () {
    spawn(function* () {
      try {
        yield* forever()
      } finally {
        log.push('child')
      }
    })
    yield* shield(commit(log))
    yield* forever()
  })
  yield* sleep(1)
  task.cancel()
  yield* ending(task)
  assert.deepEqual(log, ['child', 'committed'])
})

it('a shielded block may be used again, also after it failed', function* () {
  let round = 0
  const op = shield(function* () {
    yield* sleep(1)
    if (++round === 2) throw new Error('second')
    return round
  })
  assert.equal(yield* op, 1)
  assert.equal(yield* endingText(spawn.detached(op)), 'failed: second')
  assert.equal(yield* op, 3)
  // And once it has ended, it protects nothing.
  const go = new Future<void>()
  const task = spawn(function* () {
    yield* op
    yield* go
  })
  yield* sleep(5)
  task.cancel()
  assert.equal((yield* ending(task)).status, 'cancelled')
})
