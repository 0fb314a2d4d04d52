import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { currentTask, sleep, spawn } from '../../src/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import {
  CancelledError,
  Deferred,
  Failure,
  fail,
  inlineCallbacks,
  returnValue,
  succeed,
  unfiredDeferreds,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

it('the body runs to its first wait inside the call, and goes on inside callback()', () => {
  const order: string[] = []
  const gate = new Deferred<string>()
  const body = inlineCallbacks(function* (name: string) {
    order.push(`in ${name}`)
    order.push(yield* gate)
    return 'result'
  })
  const deferred = body('x')
  order.push('caller')
  gate.callback('went on')
  order.push('after')
  assert.deepEqual(order, ['in x', 'caller', 'went on', 'after'])
  assert.equal(resultNow(deferred), 'result')
})

it('what is yielded and is nothing to wait for comes back as it is', () => {
  const body = inlineCallbacks(function* () {
    return [yield 5, yield 'text', yield null, yield undefined, yield thing]
  })
  const thing = { a: 1 }
  assert.deepEqual(resultNow(body()), [5, 'text', null, undefined, thing])
})

it('a Failure that is yielded, and a then that throws when it is read, are thrown at the yield', () => {
  const unreadable = Object.defineProperty({}, 'then', {
    get() {
      throw new RangeError('unreadable')
    },
  })
  const body = inlineCallbacks(function* () {
    const messages: string[] = []
    for (const bad of [new Failure(new TypeError('given')), unreadable]) {
      try {
        yield bad
      } catch (error) {
        messages.push((error as Error).message)
      }
    }
    return messages
  })
  assert.deepEqual(resultNow(body()), ['given', 'unreadable'])
})

it('promises, operations, tasks and generators that are yielded are waited for', function* () {
  const body = inlineCallbacks(function* () {
    const nested = (function* (): Generator<unknown, string, unknown> {
      return `nested ${yield succeed('deferred')}`
    })()
    return [yield Promise.resolve('promise'), yield sleep(5), yield nested, yield spawn.detached(function* () {})]
  })
  assert.deepEqual(yield* body(), ['promise', undefined, 'nested deferred', undefined])
})

it('what the body throws fails the Deferred; a failure that it waits for is thrown at the yield', () => {
  const throwing = inlineCallbacks(function* (): Generator<unknown, number, unknown> {
    throw new RangeError('own')
  })
  assert.equal(failureNow(throwing()).type, RangeError)
  const catching = inlineCallbacks(function* () {
    try {
      yield* fail<string>(new RangeError('at the yield'))
      return 'not reached'
    } catch (error) {
      return (error as Error).message
    }
  })
  assert.equal(resultNow(catching()), 'at the yield')
})

it('a Deferred that the body returns is waited for, and never the result itself', () => {
  const inner = new Deferred<number>()
  const body = inlineCallbacks(function* () {
    yield* succeed(0)
    return inner
  })
  const deferred = body()
  assert.ok(isPending(deferred))
  inner.callback(4)
  assert.equal(resultNow(deferred), 4)
})

it('two waits for one Deferred both get its result', () => {
  const once = succeed('same')
  const body = inlineCallbacks(function* () {
    return [yield* once, yield* once, yield once]
  })
  assert.deepEqual(resultNow(body()), ['same', 'same', 'same'])
})

it('10^5 waits for what is there already run in a constant stack, and so do 10^5 that come one by one', () => {
  const ready = inlineCallbacks(function* () {
    let sum = 0
    for (let i = 0; i < 100_000; i++) sum += yield* succeed(1)
    return sum
  })
  assert.equal(resultNow(ready()), 100_000)
  let gate = succeed(0)
  const later = inlineCallbacks(function* () {
    let sum = 0
    for (let i = 0; i < 100_000; i++) {
      gate = new Deferred<number>()
      sum += yield* gate
    }
    return sum
  })
  const deferred = later()
  while (!deferred.called) gate.callback(1)
  assert.equal(resultNow(deferred), 100_000)
})

it('10^5 bodies that wait for one another end, and are cancelled, in a constant stack', () => {
  const plusOne = inlineCallbacks(function* (deferred: Deferred<number>) {
    return (yield* deferred) + 1
  })
  for (const cancelled of [false, true]) {
    const base = new Deferred<number>()
    let deferred = base
    for (let i = 0; i < 100_000; i++) deferred = plusOne(deferred)
    if (cancelled) deferred.cancel()
    else base.callback(0)
    if (cancelled) assert.equal(failureNow(deferred).type, CancelledError)
    else assert.equal(resultNow(deferred), 100_000)
  }
})

