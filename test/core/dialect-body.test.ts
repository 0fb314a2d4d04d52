import assert from 'node:assert/strict'
import { type Body, DialectBody, fn, type Operation, run, sleep, spawn, wait } from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { endingText } from './ending.ts'

/** Numbers are slept, functions are called, promises waited for; a text fails. */
class Numbers extends DialectBody {
  static readonly log: string[] = []

  protected override meaning(yielded: unknown): Operation<unknown> {
    if (typeof yielded === 'number') return sleeping(yielded)
    if (typeof yielded === 'string') throw new Error(`no meaning: ${yielded}`)
    return wait(yielded as PromiseLike<unknown>)
  }

  protected override unwound(): void {
    Numbers.log.push('unwound')
  }
}

const sleeping = fn(function* (ms: number): Body<number> {
  if (ms > 0) yield* sleep(ms)
  return ms
})
const body = (generator: Generator<unknown, unknown, unknown>) => () =>
  new Numbers(generator) as unknown as Body<unknown>

it('a plain yield means what the dialect says; yield* means what it always does', function* () {
  const task = spawn(
    body(
      (function* () {
        const first = yield 5
        yield* sleep(1)
        const second = yield Promise.resolve('p')
        return [first, second, yield 0]
      })(),
    ),
  )
  assert.deepEqual(yield* task, [5, 'p', 0])
})

it('what has no meaning is thrown at the yield, and what it waits for may fail there', function* () {
  const task = spawn(
    body(
      (function* () {
        const caught: string[] = []
        for (const thing of ['text', Promise.reject(new Error('rejected'))]) {
          try {
            yield thing
          } catch (error) {
            caught.push((error as Error).message)
          }
        }
        return caught
      })(),
    ),
  )
  assert.deepEqual(yield* task, ['no meaning: text', 'rejected'])
})

it.many('a cancel runs finally blocks, which may wait by both kinds of yield, and no catch', function* () {
  Numbers.log.length = 0
  const log: string[] = []
  const task = spawn.detached(
    body(
      (function* () {
        try {
          yield 1000
        } catch {
          log.push('caught')
        } finally {
          yield 5
          log.push('plain')
          yield* sleep(5)
          log.push('delegated')
        }
        log.push('went on')
      })(),
    ),
  )
  yield* sleep(1)
  task.cancel('enough')
  assert.equal(yield* endingText(task), 'cancelled: enough')
  assert.deepEqual(log, ['plain', 'delegated'])
  assert.deepEqual(Numbers.log, ['unwound'])
})

it('an operation that fn made stands on the stack above it, and is cancelled with it', function* () {
  const log: string[] = []
  const inner = fn(function* () {
    try {
      yield* sleep(1000)
    } finally {
      yield* sleep(1)
      log.push('inner')
    }
  })
  const task = spawn.detached(
    body(
      (function* () {
        try {
          yield* inner()
        } finally {
          log.push('outer')
        }
      })(),
    ),
  )
  yield* sleep(1)
  assert.deepEqual(task.frames.length, 2)
  task.cancel()
  yield* endingText(task)
  assert.deepEqual(log, ['inner', 'outer'])
})

it('a million ready values take constant stack', function* () {
  const count = yield* run(
    body(
      (function* () {
        let i = 0
        for (; i < 1_000_000; i++) yield 0
        return i
      })(),
    ),
  )
  assert.equal(count, 1_000_000)
})
