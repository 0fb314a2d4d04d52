import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { DeadlockError, fn, sleep, spawn, UsageError, yieldNow } from '../../src/core/index.ts'
import { Sequencer, TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

describe('a sequencer', () => {
  it.many(
    'makes tasks take their steps in its order, under every schedule',
    function* () {
      const sequence = new Sequencer()
      const seen: number[] = []
      const worker = fn(function* (...steps: number[]) {
        for (const step of steps) {
          yield* sequence.at(step)
          seen.push(step)
        }
      })
      const tasks = [spawn(worker(0, 4, 5)), spawn(worker(1, 3, 8)), spawn(worker(2, 6, 7, 9))]
      for (const task of tasks) yield* task
      assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    },
    { seeds: 100 },
  )

  it.many('lets a step without a body last until its task waits', function* () {
    const sequence = new Sequencer()
    let text = ''
    const tasks = ['ab', 'cd', 'ef'].map((pair, step) =>
      spawn(function* () {
        yield* sequence.at(step)
        text += pair[0]
        text += pair[1]
        yield* yieldNow()
      }),
    )
    for (const task of tasks) yield* task
    assert.equal(text, 'abcdef')
  })

  it.many('lets a step with a body last until that has ended, and gives its result', function* (host) {
    const sequence = new Sequencer()
    const seen: string[] = []
    const later = spawn(function* () {
      yield* sequence.at(1)
      seen.push(`1 at ${host.now()}`)
    })
    const result = yield* sequence.at(0, function* () {
      yield* sleep(10)
      seen.push('0')
      return 'zero'
    })
    yield* later
    assert.equal(result, 'zero')
    assert.deepEqual(seen, ['0', '1 at 10'])
  })

  it('goes on after a body that fails, or is cancelled', function* () {
    const sequence = new Sequencer()
    const failing = sequence.at(0, function* () {
      throw new Error('boom')
    })
    let caught: unknown
    try {
      yield* failing
    } catch (error) {
      caught = error
    }
    assert.match(String(caught), /boom/)
    const cancelled = spawn(() => sequence.at(1, () => sleep(1000)))
    const last = spawn(() => sequence.at(2))
    yield* waitAllBlocked()
    cancelled.cancel()
    yield* last
  })

  it('refuses a step that was taken, and one that is none', function* () {
    const sequence = new Sequencer()
    yield* sequence.at(0)
    let refused: unknown
    try {
      yield* sequence.at(0)
    } catch (error) {
      refused = error
    }
    assert.ok(refused instanceof UsageError)
    assert.match(refused.message, /step 0 of the sequence was taken by task .*: each step has one place/)
    for (const step of [-1, 0.5, Number.NaN]) assert.throws(() => sequence.at(step), UsageError)
  })

  it('is broken by a cancelled wait, and tells those who wait and those who come', function* () {
    const sequence = new Sequencer()
    const doomed = spawn(() => sequence.at(1), { name: 'doomed' })
    const failures: string[] = []
    const waiting = spawn(function* () {
      try {
        yield* sequence.at(2)
      } catch (error) {
        failures.push(String(error))
      }
    })
    yield* waitAllBlocked()
    doomed.cancel()
    yield* waiting
    try {
      yield* sequence.at(0)
    } catch (error) {
      failures.push(String(error))
    }
    assert.equal(failures.length, 2)
    for (const failure of failures) {
      assert.match(
        failure,
        /UsageError: the sequence is broken: task doomed #\d+ was cancelled while it waited for step 1/,
      )
    }
  })

  it('tells in the wait graph which step is missing, and which goes on for ever', async () => {
    const graphOf = async (run: (sequence: Sequencer) => void): Promise<string> => {
      try {
        await new TestHost().run(function* () {
          run(new Sequencer())
        })
      } catch (error) {
        if (error instanceof DeadlockError) return error.message
        throw error
      }
      return 'no deadlock'
    }
    assert.match(
      await graphOf((sequence) => {
        spawn(() => sequence.at(2))
      }),
      /for step 2 of a sequence, and that for step 0 to be taken/,
    )
    assert.match(
      await graphOf((sequence) => {
        spawn(() => sequence.at(0, () => sleep(Infinity)), { name: 'endless' })
        spawn(() => sequence.at(1))
      }),
      /for step 1 of a sequence, and that for step 0 to end \(task endless #\d+\)/,
    )
  })
})
