import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GreenletExit, greenlet, sleep } from '../../src/gevent/index.ts'
import { it } from '../support/it.ts'

it('switch goes on with another, and comes back with what it is switched back with', function* () {
  const main = greenlet.getcurrent()
  const order: unknown[] = []
  const a: greenlet = new greenlet(function* (x: string, y: string) {
    order.push(['a', x, y])
    order.push(yield* b.switch('to b'))
    return 'a ended'
  })
  const b = new greenlet(function* (x: string) {
    order.push(['b', x])
    order.push(yield* a.switch('back to a'))
  })
  assert.equal(a.parent, main)
  assert.equal(a.started, false)
  assert.equal(yield* a.switch('x', 'y'), 'a ended')
  assert.deepEqual(order, [['a', 'x', 'y'], ['b', 'to b'], 'back to a'])
  assert.deepEqual([a.dead, b.dead, b.started], [true, false, true])
  assert.ok((yield* b.throw()) instanceof GreenletExit)
  assert.equal(b.dead, true)
})

it('a failure is thrown in the parent; throw is thrown where the greenlet had switched away', function* () {
  const main = greenlet.getcurrent()
  const g = new greenlet(function* () {
    try {
      yield* main.switch('waiting')
      return undefined
    } catch (error) {
      return `caught ${(error as Error).message}`
    }
  })
  assert.equal(yield* g.switch(), 'waiting')
  assert.equal(yield* g.throw(new Error('it')), 'caught it')
  const bad = new greenlet(() => {
    throw new RangeError('bad')
  })
  try {
    yield* bad.switch()
    assert.fail('it was silent')
  } catch (error) {
    assert.equal((error as Error).message, 'bad')
  }
})

it('a greenlet that is thrown into before it ran runs nothing', function* () {
  const g = new greenlet(() => assert.fail('it ran'))
  assert.ok((yield* g.throw()) instanceof GreenletExit)
  const h = new greenlet(() => assert.fail('it ran'))
  try {
    yield* h.throw(new Error('own'))
    assert.fail('it was silent')
  } catch (error) {
    assert.equal((error as Error).message, 'own')
  }
})

it('the end of a greenlet, and a switch to a dead one, go on with its parent', function* () {
  const order: string[] = []
  const main = greenlet.getcurrent()
  const parent = new greenlet(function* () {
    order.push(String(yield* main.switch()))
    return 'of the parent'
  })
  const child = new greenlet(() => 'of the child', parent)
  yield* parent.switch()
  assert.equal(yield* child.switch(), 'of the parent')
  assert.deepEqual(order, ['of the child'])
  assert.equal(yield* child.switch('through'), 'through')
})

it('the parent can be changed, but not into a circle', function* () {
  const a = new greenlet(() => 1)
  const b = new greenlet(() => 2, a)
  assert.throws(() => {
    a.parent = b
  }, /its own parent/)
  b.parent = greenlet.getcurrent()
  assert.equal(yield* b.switch(), 2)
  assert.equal(yield* a.switch(), 1)
})

it('a bare greenlet may wait for other things: its family goes on when it has', function* (host) {
  const g = new greenlet(function* () {
    yield* sleep(10)
    return 'slept'
  })
  assert.equal(yield* g.switch(), 'slept')
  assert.equal(host.now(), 10)
})

it('a million switches take constant stack', function* () {
  const main = greenlet.getcurrent()
  const g = new greenlet(function* () {
    for (;;) yield* main.switch()
  })
  for (let n = 0; n < 300_000; n++) yield* g.switch()
  yield* g.throw()
})

test('outside of tasks there is nothing to switch between', () => {
  assert.throws(() => new greenlet(() => 1), { code: 'FIBRIL_USAGE' })
})
