import assert from 'node:assert/strict'
import { Backoff, type BackoffOptions } from '../../../src/net/index.ts'
import { it } from '../../support/it.ts'

const take = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.next().value)

it('pauses grow by the factor up to the longest, and a reset begins anew', () => {
  const backoff = new Backoff({ baseMs: 10, factor: 3, maxMs: 200, jitter: 'none' })
  assert.deepEqual(take(backoff, 5), [10, 30, 90, 200, 200])
  assert.equal(backoff.attempts, 5)
  backoff.reset()
  assert.equal(backoff.attempts, 0)
  assert.deepEqual(take(backoff, 2), [10, 30])
})

it('each jitter stays within its bounds, and uses them', () => {
  const pure = take(new Backoff({ baseMs: 100, maxMs: 10_000, jitter: 'none' }), 20)
  const spread = { equal: [0.5, 1], full: [0, 1] } as const
  for (const jitter of ['equal', 'full'] as const) {
    const parts: number[] = []
    for (let seed = 1; seed <= 200; seed++) {
      take(new Backoff({ baseMs: 100, maxMs: 10_000, jitter, seed }), 20).forEach((pause, i) => {
        parts.push(pause / (pure[i] as number))
      })
    }
    const [low, high] = spread[jitter]
    assert.ok(Math.min(...parts) >= low && Math.min(...parts) < low + 0.01, `${jitter}: ${Math.min(...parts)}`)
    assert.ok(Math.max(...parts) <= high && Math.max(...parts) > high - 0.01, `${jitter}: ${Math.max(...parts)}`)
    const mean = parts.reduce((sum, part) => sum + part) / parts.length
    assert.ok(Math.abs(mean - (low + high) / 2) < 0.02, `${jitter}: mean ${mean}`)
  }
})

it('a decorrelated pause lies between the first and the factor times the one before', () => {
  for (let seed = 0; seed < 100; seed++) {
    let before = 100
    for (const pause of take(new Backoff({ factor: 3, maxMs: 5000, jitter: 'decorrelated', seed }), 50)) {
      assert.ok(pause >= 100 && pause <= Math.min(5000, 3 * before))
      before = pause
    }
  }
})

it('the same seed gives the same pauses, another seed others', () => {
  for (const jitter of ['equal', 'full', 'decorrelated'] as const) {
    for (const seed of [0, 1, 2 ** 32 - 1]) {
      assert.deepEqual(take(new Backoff({ jitter, seed }), 50), take(new Backoff({ jitter, seed }), 50))
      assert.notDeepEqual(take(new Backoff({ jitter, seed }), 5), take(new Backoff({ jitter, seed: seed + 1 }), 5))
    }
  }
})

it('its policy is plain data, of which another can be made', () => {
  const { policy } = new Backoff({ baseMs: 5, seed: 7 })
  assert.deepEqual({ ...policy }, { baseMs: 5, factor: 2, maxMs: 30_000, jitter: 'equal', seed: 7 })
  assert.ok(Object.isFrozen(policy))
  assert.deepEqual(take(new Backoff(JSON.parse(JSON.stringify(policy))), 5), take(new Backoff(policy), 5))
})

it('a policy that makes no sense is refused', () => {
  const wrong: BackoffOptions[] = [
    { baseMs: -1 },
    { baseMs: Number.NaN },
    { factor: 0.5 },
    { baseMs: 100, maxMs: 50 },
    { jitter: 'some' as 'none' },
  ]
  for (const options of wrong) assert.throws(() => new Backoff(options), { code: 'FIBRIL_USAGE' })
})
