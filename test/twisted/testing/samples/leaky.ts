// Run by trial.test.ts: what each test leaves behind fails it, and not the next one.
import assert from 'node:assert/strict'
import { Deferred, deferLater, fail, reactor } from '../../../../src/twisted/index.ts'
import { SkipTest, TestCase, trial } from '../../../../src/twisted/testing/index.ts'

trial('leaves a call', () => {
  reactor.callLater(600_000, () => {
    throw new Error('in the next test')
  })
})
trial('is clean', () => deferLater(reactor, 5))
trial('leaves an unhandled failure', () => {
  fail(new Error('unhandled'))
})
trial('is clean, too', function* () {
  assert.equal(yield* deferLater(reactor, 1, () => 1), 1)
})
trial(
  'hangs',
  () => new Deferred(),
  { timeout: 20 },
)
trial('skips itself', () => {
  throw new SkipTest('there is no moon')
})
trial('is not run', () => assert.fail(), { skip: 'not now' })

class Base extends TestCase {
  ready = false
  override setUp(): Deferred<void> {
    return deferLater(reactor, 1).addCallback(() => {
      this.ready = true
    })
  }
  testOfBase(): void {
    assert.ok(this.ready)
  }
}
class PoemTests extends Base {
  testReady(): void {
    assert.ok(this.ready)
    this.ready = false
  }
  *testGenerator(): Generator<unknown, void, unknown> {
    assert.ok(this.ready, 'each test has an object of its own')
    yield deferLater(reactor, 1)
  }
  helper(): void {
    assert.fail('no test')
  }
}
trial(PoemTests)
