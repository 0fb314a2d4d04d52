import assert from 'node:assert/strict'
import { advance } from '../../src/testing/index.ts'
import { type LoggedError, log, loopTime } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'

it('callLater calls with its arguments after its time, unless it is cancelled', function* () {
  const seen: unknown[] = []
  const kept = loopTime.callLater(10, (...args: unknown[]) => seen.push(args), 'a', 1)
  const dropped = loopTime.callLater(10, () => seen.push('dropped'))
  assert.ok(kept.active() && dropped.active())
  dropped.cancel()
  yield* advance(10)
  assert.deepEqual(seen, [['a', 1]])
  assert.ok(!kept.active() && !dropped.active())
  kept.cancel()
})

it('what a call throws is logged, and the others come all the same', function* () {
  const events: LoggedError[] = []
  const observer = (event: LoggedError): void => void events.push(event)
  log.addObserver(observer)
  try {
    let called = false
    loopTime.callLater(1, () => {
      throw new RangeError('x')
    })
    loopTime.callLater(1, () => {
      called = true
    })
    yield* advance(1)
    assert.ok(called)
    assert.equal(events[0]?.failure.type, RangeError)
  } finally {
    log.removeObserver(observer)
  }
})
