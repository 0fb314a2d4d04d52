import assert from 'node:assert/strict'
import { type Body, currentLoop, fn, type Operation, sleep, spawn } from '../../src/core/index.ts'
import { type Family, firstConnection, type Plan } from '../../src/net/happy-eyeballs.ts'
import { advance, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

/** A network in which every answer takes its time. */
class Net {
  /** Milliseconds for the answer, and the addresses; or the failure. */
  dns: { [family in Family]: readonly [number, readonly string[] | Error] } = { 6: [0, []], 4: [0, []] }
  /** Milliseconds for the connection; or for its failure, if below zero. Those of others never come. */
  hosts: { [address: string]: number } = {}
  families: readonly Family[] = [6, 4]
  /** What happened, and when. */
  readonly log: string[] = []
  readonly open = new Set<string>()
  readonly failures: unknown[] = []

  connect(): Operation<string | null> {
    const note = (event: string): void => void this.log.push(`${currentLoop().now()} ${event}`)
    const plan: Plan<string> = {
      reason: 'a connection to host:80',
      families: this.families,
      delayMs: 250,
      failures: this.failures,
      ask: fn((family: Family) => this.answer(family)),
      dial: fn((address: string) => this.dial(address, note)),
      discard: (address) => {
        note(`drop ${address}`)
        this.open.delete(address)
      },
    }
    return firstConnection(plan)
  }

  private *answer(family: Family): Body<readonly string[]> {
    const [ms, addresses] = this.dns[family]
    yield* sleep(ms)
    if (addresses instanceof Error) throw addresses
    return addresses
  }

  private *dial(address: string, note: (event: string) => void): Body<string> {
    note(`try ${address}`)
    let done = false
    try {
      const ms = this.hosts[address] ?? Infinity
      yield* sleep(Math.abs(ms))
      done = true
      if (ms < 0) throw new Error(`${address} refused`)
      this.open.add(address)
      return address
    } finally {
      if (!done) note(`give up ${address}`)
    }
  }
}

it('families take turns, IPv6 first, a quarter of a second apart', function* (host) {
  const net = new Net()
  net.dns = { 6: [1, ['6a', '6b', '6c']], 4: [2, ['4a']] }
  net.hosts = { '6c': 10 }
  assert.equal(yield* net.connect(), '6c')
  assert.deepEqual(net.log.slice(0, 4), ['1 try 6a', '251 try 4a', '501 try 6b', '751 try 6c'])
  assert.deepEqual(net.log.slice(4).sort(), ['761 give up 4a', '761 give up 6a', '761 give up 6b'])
  assert.equal(host.now(), 761)
  assert.deepEqual([...net.open], ['6c'])
})

it('the next attempt begins as soon as one has failed', function* () {
  const net = new Net()
  net.dns = { 6: [0, ['6a', '6b']], 4: [0, ['4a', '4b']] }
  net.hosts = { '6a': -10, '4a': -10, '6b': -10, '4b': 5 }
  assert.equal(yield* net.connect(), '4b')
  assert.deepEqual(net.log, ['0 try 6a', '10 try 4a', '20 try 6b', '30 try 4b'])
})

it('a slow attempt may still be the first to succeed', function* () {
  const net = new Net()
  net.dns = { 6: [0, ['6a']], 4: [0, ['4a']] }
  net.hosts = { '6a': 300, '4a': 1000 }
  assert.equal(yield* net.connect(), '6a')
  assert.deepEqual(net.log, ['0 try 6a', '250 try 4a', '300 give up 4a'])
})

it('addresses of IPv4 wait 50 ms for those of IPv6, and no longer', function* () {
  const soon = new Net()
  soon.dns = { 6: [40, ['6a']], 4: [10, ['4a']] }
  soon.hosts = { '6a': 1 }
  assert.equal(yield* soon.connect(), '6a')
  assert.deepEqual(soon.log, ['40 try 6a'])

  const start = currentLoop().now()
  const late = new Net()
  late.dns = { 6: [1000, ['6a']], 4: [10, ['4a']] }
  late.hosts = { '4a': 1 }
  assert.equal(yield* late.connect(), '4a')
  assert.deepEqual(late.log, [`${start + 60} try 4a`])
  assert.equal(currentLoop().now(), start + 61)
})

it('a family without addresses, or without an answer, is none to wait for', function* () {
  for (const answer of [[], new Error('no name server')]) {
    const start = currentLoop().now()
    const net = new Net()
    net.dns = { 6: [20, answer], 4: [10, ['4a']] }
    net.hosts = { '4a': 1 }
    assert.equal(yield* net.connect(), '4a')
    assert.deepEqual(net.log, [`${start + 20} try 4a`])
    assert.deepEqual(net.failures, [])
  }
})

it('addresses that come late are tried after those that have failed', function* () {
  const net = new Net()
  net.dns = { 6: [500, ['6a']], 4: [0, ['4a']] }
  net.hosts = { '4a': -10, '6a': 1 }
  assert.equal(yield* net.connect(), '6a')
  assert.deepEqual(net.log, ['50 try 4a', '500 try 6a'])
})

it('when all have failed, each failure is told, in order', function* (host) {
  const net = new Net()
  net.dns = { 6: [0, ['6a']], 4: [0, ['4a', '4b']] }
  net.hosts = { '6a': -300, '4a': -10, '4b': -1 }
  assert.equal(yield* net.connect(), null)
  assert.deepEqual(net.failures.map(String), ['Error: 4a refused', 'Error: 4b refused', 'Error: 6a refused'])
  assert.equal(host.now(), 300)
})

it('when there is no address, what the questions failed with is told', function* () {
  const net = new Net()
  net.dns = { 6: [5, new Error('nothing')], 4: [1, new Error('nobody')] }
  assert.equal(yield* net.connect(), null)
  assert.deepEqual(net.failures.map(String), ['Error: nobody', 'Error: nothing'])
  const empty = new Net()
  assert.equal(yield* empty.connect(), null)
  assert.deepEqual(empty.failures, [])
})

it('one family alone is asked for nothing else', function* () {
  const net = new Net()
  net.families = [4]
  net.dns = { 6: [0, ['6a']], 4: [30, ['4a']] }
  net.hosts = { '4a': 1, '6a': 1 }
  assert.equal(yield* net.connect(), '4a')
  assert.deepEqual(net.log, ['30 try 4a'])
})

it.many('of two that succeed at the same moment one is taken, and the other let go', function* () {
  const net = new Net()
  net.dns = { 6: [0, ['6a']], 4: [0, ['4a']] }
  net.hosts = { '6a': 260, '4a': 10 }
  const connection = yield* net.connect()
  assert.deepEqual([...net.open], [connection])
})

it(
  'a cancel at any moment gives up what is under way, and leaves nothing open',
  function* () {
    for (let at = 0; at <= 300; at += 10) {
      const net = new Net()
      net.dns = { 6: [20, ['6a', '6b']], 4: [10, ['4a']] }
      net.hosts = { '6b': 100 }
      const task = spawn(net.connect())
      yield* advance(at)
      yield* waitAllBlocked()
      if (task.state === 'parked') assert.equal(task.reason, 'a connection to host:80')
      task.cancel()
      yield* waitAllBlocked()
      assert.equal(task.state, 'ended')
      const tried = net.log.filter((line) => line.includes('try')).length
      assert.equal(net.log.filter((line) => line.includes('give up')).length, tried)
      assert.equal(net.open.size, 0)
    }
  },
  { autojump: false },
)

it.many('a cancel at the moment of success leaves nothing open, or a connection with who asked', function* () {
  const net = new Net()
  net.dns = { 6: [0, ['6a']], 4: [0, []] }
  net.hosts = { '6a': 10 }
  let got: string | null = null
  const task = spawn(function* () {
    got = yield* net.connect()
    yield* sleep(1000)
  })
  yield* sleep(10)
  task.cancel()
  yield* waitAllBlocked()
  assert.equal(net.open.size, got === null ? 0 : 1)
})
