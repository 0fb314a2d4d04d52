import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argumentsKind, type Cost, FunctionCosts, type Kind, LONG, MIDDLE, SHORT } from '../../src/offload/cost.ts'
import type { Standing } from '../../src/offload/line.ts'

interface Call extends Standing<Call> {}
const newCost = (): Cost<Call> => new FunctionCosts<Call>(20).of(0)

/** Numbers from 0 to 1 that look random, the same each time. */
function* dice(seed: number): Generator<number, never> {
  for (let n = seed; ; ) {
    n = (Math.imul(n, 1664525) + 1013904223) >>> 0
    yield n / 2 ** 32
  }
}

test('a newcomer is neither short nor long', () => {
  assert.equal(newCost().kind, MIDDLE)
})

test('three quick runs make a call short, sixteen make it trivial', () => {
  const cost = newCost()
  const kinds: Kind[] = []
  for (let run = 1; run <= 16; run++) {
    assert.equal(cost.trivial, false)
    cost.learn(5, true)
    kinds.push(cost.kind)
  }
  assert.deepEqual(kinds.slice(0, 4), [MIDDLE, MIDDLE, SHORT, SHORT])
  assert.equal(cost.trivial, true)
})

test('a call that takes more than the limit for inline runs is short and never trivial', () => {
  const cost = newCost()
  for (let run = 0; run < 1000; run++) cost.learn(25, true)
  assert.equal(cost.kind, SHORT)
  assert.equal(cost.trivial, false)
})

test('a call that waits for something is never trivial', () => {
  const cost = newCost()
  for (let run = 0; run < 1000; run++) cost.learn(5, run % 10 > 0)
  assert.equal(cost.trivial, false)
})

test('one slow run is forgiven after as many quick ones as fit into it', () => {
  const cost = newCost()
  for (let run = 0; run < 3; run++) cost.learn(5, true)
  cost.learn(10_000, true)
  const after: Kind[] = []
  for (let run = 0; run < 10; run++) {
    cost.learn(5, true)
    after.push(cost.kind)
  }
  assert.deepEqual(after, [...new Array<Kind>(9).fill(MIDDLE), SHORT])
})

test('one long run makes a newcomer long', () => {
  const cost = newCost()
  cost.learn(3e6, true)
  assert.equal(cost.kind, LONG)
})

test('what has become quick for good is found to be short in the end', () => {
  const cost = newCost()
  for (let run = 0; run < 100; run++) cost.learn(3e7, true)
  for (let run = 0; run < 10_000; run++) cost.learn(5, true)
  assert.equal(cost.kind, SHORT)
})

test('a call that is quick nine times and slow the tenth is never short for long, nor ever inline', () => {
  const cost = newCost()
  const random = dice(7)
  let short = 0
  for (let run = 0; run < 10_000; run++) {
    if (cost.kind === SHORT) short++
    assert.ok(!cost.trivial || run < 100)
    cost.learn(random.next().value < 0.1 ? 100_000 : 5, true)
  }
  assert.ok(short < 100, `${short} of 10000`)
})

test('a run that goes on too long takes the privileges away before it ends', () => {
  const cost = newCost()
  for (let run = 0; run < 100; run++) cost.learn(5, true)
  cost.overrun(5001)
  assert.equal(cost.kind, MIDDLE)
  assert.equal(cost.trivial, false)
  cost.overrun(50_001)
  assert.equal(cost.kind, LONG)
})

test('one expensive inline run ends inline runs, until runs in workers have earned them back', () => {
  const cost = newCost()
  for (let run = 0; run < 16; run++) cost.learn(5, true)
  cost.ranInline(500)
  assert.equal(cost.trivial, false)
  for (let run = 0; run < 100; run++) cost.ranInline(1)
  assert.equal(cost.trivial, false)
  for (let run = 0; run < 10; run++) {
    assert.equal(cost.trivial, false)
    cost.learn(5, true)
  }
  assert.equal(cost.trivial, true)
})

test('what misjudged inline runs cost is paid for by runs in workers, whatever the costs are', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = dice(seed)
    const cost = newCost()
    const slowPart = random.next().value ** 3
    const slowMicros = 10 ** (2 + 4 * random.next().value)
    let lost = 0
    let worst = 0
    let paid = 0
    for (let run = 0; run < 20_000; run++) {
      const micros = random.next().value < slowPart ? slowMicros : 5
      if (cost.trivial) {
        cost.ranInline(micros)
        if (micros > 20) lost += micros
        worst = Math.max(worst, micros)
      } else {
        cost.learn(micros, true)
        if (micros <= 20) paid += 50
      }
    }
    assert.ok(lost <= paid + worst, `seed ${seed}: lost ${lost} µs, paid ${paid} µs`)
  }
})

test('an unfit call never runs inline', () => {
  const cost = newCost()
  cost.unfit()
  for (let run = 0; run < 100; run++) cost.learn(5, run !== 50)
  assert.equal(cost.trivial, false)
})

test('small integers are each a kind of their own', () => {
  const kinds = new Set<number>()
  for (let n = -64; n <= 64; n++) kinds.add(argumentsKind([n]))
  assert.equal(kinds.size, 129)
})

test('large numbers share a kind with what is nearly as large', () => {
  assert.equal(argumentsKind([1_000_000]), argumentsKind([1_000_001]))
  assert.notEqual(argumentsKind([1_000_000]), argumentsKind([2_000_000]))
  assert.notEqual(argumentsKind([1_000_000]), argumentsKind([-1_000_000]))
  assert.equal(argumentsKind([10n ** 18n]), argumentsKind([10n ** 18n + 1n]))
  for (const odd of [Number.NaN, Infinity, -Infinity, -0, 1e300]) assert.ok(argumentsKind([odd]) > 0)
})

test('what has a length is told apart by the length', () => {
  const sized = [
    (n: number) => 'x'.repeat(n),
    (n: number) => new Array<number>(n).fill(0),
    (n: number) => new Uint8Array(n),
    (n: number) => new ArrayBuffer(n),
    (n: number) => new Set(Array.from({ length: n }, (_, i) => i)),
  ]
  for (const make of sized) {
    assert.equal(argumentsKind([make(1000)]), argumentsKind([make(1001)]))
    assert.notEqual(argumentsKind([make(1000)]), argumentsKind([make(3000)]))
  }
})

test('the first three arguments count, and how many there are', () => {
  assert.notEqual(argumentsKind([1, 2]), argumentsKind([2, 1]))
  assert.notEqual(argumentsKind([]), argumentsKind([undefined]))
  assert.notEqual(argumentsKind([undefined]), argumentsKind([undefined, undefined]))
  assert.notEqual(argumentsKind([true]), argumentsKind([false]))
  assert.equal(argumentsKind([1, 2, 3, 4]), argumentsKind([1, 2, 3, 5]))
})

test('a function whose arguments are of too many kinds is judged as a whole', () => {
  const costs = new FunctionCosts<Call>(20)
  const many = new Set<Cost<Call>>()
  for (let kind = 0; kind < 1000; kind++) many.add(costs.of(kind))
  assert.equal(many.size, 257)
  assert.equal(costs.of(1), costs.of(2))
})
