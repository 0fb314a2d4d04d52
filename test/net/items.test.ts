import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web'
import { BusyError, fn, type Operation, race, sleep, spawn, timeoutOr, UsageError, wait } from '../../src/core/index.ts'
import { type Items, items } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

const rest = fn(function* <T>(source: Items<T>) {
  const all: T[] = []
  for (let next = yield* source.next(); !next.done; next = yield* source.next()) all.push(next.value)
  return all
})

/** A source that is fed by hand, in each of the three kinds; with what has become of it. */
interface Fed {
  readonly source: Items<number>
  give(n: number): void
  end(): void
  fail(error: Error): void
  /** How it was let go of. */
  readonly log: string[]
}

function fedWebStream(): Fed {
  const log: string[] = []
  let controller!: ReadableStreamDefaultController<number>
  const stream = new ReadableStream<number>({
    start: (given) => void (controller = given),
    cancel: () => void log.push('closed'),
  })
  return {
    source: items(stream),
    log,
    give: (n) => controller.enqueue(n),
    end: () => controller.close(),
    fail: (error) => controller.error(error),
  }
}

function fedNodeStream(): Fed {
  const log: string[] = []
  const stream = new PassThrough({ objectMode: true })
  stream.on('close', () => log.push('closed'))
  return {
    source: items(stream as AsyncIterable<number>),
    log,
    give: (n) => void stream.write(n),
    end: () => void stream.end(),
    fail: (error) => void stream.destroy(error),
  }
}

function fedIterator(): Fed {
  const log: string[] = []
  const given: (number | null | Error)[] = []
  let wake = (): void => {}
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (;;) {
        while (given.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        const next = given.shift()
        if (next instanceof Error) throw next
        if (typeof next !== 'number') return
        yield next
      }
    } finally {
      log.push('closed')
    }
  }
  const give = (next: number | null | Error): void => {
    given.push(next)
    wake()
  }
  return { source: items(numbers()), log, give, end: () => give(null), fail: give }
}