it('a body that is no generator function is refused when it is called', () => {
  const wrong = inlineCallbacks((() => 5) as never)
  assert.throws(() => wrong(), { code: 'FIBRIL_USAGE' })
  const returning = inlineCallbacks((() => returnValue(5)) as never)
  assert.throws(() => returning(), { code: 'FIBRIL_USAGE', message: /returnValue/ })
})

it('this, arguments and name are those of the body', () => {
  const thing = {
    factor: 3,
    times: inlineCallbacks(function* times(this: { factor: number }, a: number, b: number) {
      return (yield* succeed(a)) * b * this.factor
    }),
  }
  assert.equal(resultNow(thing.times(2, 5)), 30)
  assert.equal(thing.times.name, 'times')
})

// -- returnValue

it('returnValue ends the body with its result', () => {
  const body = inlineCallbacks(function* body(): Generator<unknown, unknown, unknown> {
    yield* succeed(0)
    returnValue('early')
  })
  assert.equal(resultNow(body()), 'early')
})

it('returnValue from another function ends the body too, with a warning that names both', function* (host) {
  function helper(): never {
    returnValue('from afar')
  }
  const body = inlineCallbacks(function* innocent(): Generator<unknown, unknown, unknown> {
    yield* succeed(0)
    helper()
  })
  assert.equal(resultNow(body()), 'from afar')
  const [warning, ...others] = host.takeWarnings()
  assert.equal(others.length, 0)
  assert.match(warning ?? '', /returnValue\(\) in helper made innocent return/)
})

// -- cancel (upstream: CancellationTests)

/** A body that waits for `inner` through so many bodies, each generator or async. */
const levels = (inner: Deferred<string>, kinds: readonly ('generator' | 'async')[]): Deferred<string> => {
  let deferred = inner
  for (const kind of kinds) {
    const awaited = deferred
    deferred =
      kind === 'async'
        ? inlineCallbacks(async () => await awaited)()
        : inlineCallbacks(function* () {
            return yield* awaited
          })()
  }
  return deferred
}

const stacks = [
  ['generator'],
  ['async'],
  ['generator', 'generator', 'generator'],
  ['async', 'async'],
  ['generator', 'async', 'generator'],
] as const

for (const stack of stacks) {
  it(`a cancel goes to the Deferred that is waited for, and comes back as CancelledError: ${stack.join(' in ')}`, function* () {
    let cancelled = 0
    const inner = new Deferred<string>(() => cancelled++)
    const outer = levels(inner, stack)
    yield* succeed(Promise.resolve())
    outer.cancel()
    const error = yield* outer.addErrback((failure) => failure.value)
    assert.equal(cancelled, 1)
    assert.ok(error instanceof CancelledError)
  })

  it(`what the canceller fires its Deferred with is what the body sees: ${stack.join(' in ')}`, function* () {
    const outer = levels(new Deferred((inner) => inner.callback('translated to success')), stack)
    yield* succeed(Promise.resolve())
    outer.cancel()
    assert.equal(yield* outer, 'translated to success')
    const failing = levels(new Deferred((inner) => inner.errback(new RangeError('translated'))), stack)
    yield* succeed(Promise.resolve())
    failing.cancel()
    assert.equal(yield* failing.addErrback((failure) => failure.type), RangeError)
  })

  it(`a cancel may take its time, and the Deferred of the body too: ${stack.join(' in ')}`, function* () {
    let inner: Deferred<string> | null = null
    const held = new Deferred<string>()
    const slow = new Deferred<string>()
    // Waits for `held` from now on, and says nothing when it is cancelled.
    inner = slow.addCallback(() => held)
    slow.callback('go')
    held.pause()
    const outer = levels(inner, stack)
    yield* succeed(Promise.resolve())
    outer.cancel()
    yield* waitAllBlocked()
    assert.ok(isPending(outer))
    held.unpause()
    assert.equal(yield* outer.addErrback((failure) => failure.type), CancelledError)
  })
}

it('a body that catches the CancelledError goes on; its Deferred fires at its end, and a second cancel hits the next wait', () => {
  const [first, second, third] = [new Deferred<string>(), new Deferred<string>(), new Deferred<string>()]
  const seen: unknown[] = []
  const body = inlineCallbacks(function* () {
    for (const deferred of [first, second]) {
      try {
        yield* deferred
      } catch (error) {
        seen.push((error as Error).constructor)
      }
    }
    return yield* third
  })
  const deferred = body()
  deferred.cancel()
  assert.ok(isPending(deferred))
  deferred.cancel()
  assert.deepEqual(seen, [CancelledError, CancelledError])
  third.callback('after all')
  assert.equal(resultNow(deferred), 'after all')
})

