import assert from 'node:assert/strict'
import {
  Cooperator,
  type CooperatorOptions,
  coiterate,
  cooperate,
  Deferred,
  type Failure,
  NotPaused,
  SchedulerStopped,
  TaskDone,
  TaskFailed,
  TaskStopped,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

/** A cooperator whose slices are made by hand, each of `steps` steps. */
function byHand(steps: number, options: CooperatorOptions = {}): { cooperator: Cooperator; slice: () => boolean } {
  let pending: (() => void) | null = null
  const cooperator = new Cooperator({
    terminationPredicateFactory: () => {
      let left = steps
      return () => --left <= 0
    },
    scheduler: (slice) => {
      pending = slice
      return {
        cancel() {
          pending = null
        },
      }
    },
    ...options,
  })
  return {
    cooperator,
    slice() {
      const now = pending
      pending = null
      now?.()
      return now !== null
    },
  }
}

function* count(heard: unknown[], name: string, to: number): Generator<unknown, void, undefined> {
  for (let i = 1; i <= to; i++) {
    heard.push(`${name}${i}`)
    yield
  }
}

it('a cooperator takes one step of each iterator in turn, in slices', () => {
  const { cooperator, slice } = byHand(3)
  const heard: unknown[] = []
  cooperator.cooperate(count(heard, 'a', 3))
  cooperator.cooperate(count(heard, 'b', 3))
  slice()
  assert.deepEqual(heard, ['a1', 'b1', 'a2'])
  slice()
  assert.deepEqual(heard, ['a1', 'b1', 'a2', 'b2', 'a3', 'b3'])
})

it('whenDone fires with the iterator, for whoever asks before and after', () => {
  const { cooperator, slice } = byHand(100)
  const iterator = count([], 'a', 3)
  const task = cooperator.cooperate(iterator)
  const heard: unknown[] = []
  task.whenDone().addCallback((result) => heard.push(result === iterator))
  task.whenDone().addCallback((result) => heard.push(result === iterator))
  assert.equal(heard.length, 0)
  slice()
  task.whenDone().addCallback((result) => heard.push(result === iterator))
  assert.deepEqual(heard, [true, true, true])
  assert.throws(() => task.stop(), TaskDone)
  assert.throws(() => task.pause(), TaskDone)
  assert.equal(slice(), false, 'nothing is scheduled when the last one is done')
})

it('an iterator that throws fails its own task only', () => {
  const { cooperator, slice } = byHand(10)
  const heard: unknown[] = []
  const bad = cooperator.cooperate(
    (function* () {
      throw new Error('no')
    })(),
  )
  cooperator.cooperate(count(heard, 'a', 2))
  bad.whenDone().addErrback((failure: Failure) => heard.push(failure.getErrorMessage()))
  slice()
  assert.deepEqual(heard, ['no', 'a1', 'a2'])
  assert.throws(() => bad.stop(), TaskFailed)
})

it('a task waits for a Deferred or promise that it yields; one that fails is its failure', async () => {
  const { cooperator, slice } = byHand(10)
  const heard: unknown[] = []
  const deferred = new Deferred<void>()
  const task = cooperator.cooperate(
    (function* () {
      heard.push('before')
      yield deferred
      heard.push('after')
      yield Promise.reject(new Error('no'))
    })(),
  )
  const done = task.whenDone().addErrback((failure: Failure) => heard.push(failure.getErrorMessage()))
  slice()
  assert.equal(slice(), false, 'nothing to do while it waits')
  assert.deepEqual(heard, ['before'])
  deferred.callback()
  slice()
  await done
  assert.deepEqual(heard, ['before', 'after', 'no'])
})

it('pauses are counted, and go beside the one for a Deferred', () => {
  const { cooperator, slice } = byHand(10)
  const heard: unknown[] = []
  const deferred = new Deferred<void>()
  const task = cooperator.cooperate(
    (function* () {
      yield deferred
      heard.push('on')
    })(),
  )
  slice()
  task.pause()
  task.pause()
  deferred.callback()
  assert.equal(slice(), false)
  task.resume()
  assert.equal(slice(), false)
  task.resume()
  slice()
  assert.deepEqual(heard, ['on'])
  assert.throws(() => task.resume(), NotPaused)
})

it('stop fails whenDone with TaskStopped, and has the iterator clean up', () => {
  const { cooperator, slice } = byHand(1)
  const heard: unknown[] = []
  const task = cooperator.cooperate(
    (function* () {
      try {
        yield
        heard.push('not')
        yield
      } finally {
        heard.push('cleanup')
      }
    })(),
  )
  slice()
  task.whenDone().addErrback((failure: Failure) => heard.push(failure.check(TaskStopped) !== null))
  task.stop()
  assert.deepEqual(heard, [true, 'cleanup'])
  assert.throws(() => task.stop(), TaskStopped)
})

it('a task may stop itself in a step, also while it yields a Deferred', () => {
  const { cooperator, slice } = byHand(5)
  const heard: unknown[] = []
  const task = cooperator.cooperate({
    next() {
      task.stop()
      return { done: false, value: undefined }
    },
  })
  task.whenDone().addErrback((failure: Failure) => heard.push(failure.check(TaskStopped) !== null))
  slice()
  assert.deepEqual(heard, [true])
})

it('a callback of whenDone may stop the cooperator', () => {
  const { cooperator, slice } = byHand(5)
  const heard: unknown[] = []
  const first = cooperator.cooperate(count([], 'a', 0))
  const second = cooperator.cooperate(count([], 'b', 9))
  first.whenDone().addCallback(() => cooperator.stop())
  second.whenDone().addErrback((failure: Failure) => heard.push(failure.check(SchedulerStopped) !== null))
  slice()
  assert.deepEqual([heard, slice()], [[true], false])
})

it('a stopped cooperator refuses what is added, and may be started again', () => {
  const { cooperator, slice } = byHand(5)
  assert.equal(cooperator.running, true)
  cooperator.stop()
  assert.equal(cooperator.running, false)
  const heard: unknown[] = []
  cooperator
    .cooperate(count(heard, 'a', 1))
    .whenDone()
    .addErrback((failure: Failure) => heard.push(failure.check(SchedulerStopped) !== null))
  assert.deepEqual(heard, [true])
  cooperator.start()
  cooperator.cooperate(count(heard, 'b', 1))
  slice()
  assert.deepEqual(heard, [true, 'b1'])
})

it('one that is not started takes no step until it is', () => {
  const { cooperator, slice } = byHand(5, { started: false })
  const heard: unknown[] = []
  cooperator.cooperate(count(heard, 'a', 1))
  assert.deepEqual([slice(), cooperator.running], [false, false])
  cooperator.start()
  slice()
  assert.deepEqual(heard, ['a1'])
})

it('removing the last task takes the next slice back', () => {
  const { cooperator, slice } = byHand(5)
  const task = cooperator.cooperate(count([], 'a', 9))
  task.whenDone().addErrback(() => {})
  task.stop()
  assert.equal(slice(), false)
})

it('cooperate and coiterate share the reactor’s time', function* () {
  const heard: unknown[] = []
  const done = coiterate(count(heard, 'a', 2))
  yield* cooperate(count(heard, 'b', 2)).whenDone()
  yield* done
  assert.deepEqual(heard, ['a1', 'b1', 'a2', 'b2'])
})

it('300,000 steps run in constant stack', function* () {
  let steps = 0
  const task = cooperate(
    (function* () {
      for (; steps < 300_000; steps++) yield
    })(),
  )
  yield* task.whenDone()
  assert.equal(steps, 300_000)
})