for (const [kind, open] of [
  ['a web stream', fedWebStream],
  ['a node stream', fedNodeStream],
  ['an async iterator', fedIterator],
] as const) {
  it(`${kind}: its items come in order, then the end, again and again`, function* () {
    const { source, give, end } = open()
    give(1)
    give(2)
    assert.deepEqual(yield* source.next(), { done: false, value: 1 })
    const waiting = spawn(rest(source))
    yield* waitAllBlocked()
    assert.equal(waiting.reason, `${kind}: a promise of the next item`)
    give(3)
    end()
    assert.deepEqual(yield* waiting, [2, 3])
    assert.deepEqual(yield* source.next(), { done: true, value: undefined })
    assert.deepEqual(source.stats(), { name: kind, taken: 3, waiting: 0, ended: true })
    yield* source.close()
  })

  it(`${kind}: a wait that is cancelled loses no item`, function* () {
    const { source, give, end } = open()
    const waiting = spawn(source.next())
    yield* waitAllBlocked()
    waiting.cancel()
    yield* waitAllBlocked()
    give(1)
    yield* waitAllBlocked()
    give(2)
    assert.equal(yield* timeoutOr(0, 'late', sleep(Infinity)), 'late')
    assert.equal((yield* source.next()).value, 1)
    assert.equal((yield* race([source.next(), sleep(1000)]))?.value, 2)
    end()
    assert.deepEqual(yield* rest(source), [])
  })

  it(`${kind}: a failure is thrown once, also one that came while nobody waited, and is the end`, function* () {
    const { source, give, fail } = open()
    give(1)
    yield* source.next()
    const waiting = spawn(source.next())
    yield* waitAllBlocked()
    waiting.cancel()
    yield* waitAllBlocked()
    const boom = new Error('boom')
    fail(boom)
    yield* waitAllBlocked()
    assert.equal(yield* failure(source.next()), boom)
    assert.deepEqual(yield* source.next(), { done: true, value: undefined })
    yield* source.close()
  })

  it(`${kind}: a second taker gets a BusyError that names both, and the first is unharmed`, function* () {
    const { source, give, end } = open()
    const first = spawn(source.next(), { name: 'first' })
    yield* waitAllBlocked()
    const error = yield* failure(source.next())
    assert.ok(error instanceof BusyError)
    assert.match(error.message, /task first #\d+ is waiting/)
    give(1)
    assert.equal((yield* first).value, 1)
    end()
    yield* source.next()
  })

  it(`${kind}: closing it lets go of the source`, function* () {
    const { source, give, log } = open()
    give(1)
    yield* source.next()
    yield* source.close()
    yield* source.close()
    yield* waitAllBlocked()
    assert.deepEqual(log, ['closed'])
    assert.deepEqual(yield* source.next(), { done: true, value: undefined })
  })

  it(`${kind}: closing it ends the wait of another task`, function* () {
    const { source, give, end } = open()
    const waiting = spawn(source.next())
    yield* waitAllBlocked()
    yield* source.close()
    assert.equal((yield* waiting).done, true)
    // What a generator was busy with comes too late.
    try {
      give(1)
      end()
    } catch {}
    yield* waitAllBlocked()
  })

  it(`${kind}: a loop over it closes it at the end, at a failure, and at a cancel`, function* () {
    for (const how of ['end', 'fail', 'cancel']) {
      const { source, give, end, log } = open()
      const seen: number[] = []
      const loop = spawn(function* () {
        return yield* failure(
          source.forEach(function* (n) {
            yield* sleep(1)
            if (n === 2 && how === 'fail') throw new Error('boom')
            seen.push(n)
          }),
        )
      })
      give(1)
      give(2)
      if (how === 'end') {
        end()
        assert.equal(yield* loop, null)
      } else if (how === 'fail') assert.match(String(yield* loop), /boom/)
      else {
        while (seen.length < 2) yield* sleep(1)
        loop.cancel()
        yield* failure(loop.join())
        // A generator that waits runs its `finally` only when it has what it waits for.
        if (kind === 'an async iterator') give(3)
      }
      yield* waitAllBlocked()
      assert.deepEqual(log, how === 'end' && kind === 'a web stream' ? [] : ['closed'], how)
      assert.deepEqual(seen, how === 'fail' ? [1] : [1, 2])
    }
  })
}

it('a web stream is unlocked at the end, by a failure, and when it is closed', function* () {
  const make = (pull: (controller: ReadableStreamDefaultController<number>) => void) =>
    new ReadableStream<number>({ pull })
  const endless = make((controller) => controller.enqueue(1))
  const first = items(endless)
  assert.equal((yield* first.next()).value, 1)
  assert.equal(endless.locked, true)
  yield* first.close()
  assert.equal(endless.locked, false)

  const ended = make((controller) => controller.close())
  assert.equal((yield* items(ended).next()).done, true)
  assert.equal(ended.locked, false)

  const failing = make((controller) => controller.error(new Error('boom')))
  assert.match(String(yield* failure(items(failing).next())), /boom/)
  assert.equal(failing.locked, false)
})

it('an iterator that throws in place of a promise has failed; one without `return` can be closed', function* () {
  const bad = items<number>({
    [Symbol.asyncIterator]: () => ({
      next() {
        throw new Error('boom')
      },
    }),
  })
  assert.match(String(yield* failure(bad.next())), /boom/)
  const plain = items<number>({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }) })
  assert.equal((yield* plain.next()).value, 1)
  yield* plain.close()
  for (const bad of [1, {}, null]) assert.throws(() => items(bad as never), UsageError)
})

it('a failing close is thrown, and beside what the loop failed with', function* () {
  async function* stubborn(): AsyncGenerator<number> {
    try {
      for (;;) yield 1
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: that is what it is for
      throw new Error('stubborn')
    }
  }
  const source = items(stubborn())
  yield* source.next()
  assert.match(String(yield* failure(source.close())), /stubborn/)
  const error = yield* failure(
    items(stubborn()).forEach(() => {
      throw new Error('boom')
    }),
  )
  assert.ok(error instanceof AggregateError)
  assert.deepEqual(error.errors.map(String), ['Error: boom', 'Error: stubborn'])
})

it('leaving by `using` closes it', function* () {
  const readable = Readable.from([1, 2, 3])
  const closed = once(readable, 'close')
  {
    using source = items<number>(readable)
    assert.equal((yield* source.next()).value, 1)
  }
  yield* wait(closed)
  assert.equal(readable.destroyed, true)
})

it('async code may leave by `await using`', async () => {
  const { source, log } = fedWebStream()
  {
    await using left = source
    assert.equal(left.stats().ended, false)
  }
  assert.deepEqual(log, ['closed'])
})