it('a body may make another error of the cancel, and its finally blocks run', () => {
  const order: string[] = []
  const body = inlineCallbacks(function* (): Generator<unknown, void, unknown> {
    try {
      yield* new Deferred<void>()
    } catch {
      throw new RangeError('translated')
    } finally {
      yield* succeed(order.push('cleanup'))
    }
  })
  const deferred = body()
  deferred.cancel()
  assert.deepEqual(order, ['cleanup'])
  assert.equal(failureNow(deferred).type, RangeError)
})

it('a body that nobody ends stays open, and is listed; cancelling its Deferred runs its finally blocks', () => {
  let closed = false
  const abandoned = inlineCallbacks(function* abandoned() {
    try {
      yield* new Deferred<void>()
    } finally {
      closed = true
    }
  })
  abandoned().addErrback(() => {})
  const [body, waited] = unfiredDeferreds()
  assert.deepEqual(waited?.waiters, ['abandoned()'])
  assert.equal(closed, false)
  body?.cancel()
  assert.equal(closed, true)
  assert.deepEqual(unfiredDeferreds(), [])
})

it('one that is cancelled amid its own step is cancelled where it waits next', () => {
  const holder: Deferred<unknown>[] = []
  const start = new Deferred<void>()
  const body = inlineCallbacks(function* () {
    yield* start
    holder[0]?.cancel()
    yield* new Deferred<void>()
  })
  holder.push(body())
  start.callback()
  assert.equal(failureNow(holder[0] as Deferred<unknown>).type, CancelledError)
})

it('cancelling the Deferred of a body that has ended does nothing', () => {
  const body = inlineCallbacks(function* () {
    return yield* succeed(1)
  })
  const deferred = body()
  deferred.cancel()
  assert.equal(resultNow(deferred), 1)
})

// -- errors, context, tasks

it('an error has the lines of every level at which it was waited for', function* () {
  const gate = new Deferred<void>()
  const three = inlineCallbacks(function* three() {
    yield* gate
    throw new Error('deep')
  })
  const two = inlineCallbacks(function* two() {
    try {
      yield* three()
    } finally {
      yield* succeed('through a finally')
    }
  })
  const one = inlineCallbacks(function* one() {
    yield* two()
  })
  const deferred = one()
  gate.callback()
  const stack = (failureNow(deferred).value as Error).stack ?? ''
  assert.match(stack, /at three [\s\S]*at two [\s\S]*at one /)
})

it('AsyncLocalStorage is that of the call, in the body and after each wait', function* () {
  const store = new AsyncLocalStorage<string>()
  const gate = new Deferred<void>()
  const body = inlineCallbacks(function* () {
    const before = store.getStore()
    yield* gate
    return [before, store.getStore()]
  })
  const deferred = store.run('of the call', () => body())
  store.run('of whoever fires', () => gate.callback())
  assert.deepEqual(yield* deferred, ['of the call', 'of the call'])
})

it('the body belongs to no task, whoever calls it or fires what it waits for', function* () {
  const gate = new Deferred<void>()
  const seen: unknown[] = []
  const body = inlineCallbacks(function* () {
    seen.push(currentTask())
    yield* gate
    seen.push(currentTask())
  })
  const deferred = body()
  gate.callback()
  yield* deferred
  assert.deepEqual(seen, [null, null])
  assert.notEqual(currentTask(), null)
})

it('an operation by yield* says what to do instead', () => {
  const body = inlineCallbacks(function* () {
    yield* sleep(1)
  })
  assert.equal(failureNow(body()).check('FIBRIL_USAGE'), 'FIBRIL_USAGE')
})

it('firing the Deferred of a body by hand does not disturb the body', function* () {
  const gate = new Deferred<void>()
  let ended = false
  const body = inlineCallbacks(function* () {
    yield* gate
    ended = true
    return 'own'
  })
  const deferred = body()
  deferred.callback('by hand')
  gate.callback()
  assert.ok(ended)
  assert.equal(resultNow(deferred), 'by hand')
})

it('an error names every level that it passed: by its line after yield*, by its name after yield', () => {
  const gate = new Deferred<void>()
  const inner = inlineCallbacks(function* innermost() {
    yield gate
    throw new Error('deep')
  })
  const plain = inlineCallbacks(function* middle() {
    try {
      yield inner()
    } finally {
      yield succeed(null)
    }
  })
  const starred = inlineCallbacks(function* outermost() {
    yield* plain()
  })
  const deferred = starred()
  gate.callback()
  const { stack = '' } = failureNow(deferred).value as Error
  assert.match(stack, /at innermost \(.*\n[\s\S]*at middle \(yield\)\n +at outermost \(.*inline-callbacks\.test/)
})
