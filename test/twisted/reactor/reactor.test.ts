import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { sleep } from '../../../src/core/index.ts'
import {
  AlreadyCalled,
  Deferred,
  Reactor,
  ReactorAlreadyRunning,
  ReactorNotRestartable,
  ReactorNotRunning,
  reactor,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'
import { LoggedErrors } from '../logged-errors.ts'

it('callLater calls with its arguments when the time has come, equal times in order', function* () {
  const heard: string[] = []
  const note = (...words: string[]): unknown => heard.push(words.join(' '))
  reactor.callLater(20, note, 'c')
  reactor.callLater(10, note, 'a', 'first')
  reactor.callLater(10, note, 'b')
  assert.equal(reactor.getDelayedCalls().length, 3)
  yield* sleep(10)
  assert.deepEqual(heard, ['a first', 'b'])
  yield* sleep(10)
  assert.deepEqual(heard, ['a first', 'b', 'c'])
  assert.deepEqual(reactor.getDelayedCalls(), [])
})

it('a call can be cancelled, moved sooner and moved later, until it is made', function* () {
  const heard: string[] = []
  const sooner = reactor.callLater(100, () => heard.push(`sooner ${reactor.now()}`))
  const later = reactor.callLater(10, () => heard.push(`later ${reactor.now()}`))
  const never = reactor.callLater(10, () => heard.push('never'))
  sooner.reset(5)
  later.delay(20)
  never.cancel()
  assert.deepEqual(
    reactor.getDelayedCalls().map((call) => call.getTime()),
    [5, 30],
  )
  yield* sleep(200)
  assert.deepEqual(heard, ['sooner 5', 'later 30'])
  assert.throws(() => sooner.cancel(), AlreadyCalled)
})

it('a delayed call tells where it was asked for', function* () {
  const call = reactor.callLater(1, () => {})
  assert.match(call.madeAt, /reactor\.test/)
  yield* sleep(1)
})

it('what a delayed call throws is logged, and the calls of the same time are made', function* () {
  const heard: string[] = []
  using errors = new LoggedErrors()
  reactor.callLater(1, () => {
    throw new Error('no')
  })
  reactor.callLater(1, () => heard.push('rest'))
  yield* sleep(1)
  assert.deepEqual([errors.messages, heard], [['Unhandled Error no'], ['rest']])
})

it('a delayed call is made in the context in which it was asked for', function* () {
  const storage = new AsyncLocalStorage<string>()
  const heard: unknown[] = []
  storage.run('here', () => {
    reactor.callLater(1, () => heard.push(storage.getStore()))
    reactor.callFromThread(() => heard.push(storage.getStore()))
  })
  yield* sleep(1)
  assert.deepEqual(heard, ['here', 'here'])
})

it('callFromThread makes calls first in, first out, those of one turn in one batch; a failing one is logged', function* () {
  const heard: string[] = []
  using errors = new LoggedErrors()
  reactor.callFromThread((what: string) => {
    heard.push(what)
    reactor.callFromThread(() => heard.push('next batch'))
  }, 'a')
  reactor.callFromThread(() => {
    throw new Error('no')
  })
  reactor.callFromThread(() => heard.push('b'))
  assert.deepEqual(heard, [])
  yield* sleep(1)
  assert.deepEqual([heard, errors.messages], [['a', 'b', 'next batch'], ['Unhandled Error no']])
})

it('run calls the triggers of startup, stop those of shutdown, and then run is over', function* () {
  const reactor = new Reactor()
  const heard: string[] = []
  for (const phase of ['after', 'during', 'before'] as const) {
    for (const event of ['startup', 'shutdown']) {
      reactor.addSystemEventTrigger(phase, event, (what: string) => heard.push(what), `${phase} ${event}`)
    }
  }
  reactor.callWhenRunning(() => {
    heard.push(`running: ${reactor.running}`)
    reactor.callWhenRunning(() => heard.push('at once'))
    reactor.callLater(10, () => reactor.stop())
  })
  yield* reactor.run()
  heard.push(`over: ${reactor.running}`)
  assert.deepEqual(heard, [
    'before startup',
    'during startup',
    'after startup',
    'running: true',
    'at once',
    'before shutdown',
    'during shutdown',
    'after shutdown',
    'over: false',
  ])
})

it('shutdown waits for the Deferreds and promises of its triggers before', function* () {
  const reactor = new Reactor()
  const heard: string[] = []
  const deferred = new Deferred<void>()
  reactor.addSystemEventTrigger('before', 'shutdown', () => deferred)
  reactor.addSystemEventTrigger('before', 'shutdown', async () => {
    await sleep(50)
    heard.push('promise')
  })
  reactor.addSystemEventTrigger('during', 'shutdown', () => heard.push('during'))
  reactor.callWhenRunning(() => reactor.stop())
  reactor.callLater(100, () => {
    heard.push('deferred')
    deferred.callback()
  })
  yield* reactor.run()
  assert.deepEqual(heard, ['promise', 'deferred', 'during'])
})

it('a trigger that fails, now or later, is logged and keeps nothing from happening', function* () {
  const reactor = new Reactor()
  const heard: string[] = []
  using errors = new LoggedErrors()
  reactor.addSystemEventTrigger('before', 'shutdown', () => {
    throw new Error('now')
  })
  reactor.addSystemEventTrigger('before', 'shutdown', () => Promise.reject(new Error('later')))
  reactor.addSystemEventTrigger('after', 'shutdown', () => heard.push('after'))
  reactor.callWhenRunning(() => reactor.stop())
  yield* reactor.run()
  assert.deepEqual([errors.messages, heard], [['Unhandled Error now', 'Unhandled Error later'], ['after']])
})

it('a trigger that was removed is not called, and cannot be removed twice', function* () {
  const heard: string[] = []
  const id = reactor.addSystemEventTrigger('during', 'mine', () => heard.push('no'))
  reactor.addSystemEventTrigger('during', 'mine', () => heard.push('yes'))
  reactor.removeSystemEventTrigger(id)
  assert.throws(() => reactor.removeSystemEventTrigger(id), /not there/)
  yield* reactor.fireSystemEvent('mine')
  yield* reactor.fireSystemEvent('mine')
  assert.deepEqual(heard, ['yes'], 'each is called once')
})

it('a reactor runs once: run twice is ReactorAlreadyRunning, after stop ReactorNotRestartable', function* () {
  const reactor = new Reactor()
  const over = reactor.run()
  assert.throws(() => reactor.run(), ReactorAlreadyRunning)
  yield* sleep(1)
  assert.throws(() => reactor.run(), ReactorAlreadyRunning)
  reactor.stop()
  yield* over
  assert.throws(() => reactor.run(), ReactorNotRestartable)
})

it('stop is ReactorNotRunning before run, when it was called before, and after', function* () {
  const reactor = new Reactor()
  assert.throws(() => reactor.stop(), ReactorNotRunning)
  const over = reactor.run()
  yield* sleep(1)
  reactor.stop()
  assert.throws(() => reactor.stop(), ReactorNotRunning)
  yield* over
  assert.throws(() => reactor.stop(), ReactorNotRunning)
})

it('stop between run and its startup stops right after that', function* () {
  const reactor = new Reactor()
  const over = reactor.run()
  reactor.stop()
  yield* over
  assert.equal(reactor.running, false)
})
