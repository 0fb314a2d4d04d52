import assert from 'node:assert/strict'
import { Deferred, Failure, fail, succeed } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { resultNow } from './fired.ts'

const MANY = 100_000

it('a chain of 10^5 Deferreds that wait for one another resolves in a constant stack, built from either end', () => {
  for (const order of ['outermost first', 'innermost first']) {
    const all = Array.from({ length: MANY }, () => new Deferred<string>())
    const last = all[MANY - 1] as Deferred<string>
    for (const [i, deferred] of all.entries()) if (deferred !== last) deferred.addCallback(() => all[i + 1])
    const firing = all.slice(0, -1)
    if (order === 'innermost first') firing.reverse()
    for (const deferred of firing) deferred.callback('go')
    last.callback('end')
    assert.equal(resultNow(all[0] as Deferred<string>), 'end')
  }
})

it('10^5 callbacks that return Deferreds which have fired run in a constant stack', () => {
  const deferred = new Deferred<number>()
  let end: Deferred<number> = deferred
  for (let i = 0; i < MANY; i++) end = end.addCallback((n) => succeed(n + 1))
  deferred.callback(0)
  assert.equal(resultNow(end), MANY)
})

it('chainDeferred through 10^5 Deferreds runs in a constant stack', () => {
  const all = Array.from({ length: MANY }, () => new Deferred<number>())
  for (let i = 1; i < MANY; i++) all[i - 1]?.chainDeferred(all[i] as Deferred<number>)
  all[0]?.callback(5)
  assert.equal(resultNow(all[MANY - 1] as Deferred<number>), 5)
})

it('a callback that makes another fired Deferred with itself as callback, 10^6 times, runs in a constant stack', () => {
  let n = 0
  let sum = 0
  const again = (i: number): void => {
    sum += i
    if (++n < 1_000_000) succeed(n).addCallback(again)
  }
  succeed(0).addCallback(again)
  assert.equal(sum, (1_000_000 * 999_999) / 2)
})

it('the same by return, so that each waits for the next', () => {
  let n = 0
  const again = (): unknown => (++n < MANY ? succeed(n).addCallback(again) : 'end')
  assert.equal(resultNow(succeed(0).addCallback(again)), 'end')
})

it('callbacks of callbacks run at once as long as they nest no deeper than a hundred', () => {
  const nest = (left: number): number => {
    if (left === 0) return 0
    let depth = -1
    succeed(left).addCallback(() => {
      depth = nest(left - 1) + 1
    })
    return depth
  }
  assert.equal(nest(99), 99)
})

it('one that nests deeper runs as soon as the callback that caused it has returned, before that one goes on', () => {
  const order: string[] = []
  const nest = (left: number): void => {
    if (left > 0) {
      succeed(0).addCallback(() => nest(left - 1))
      return
    }
    succeed(0)
      .addCallback(() => {
        for (const name of ['first', 'second']) succeed(name).addCallback((text) => void order.push(text))
        order.push('caused')
      })
      .addCallback(() => void order.push('after'))
  }
  nest(99)
  assert.deepEqual(order, ['caused', 'first', 'second', 'after'])
})

it('random chains take the way that the rules say', () => {
  let state = 12_345
  const random = (n: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % n
  }
  for (let round = 0; round < 500; round++) {
    // What each half of a pair does, and by whom it is fired when it gives a Deferred.
    const pending: Deferred<string>[] = []
    const expected: string[] = []
    const seen: string[] = []
    let lane = random(2)
    let value = 'start'
    const deferred = new Deferred<string>()
    const fireFirst = random(2) === 0
    const fire = (): void => (lane0 === 0 ? deferred.callback('start') : deferred.errback(new Error('start')))
    const lane0 = lane
    if (fireFirst) fire()
    for (let i = 0; i < 1 + random(12); i++) {
      const halves = [0, 1].map((side) => ({ side, kind: random(7), name: `${round}.${i}.${side}` }))
      const step = (half: { side: number; kind: number; name: string }) =>
        half.kind === 0
          ? null
          : (result: unknown): unknown => {
              seen.push(`${half.name} ${result instanceof Failure ? result.getErrorMessage() : result}`)
              return act(half.kind, half.name)
            }
      const act = (kind: number, name: string): unknown => {
        if (kind === 1) throw new Error(name)
        if (kind === 2) return new Failure(new Error(name))
        if (kind === 3) return succeed(name)
        if (kind === 4) return fail(new Error(name))
        if (kind === 5) {
          const later = new Deferred<string>()
          pending.push(later)
          return later.addCallback(() => name)
        }
        return name
      }
      const [callback, errback] = halves.map(step)
      deferred.addCallbacks((callback as never) ?? ((result: string) => result), errback as never)
      const taken = halves[lane]
      if (taken !== undefined && taken.kind > 0) {
        expected.push(`${taken.name} ${value}`)
        value = taken.name
        lane = [1, 2, 4].includes(taken.kind) ? 1 : 0
      }
    }
    if (!fireFirst) fire()
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) next.callback('later')
    assert.deepEqual(seen, expected)
    let end: unknown
    deferred.addBoth((result) => {
      end = result instanceof Failure ? `failed ${result.getErrorMessage()}` : result
    })
    assert.equal(end, lane === 1 ? `failed ${value}` : value)
  }
})
