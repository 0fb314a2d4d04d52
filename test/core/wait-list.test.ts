import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyError, ListedWait, NOT_YET, spawn, type Task, type Waiter, WaitList } from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'

class Place extends ListedWait<string> {
  readonly line: WaitList<Place>
  readonly name: string
  ready: string | null = null

  constructor(line: WaitList<Place>, name = '') {
    super()
    this.line = line
    this.name = name
  }

  override get reason(): string {
    return `place ${this.name}`
  }

  override attempt(): string | typeof NOT_YET {
    return this.ready ?? NOT_YET
  }
}

const nobody: Waiter<string> = { resume: () => {}, reject: () => {}, waitingTask: null }

function names(line: WaitList<Place>): string[] {
  return [...line].map((place) => place.name)
}

test('a line is first in, first out, and knows its size and its first', () => {
  const line = new WaitList<Place>()
  assert.deepEqual([line.size, line.first, line.shift()], [0, null, null])
  const places = ['a', 'b', 'c'].map((name) => new Place(line, name))
  for (const place of places) line.push(place)
  assert.deepEqual(names(line), ['a', 'b', 'c'])
  assert.equal(line.first, places[0])
  assert.equal(line.shift(), places[0])
  line.push(places[0] as Place)
  assert.deepEqual([line.shift()?.name, line.shift()?.name, line.shift()?.name, line.shift()], ['b', 'c', 'a', null])
  assert.equal(line.size, 0)
})

test('one may leave from any place in the line', () => {
  for (const leaves of ['a', 'b', 'c', 'ab', 'ba', 'ac', 'ca', 'bc', 'cb', 'abc', 'cba', 'bac']) {
    const line = new WaitList<Place>()
    const places = new Map(['a', 'b', 'c'].map((name) => [name, new Place(line, name)]))
    for (const place of places.values()) line.push(place)
    for (const name of leaves) line.remove(places.get(name) as Place)
    const left = ['a', 'b', 'c'].filter((name) => !leaves.includes(name))
    assert.deepEqual(names(line), left, leaves)
    assert.equal(line.size, left.length)
    assert.equal(line.first?.name, left[0])
    // And what is left is whole.
    for (const name of leaves) line.push(places.get(name) as Place)
    assert.deepEqual(names(line), [...left, ...leaves])
  }
})

test('random joining, leaving and serving is as a plain list would do it', () => {
  let seed = 1
  const random = (n: number) => {
    seed = Math.imul(seed, 1103515245) + 12345
    return (seed >>> 8) % n
  }
  const line = new WaitList<Place>()
  const model: Place[] = []
  let next = 0
  for (let step = 0; step < 20_000; step++) {
    switch (random(3)) {
      case 0: {
        const place = new Place(line, `${next++}`)
        line.push(place)
        model.push(place)
        break
      }
      case 1:
        assert.equal(line.shift(), model.shift() ?? null)
        break
      case 2:
        if (model.length > 0) line.remove(model.splice(random(model.length), 1)[0] as Place)
    }
    assert.equal(line.size, model.length)
    assert.equal(line.first, model[0] ?? null)
  }
  assert.deepEqual([...line], model)
})

it('waiting is joining the line, a cancel is leaving it, and serving runs nobody at once', function* () {
  const line = new WaitList<Place>()
  const tasks = new Map(['a', 'b', 'c'].map((name) => [name, spawn.detached(new Place(line, name))]))
  yield* waitAllBlocked()
  const [first, second, third] = names(line).map((name) => tasks.get(name)) as [
    Task<string>,
    Task<string>,
    Task<string>,
  ]
  second.cancel('why')
  assert.equal(line.size, 2)
  line.shift()?.resume('served')
  line.shift()?.reject(new Error('refused'))
  assert.deepEqual([first.state, third.state, line.size], ['ready', 'ready', 0])
  assert.deepEqual(
    [yield* endingText(first), yield* endingText(second), yield* endingText(third)],
    ['done: served', 'cancelled: why', 'failed: refused'],
  )
})

it('one that is ready does not join the line', function* () {
  const line = new WaitList<Place>()
  const place = new Place(line)
  place.ready = 'ready'
  assert.equal(yield* place, 'ready')
  assert.equal(line.size, 0)
})

test('one that became ready meanwhile is woken by install, and does not join', () => {
  const line = new WaitList<Place>()
  const place = new Place(line)
  place.ready = 'ready'
  const woken: string[] = []
  place.install({ ...nobody, resume: (value) => woken.push(value) })
  assert.deepEqual(woken, ['ready'])
  assert.equal(line.size, 0)
})

test('installed twice is a BusyError, and the first stays in line', () => {
  const line = new WaitList<Place>()
  const place = new Place(line)
  place.install(nobody)
  assert.throws(() => place.install(nobody), BusyError)
  assert.equal(line.size, 1)
  place.uninstall()
  assert.equal(line.size, 0)
  place.install(nobody)
  line.shift()?.resume('served')
  place.install(nobody)
  assert.equal(line.size, 1)
  line.shift()?.reject(new Error('refused'))
  place.install(nobody)
  assert.equal(line.size, 1)
})

it('a waiter that is served and cancelled in one turn keeps what it was served', function* () {
  const line = new WaitList<Place>()
  const task = spawn(new Place(line))
  yield* waitAllBlocked()
  line.shift()?.resume('served')
  task.cancel()
  assert.equal((yield* ending(task)).status, 'done')
})
