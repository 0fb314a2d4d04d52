import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lanes } from '../../src/offload/lanes.ts'
import type { Standing } from '../../src/offload/line.ts'

class Person implements Standing<Person> {
  before: Person | null = null
  after: Person | null = null
  readonly name: string
  readonly priority: number

  constructor(name: string, priority: number) {
    this.name = name
    this.priority = priority
  }
}

function lanesOf(...people: readonly Person[]): Lanes<Person> {
  const lanes = new Lanes<Person>()
  for (const person of people) lanes.push(person, person.priority)
  return lanes
}

function drain(lanes: Lanes<Person>): string {
  const names: string[] = []
  for (let first = lanes.first; first !== null; first = lanes.first) {
    names.push(first.name)
    lanes.remove(first, first.priority)
  }
  return names.join(' ')
}

test('greater priorities come first, equal ones in their order', () => {
  const people = [0, 5, -1, 0, 5, 0.5, -1].map((priority, i) => new Person(`${i}`, priority))
  const lanes = lanesOf(...people)
  assert.deepEqual([lanes.size, lanes.priority], [7, 5])
  assert.equal([...lanes].map(({ name }) => name).join(' '), '1 4 5 0 3 2 6')
  assert.equal(drain(lanes), '1 4 5 0 3 2 6')
  assert.deepEqual([lanes.size, lanes.priority, lanes.first], [0, -Infinity, null])
})

test('anybody can be taken out, also while one goes through', () => {
  const people = [1, 0, 1, -3].map((priority, i) => new Person(`${i}`, priority))
  const lanes = lanesOf(...people)
  for (const person of lanes) if (person.name !== '1') lanes.remove(person, person.priority)
  assert.equal(drain(lanes), '1')
})

test('the greatest priority is that of somebody who stands there', () => {
  const low = new Person('low', -2)
  const lanes = lanesOf(low)
  assert.equal(lanes.priority, -2)
  const plain = new Person('plain', 0)
  lanes.push(plain, 0)
  assert.equal(lanes.priority, 0)
  lanes.remove(plain, 0)
  assert.equal(lanes.first, low)
})

test('many priorities are kept in order', () => {
  const people = Array.from({ length: 2000 }, (_, i) => new Person(`${i}`, (i * 7919) % 997))
  const names = drain(lanesOf(...people)).split(' ')
  const sorted = [...people].sort((a, b) => b.priority - a.priority || people.indexOf(a) - people.indexOf(b))
  assert.deepEqual(
    names,
    sorted.map(({ name }) => name),
  )
})
