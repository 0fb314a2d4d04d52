import assert from 'node:assert/strict'
import { all, Future, run, shield, sleep, spawn, timeout } from '../../src/index.ts'
import { it } from '../support/it.ts'

it('an interjected error is thrown where the task waits, and may be caught there', function* () {
  const future = new Future<string>()
  const task = spawn(function* () {
    try {
      return yield* future
    } catch (error) {
      yield* sleep(5)
      return (error as Error).message
    }
  })
  yield* sleep(1)
  task.interject(new Error('interjected'))
  assert.equal(yield* task, 'interjected')
  assert.equal(future.stats().waiting, 0)
})

it('one that comes while the task runs or is ready is thrown where it waits next', function* () {
  const order: string[] = []
  const task = spawn(function* () {
    task.interject(new Error('own'))
    order.push('goes on')
    try {
      yield* sleep(1)
    } catch (error) {
      order.push((error as Error).message)
    }
  })
  yield* task
  assert.deepEqual(order, ['goes on', 'own'])
})

it('one that was taken back in time is not thrown', function* () {
  const task = spawn(function* () {
    const takeBack = task.interject(new Error('own'))
    takeBack()
    yield* sleep(1)
    return 'undisturbed'
  })
  assert.equal(yield* task, 'undisturbed')
})

it(
  'a shield holds it back, and tasks of its scopes are left alone',
  function* (host) {
    const child: string[] = []
    const task = spawn(function* () {
      yield* shield(() => sleep(10))
      assert.equal(host.now(), 10)
      spawn(function* () {
        yield* sleep(20)
        child.push('ended')
      })
      try {
        yield* sleep(1000)
      } catch (error) {
        return (error as Error).message
      }
      return 'slept'
    })
    yield* sleep(1)
    yield* sleep(0)
    const late = spawn(function* () {
      yield* sleep(1)
      task.interject(new Error('late'))
    })
    assert.equal(yield* task, 'late')
    yield* late
    assert.deepEqual(child, ['ended'])
  },
  { shuffle: false },
)

it('it unwinds what all and timeout have open, and runs their cleanup', function* () {
  const cleaned: string[] = []
  const part = function* (name: string) {
    try {
      yield* sleep(1000)
    } finally {
      cleaned.push(name)
    }
  }
  const task = spawn(function* () {
    try {
      yield* timeout(5000, () => all([() => part('a'), () => part('b')]))
    } catch (error) {
      return (error as Error).message
    }
    return 'nothing'
  })
  yield* sleep(1)
  task.interject(new Error('stop'))
  assert.equal(yield* task, 'stop')
  assert.deepEqual(cleaned.sort(), ['a', 'b'])
})

it('a second one interrupts the cleanup of the first: it is an error like any other', function* () {
  const task = run(function* () {
    try {
      yield* sleep(1000)
    } finally {
      yield* sleep(1000)
    }
  })
  yield* sleep(1)
  task.interject(new Error('first'))
  yield* sleep(1)
  task.interject(new Error('second'))
  try {
    yield* task
    assert.fail('it went on')
  } catch (error) {
    assert.equal((error as Error).message, 'second')
  }
})
