import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deferred, Failure, fail, log, succeed } from '../../../src/twisted/index.ts'
import { type ChainTrace, parseChain, simulate } from '../../../src/twisted/simulator/index.ts'

/** Where the path goes, and where it ends: `callback 1 → errback Error: x → …`. */
function pathOf({ stages, end, state }: ChainTrace): string {
  const places = stages.map(({ came }) => (came === null ? 'nothing' : `${came.lane} ${came.text}`))
  return [...places, end === null ? state : `${end.lane} ${end.text}`].join(' → ')
}

const boom = () => {
  throw new Error('boom')
}

test('a result goes down the callbacks, what is thrown over to the errbacks, and what they give back again', async () => {
  const trace = await simulate((deferred) => {
    deferred.addCallback((n) => Number(n) + 1)
    deferred.addCallback(boom)
    deferred.addCallback(() => assert.fail('it should have been passed by'))
    deferred.addErrback(() => 'mended')
    deferred.addBoth((text) => `${text}!`)
  }, 1)
  const path =
    'callback 1 → callback 2 → errback Error: boom → errback Error: boom → callback "mended" → callback "mended!"'
  assert.equal(pathOf(trace), path)
  assert.deepEqual(
    trace.stages.map(({ did }) => did),
    [null, 'threw', null, null, null],
  )
  assert.deepEqual(trace.fired, { by: 'callback(1)', lane: 'callback', text: '1' })
})

test('an errback does not see what its own callback throws', async () => {
  const trace = await simulate((deferred) => deferred.addCallbacks(boom, () => 'not this one'), null)
  assert.equal(pathOf(trace), 'callback null → errback Error: boom')
  assert.equal(trace.state, 'unhandled')
})

test('a Failure that is returned is a failure, given or the one that came', async () => {
  const trace = await simulate((deferred) => {
    deferred.addCallback(() => new Failure(new RangeError('far')))
    deferred.addErrback((failure) => failure)
    deferred.addErrback((failure) => failure.raiseException())
    deferred.addErrback((failure) => failure.trap(RangeError))
  }, 0)
  assert.deepEqual(
    trace.stages.map(({ did }) => did),
    ['gave a Failure', 'gave the same Failure', 'threw the same error', null],
  )
  assert.deepEqual(trace.end?.lane, 'callback')
})

test('a Deferred that is returned is waited for, whether it has fired or fires later, and its failure is the chain’s', async () => {
  const trace = await simulate((deferred, later) => {
    deferred.addCallback(() => succeed('at once'))
    deferred.addCallback(() => later('later'))
    deferred.addCallback(() => later(new Failure(new Error('late'))))
    deferred.addErrback(() => fail(new Error('again')))
    deferred.addErrback(() => Promise.resolve('promised'))
  }, 0)
  const path = ['callback 0', 'callback "at once"', 'callback "later"', 'errback Error: late', 'errback Error: again']
  assert.equal(pathOf(trace), [...path, 'callback "promised"'].join(' → '))
  assert.equal(trace.stages[4]?.did, 'gave a promise')
})

test('a chain that waits for what does not come is drawn as far as it got', async () => {
  const never = () => new Deferred<number>()
  const trace = await simulate((deferred) => deferred.addCallback(never).addCallback((n) => n), 0, { waitMs: 0 })
  assert.equal(pathOf(trace), 'callback 0 → nothing → still waits: gave a Deferred')
})

test('a chain that is not fired is drawn too, and so is one that is cancelled or fires itself', async () => {
  assert.equal(pathOf(await simulate((deferred) => deferred.addCallback((n) => n))), 'nothing → not fired')
  const cancelled = await simulate((deferred) => {
    deferred.addErrback((failure) => failure.check('CancelledError'))
    deferred.cancel()
  })
  assert.equal(cancelled.fired?.by, 'cancel()')
  assert.match(pathOf(cancelled), /^errback CancelledError: .* → callback "CancelledError"$/)
  const failed = await simulate((deferred) => deferred.addErrback(() => 1), new Failure(new Error('x')))
  assert.deepEqual(failed.fired, { by: 'errback(Error: x)', lane: 'errback', text: 'Error: x' })
  assert.equal((await simulate((deferred) => deferred.callback(3), 4)).fired?.by, 'callback(3)')
})

test('callbacks that are added by a callback are seen, before and after the chain has waited', async () => {
  const trace = await simulate((deferred, later) => {
    deferred.addCallback((n) => {
      deferred.addCallback(function added() {
        return 'added'
      })
      return n
    })
    deferred.addCallback(() => later(1))
    deferred.addCallback((n) => {
      deferred.addErrback(() => 'never')
      return n
    })
  }, 0)
  assert.equal(trace.stages.length, 5)
  assert.equal(trace.end?.lane, 'callback')
  assert.equal(
    trace.stages.every(({ came }) => came !== null),
    true,
  )
})

test('what a callback was given beside the result is shown, and named functions by name', async () => {
  const trace = await simulate((deferred) => {
    deferred.addCallback(function add(a, b: number) {
      return Number(a) + b
    }, 5)
    deferred.addCallbacks(String, null)
  }, 1)
  assert.deepEqual(
    trace.stages.map(({ callback }) => callback.label),
    ['add (5)', 'String'],
  )
  assert.deepEqual(trace.stages[1]?.errback, { label: 'pass', passes: true })
  assert.equal(trace.end?.text, '"6"')
})

test('a wrong use of the Deferred is the Deferred’s own error', async () => {
  await assert.rejects(
    simulate((deferred) => deferred.addCallback(null as never)),
    /addCallback was given null/,
  )
  await assert.rejects(
    simulate((deferred) => {
      deferred.callback(1)
      deferred.callback(2)
    }),
    { code: 'FIBRIL_ALREADY_CALLED' },
  )
})

test('a failure at the end is shown and not reported', async () => {
  const heard: unknown[] = []
  const observer = (event: unknown) => heard.push(event)
  log.addObserver(observer)
  await simulate((deferred) => deferred.addCallback(boom), 0)
  await new Promise((resolve) => setImmediate(resolve))
  log.removeObserver(observer)
  assert.deepEqual(heard, [])
})

test('a hundred thousand pairs run, in linear time', async () => {
  const trace = await simulate(parseChain(`callback 0\n${'throw x | give 1\n'.repeat(100_000)}`))
  assert.equal(trace.stages.length, 100_000)
  assert.equal(trace.stages.at(-1)?.came?.lane, 'errback')
})
