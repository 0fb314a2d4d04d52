import assert from 'node:assert/strict'
import { type Body, fn, sleep, spawn, suspend, yieldNow } from '../../src/core/index.ts'

/** Programs with one planted race each. All are right in the natural order. */

/** A lock in its smallest form: who unlocks hands it to the first in line. */
class Lock {
  private held = false
  private readonly line: ((value: void) => void)[] = []

  readonly lock = fn(function* (this: Lock) {
    if (this.held) {
      yield* suspend<void>('the lock', (wake) => {
        this.line.push(wake)
        return () => this.line.splice(this.line.indexOf(wake), 1)
      })
    }
    this.held = true
  })

  unlock(): void {
    const next = this.line.shift()
    if (next === undefined) this.held = false
    else next()
  }
}

/** Reads, parks, writes: right as long as no two deposits overlap. */
export function* lostUpdate(): Body<void> {
  let balance = 0
  const quiet = 3
  const deposit = fn(function* (pauses: number) {
    for (let i = 0; i < pauses; i++) yield* yieldNow()
    const before = balance
    yield* yieldNow()
    balance = before + 1
  })
  const deposits = [0, quiet, 2 * quiet].map((pauses) => spawn(deposit(pauses)))
  for (const each of deposits) yield* each
  assert.equal(balance, 3)
}

/** Two tasks take two locks in opposite order; the second comes later. */
export function* lockOrder(): Body<void> {
  const a = new Lock()
  const b = new Lock()
  const both = fn(function* (pauses: number, first: Lock, second: Lock) {
    for (let i = 0; i < pauses; i++) yield* yieldNow()
    yield* first.lock()
    yield* yieldNow()
    yield* second.lock()
    second.unlock()
    first.unlock()
  })
  spawn(both(0, a, b))
  spawn(both(4, b, a))
}

/** The consumer looks, parks, and only then goes to sleep: a signal in between wakes nobody. */
export function* lostWakeUp(): Body<void> {
  let items = 0
  const sleepers: ((value: void) => void)[] = []
  spawn(function* consumer() {
    if (items === 0) {
      yield* yieldNow()
      yield* suspend<void>('an item', (wake) => void sleepers.push(wake))
    }
    items--
  })
  spawn(function* producer() {
    for (let i = 0; i < 4; i++) yield* yieldNow()
    items++
    sleepers.shift()?.()
  })
}

/** Fails if the three run in just this order, of six. */
export function* oneOrder(): Body<void> {
  let order = ''
  for (const name of ['a', 'b', 'c']) {
    spawn(function* () {
      for (let i = 0; i < 2; i++) yield* yieldNow()
      order += name
    })
  }
  yield* sleep(1)
  assert.notEqual(order, 'cba')
}

/** Fails if one task takes all its steps before another takes its second. */
export function* farAhead(): Body<void> {
  let slow = 0
  spawn(function* () {
    yield* yieldNow()
    slow++
  })
  spawn(function* () {
    for (let i = 0; i < 24; i++) yield* yieldNow()
    assert.equal(slow, 1)
  })
}
