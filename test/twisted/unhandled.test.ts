import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { sleep } from '../../src/index.ts'
import { type TestHost, TestHost as VirtualHost } from '../../src/testing/index.ts'
import {
  Deferred,
  fail,
  gatherResults,
  type LoggedError,
  log,
  reportUnclaimed,
  succeed,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { resultNow } from './fired.ts'

/** What has been reported in the run so far, each by its first two lines. */
const reported = (host: TestHost): string[] =>
  host.takeUnhandled().map(({ message }) => message.split('\n').slice(0, 2).join(' '))

it('a failure that nobody comes for is reported once, with the place where the Deferred was made', function* (host) {
  const made = makeHere()
  made.errback(new Error('lost'))
  yield* sleep(1)
  const [error, ...others] = host.takeUnhandled()
  assert.equal(others.length, 0)
  assert.match(
    error?.message ?? '',
    /^Unhandled error in Deferred:\nError: lost\n[\s\S]*\nThe Deferred was made\n +at makeHere /,
  )
  assert.equal(String(error?.cause), 'Error: lost')
  yield* sleep(1)
  assert.deepEqual(reported(host), [])
})

function makeHere(): Deferred<void> {
  return new Deferred<void>()
}

it('reports come in the order of failing', function* (host) {
  fail(new Error('one'))
  fail(new Error('two'))
  yield* sleep(1)
  assert.deepEqual(reported(host), [
    'Unhandled error in Deferred: Error: one',
    'Unhandled error in Deferred: Error: two',
  ])
})

it('a failure that an errback deals with is not reported, also when the errback comes after it', function* (host) {
  const before = new Deferred<void>()
  before.addErrback(() => {})
  before.errback(new Error('dealt with'))
  const after = fail(new Error('dealt with later'))
  after.addErrback(() => {})
  yield* sleep(1)
  assert.deepEqual(reported(host), [])
})

it('a failure that another chain takes over is not reported for the first, and once if nobody deals with it there', function* (host) {
  const inner = new Deferred<void>()
  const outer = succeed(0).addCallback(() => inner)
  inner.errback(new Error('taken over'))
  outer.addErrback(() => {})
  assert.deepEqual(reported(host), [])
  const second = fail(new Error('taken at once'))
  succeed(0).addCallback(() => second)
  yield* sleep(1)
  assert.deepEqual(reported(host), ['Unhandled error in Deferred: Error: taken at once'])
})

it('a failure that was awaited, by yield* or await, is not reported', function* (host) {
  const one = fail(new Error('one'))
  try {
    yield* one
  } catch {}
  const two = new Deferred<void>()
  const awaited = (async () => {
    await two
  })().catch(() => {})
  two.errback(new Error('two'))
  yield* succeed(awaited)
  assert.deepEqual(reported(host), [])
})

it('an error that an errback throws is another one, and is reported', function* (host) {
  fail(new Error('first')).addErrback(() => {
    throw new Error('second')
  })
  yield* sleep(1)
  assert.deepEqual(reported(host), ['Unhandled error in Deferred: Error: second'])
})

it('fail() and errback() are the same in this', function* (host) {
  const byHand = new Deferred<void>()
  byHand.errback(new Error('x'))
  fail(new Error('x'))
  assert.equal(reported(host).length, 2)
})

it('a failure in a paused Deferred is not unhandled yet', function* (host) {
  const paused = new Deferred<void>()
  paused.pause()
  paused.errback(new Error('held'))
  yield* sleep(1)
  assert.deepEqual(reported(host), [])
  paused.unpause()
  assert.equal(reported(host).length, 1)
})

it('gatherResults without consumeErrors leaves each failure where it was', function* (host) {
  gatherResults([fail(new Error('a')), fail(new Error('b'))]).addErrback(() => {})
  assert.equal(reported(host).length, 2)
  gatherResults([fail(new Error('a'))], { consumeErrors: true }).addErrback(() => {})
  assert.equal(reported(host).length, 0)
})

test('an unhandled failure fails the test that it happens in', async () => {
  await assert.rejects(
    new VirtualHost().run(function* () {
      fail(new Error('in this test'))
    }),
    /Unhandled error in Deferred:\nError: in this test/,
  )
})

test('an observer of the log is told, in place of the host, when the turn is over', async () => {
  const events: LoggedError[] = []
  const observer = (event: LoggedError): void => void events.push(event)
  log.addObserver(observer)
  try {
    fail(new Error('logged'))
    fail(new Error('dealt with in a microtask')).then(undefined, () => {})
    const late = fail(new Error('dealt with before the turn is over'))
    await Promise.resolve().then(() => late.addErrback(() => {}))
    fail(new Error('now'))
    reportUnclaimed()
    assert.deepEqual(
      events.map(({ failure }) => failure.getErrorMessage()),
      ['logged', 'now'],
    )
    log.err(new Error('by hand'), 'While testing:')
    assert.equal(events[2]?.why, 'While testing:')
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(events.length, 3)
  } finally {
    log.removeObserver(observer)
  }
})

test('a program prints the error to standard error after the turn, and goes on', () => {
  const face = pathToFileURL(fileURLToPath(new URL('../../src/twisted/index.js', import.meta.url))).href
  const source = `
    import { Deferred } from ${JSON.stringify(face)}
    import { writeSync } from 'node:fs'
    process.stderr.write = (text) => writeSync(1, text)
    const print = (text) => writeSync(1, text + '\\n')
    function callback() { throw new Error('oops') }
    setImmediate(() => print('next event'))
    const deferred = new Deferred()
    deferred.addCallback(callback)
    deferred.callback('here is your result')
    Promise.resolve().then(() => print('microtask'))
    print('Finished')
  `
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' })
  assert.match(
    output,
    /^Finished\nmicrotask\nUnhandled error in Deferred:\nError: oops\n +at callback .*\n--- <exception caught here> ---\n[\s\S]*\nThe Deferred was made\n[\s\S]*\nnext event\n$/,
  )
})

it('a failure that is dealt with when somebody looks at the result is not reported', function* (host) {
  const failed = fail(new Error('seen')).addErrback(() => 'fine')
  assert.equal(resultNow(failed), 'fine')
  assert.deepEqual(reported(host), [])
})
