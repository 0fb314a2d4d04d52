import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BIG,
  INDEX_SHIFT,
  KNOCK,
  RETURNED,
  RETURNED_LATER,
  THREW,
  THREW_LATER,
  type ToPool,
  UNSENDABLE,
} from '../../src/offload/messages.ts'
import { type Meter, type Served, Server } from '../../src/offload/server.ts'
import { SLOTS, Slots } from '../../src/offload/slots.ts'

/** A worker's side, and the memory that the pool shares with it, in one thread. */
class Desk {
  readonly slots = new Slots()
  readonly sent: ToPool[] = []
  readonly server: Server
  /** Names of the calls that ran. */
  readonly ran: string[] = []
  private lastSlot = -1

  constructor(functions: Record<string, (...args: never[]) => unknown>) {
    const served = new Map<string, Served>()
    for (const [name, body] of Object.entries(functions)) {
      served.set(name, (...args) => {
        this.ran.push(name)
        return (body as Served)(...args)
      })
    }
    const meter: Meter = { always: false, read: () => [-1, -1] }
    // Through a clone, as over the wire.
    this.server = new Server(served, new Slots(this.slots.memory), meter, (message) =>
      this.sent.push(structuredClone(message)),
    )
  }

  /** The fields of one call in a batch. */
  call(index: number, args: unknown[] = [], big = false): unknown[] {
    const slot = ++this.lastSlot
    this.slots.post(slot, 1000 + slot)
    return [slot, 1000 + slot, (index << INDEX_SHIFT) | (big ? BIG : 0), args]
  }

  /** Leaves a call in a slot, which may have been used before. */
  leave(slot: number, id: number, index: number, args: unknown[]): void {
    this.slots.post(slot, id)
    assert.ok(this.slots.send(slot, index << INDEX_SHIFT, args))
  }

  /** The results that were left in slots. */
  left(): unknown[] {
    const { ended } = this.slots
    return Array.from({ length: ended.answerKnock() }, () => this.slots.resultIn(ended.take()))
  }
}

test('plain results are left in their slots, and told of once for a batch', () => {
  const desk = new Desk({ echo: (value: unknown) => value })
  const values = [1, -0.5, Number.NaN, true, false, null, undefined, '', 'text', '\ud83d\ude00', 'x'.repeat(64)]
  desk.server.serve(values.flatMap((value) => desk.call(0, [value])))
  assert.deepEqual(desk.sent, [KNOCK])
  assert.deepEqual(desk.left(), values)
})

test('calls that were left in slots run in the order in which they were entered', () => {
  const desk = new Desk({ echo: (...values: unknown[]) => values.at(-1), two: () => 2 })
  desk.leave(5, 1, 0, ['a', 1.5])
  desk.leave(3, 2, 1, [])
  desk.leave(4, 3, 0, [])
  desk.server.serveSent()
  assert.deepEqual(desk.ran, ['echo', 'two', 'echo'])
  assert.deepEqual(desk.sent, [KNOCK])
  assert.deepEqual(desk.left(), [1.5, 2, undefined])
  desk.server.serveSent()
  assert.equal(desk.ran.length, 3, 'each runs once')
})

test('a call that was left, and then taken back, is passed over, whatever its slot is used for since', () => {
  const desk = new Desk({ echo: (value: unknown) => value })
  for (const slot of [0, 1, 2]) {
    desk.leave(slot, 10 + slot, 0, [`old ${slot}`])
    assert.ok(desk.slots.takeBack(slot, 10 + slot))
  }
  desk.leave(1, 21, 0, ['new'])
  desk.slots.post(2, 22) // goes by message
  desk.server.serveSent()
  assert.deepEqual(desk.left(), ['new'])
  desk.server.serve([2, 22, 0, ['by message']])
  assert.deepEqual(desk.left(), ['by message'])
  assert.equal(desk.ran.length, 2)
})

test('a call is not left in its slot if its function is not known, or the ring is full of calls that were taken back', () => {
  const { slots } = new Desk({})
  slots.post(0, 1)
  assert.equal(slots.send(0, -1 << INDEX_SHIFT, []), false)
  for (let id = 2; id < 2 + SLOTS; id++) {
    slots.post(0, id)
    assert.ok(slots.send(0, 0, []))
    assert.ok(slots.takeBack(0, id))
  }
  slots.post(0, 1000)
  assert.equal(slots.send(0, 0, []), false)
})

test('results can be read before the worker tells of them', () => {
  const seen: unknown[] = []
  const desk: Desk = new Desk({ one: () => 1, look: () => void seen.push(...desk.left()) })
  desk.server.serve([...desk.call(0), ...desk.call(0), ...desk.call(1)])
  assert.deepEqual(seen, [1, 1])
})

test('the pool is not told again before it has looked', () => {
  const desk = new Desk({ one: () => 1 })
  for (let n = 0; n < 3; n++) desk.server.serve(desk.call(0))
  assert.deepEqual(desk.sent, [KNOCK])
  assert.deepEqual(desk.left(), [1, 1, 1])
  desk.server.serve(desk.call(0))
  assert.deepEqual(desk.sent, [KNOCK, KNOCK])
})

test('the pool is told of results before a call begins that may be long', () => {
  const desk: Desk = new Desk({ one: () => 1, long: () => assert.deepEqual(desk.sent, [KNOCK]) })
  desk.server.serve([...desk.call(0), ...desk.call(1, [], true)])
  assert.deepEqual(desk.ran, ['one', 'long'])
  assert.deepEqual(desk.left(), [1, undefined])
})

test('other results are sent at once', () => {
  const desk: Desk = new Desk({ object: () => ({ n: 1 }), look: () => desk.sent.length })
  desk.server.serve([...desk.call(0), ...desk.call(1)])
  assert.deepEqual(desk.left(), [1])
  const [reply] = desk.sent as [[number, number, unknown, number]]
  assert.deepEqual(reply.slice(0, 3), [0, RETURNED, { n: 1 }])
  assert.ok(reply[3] >= 0)
})

test('long texts, big integers and symbols are none for a slot', () => {
  const desk = new Desk({ echo: (value: unknown) => value, symbol: () => Symbol('s') })
  desk.server.serve([...desk.call(0, ['x'.repeat(65)]), ...desk.call(0, [7n]), ...desk.call(1)])
  assert.deepEqual(
    (desk.sent as [number, number, unknown, number][]).map(([slot, how]) => [slot, how]),
    [
      [0, RETURNED],
      [1, RETURNED],
      [2, UNSENDABLE],
    ],
  )
})

test('a call that was taken back is passed over', () => {
  const desk = new Desk({ one: () => 1, two: () => 2 })
  const batch = [...desk.call(0), ...desk.call(1), ...desk.call(0)]
  assert.equal(desk.slots.takeBack(1, 1001), true)
  desk.server.serve(batch)
  assert.deepEqual(desk.ran, ['one', 'one'])
  assert.equal(desk.slots.takeBack(0, 1000), false, 'it has run')
})

test('a call whose slot was given to another is passed over', () => {
  const desk = new Desk({ one: () => 1 })
  const batch = desk.call(0)
  desk.slots.takeBack(0, 1000)
  desk.slots.post(0, 2000)
  desk.server.serve(batch)
  assert.deepEqual(desk.ran, [])
  desk.server.serve([0, 2000, 0, []])
  assert.deepEqual(desk.ran, ['one'])
})

test('a call is seen to run while it does', () => {
  const seen: boolean[] = []
  const desk: Desk = new Desk({ look: () => void seen.push(desk.slots.isRunning(0, 1000)) })
  const batch = desk.call(0)
  seen.push(desk.slots.isRunning(0, 1000))
  desk.server.serve(batch)
  seen.push(desk.slots.isRunning(0, 1000))
  assert.deepEqual(seen, [false, true, false])
})

test('what is thrown is sent as data, and the rest of the batch goes on', () => {
  const desk = new Desk({
    bad: () => {
      throw new TypeError('bad')
    },
    one: () => 1,
  })
  desk.server.serve([...desk.call(0), ...desk.call(1)])
  const [reply] = desk.sent as [[number, number, { error: { name: string; message: string } }, number]]
  assert.deepEqual([reply[1], reply[2].error.name, reply[2].error.message], [THREW, 'TypeError', 'bad'])
  assert.deepEqual(desk.left(), [1])
})

test('a call that waits lets the next begin, and its result is marked as late', async () => {
  let open = (_: unknown): void => {}
  const desk = new Desk({ waits: () => new Promise((resolve) => (open = resolve)), one: () => 1 })
  desk.server.serve([...desk.call(0), ...desk.call(1)])
  assert.deepEqual([desk.left(), desk.slots.wasLate(1)], [[1], false])
  assert.equal(desk.slots.isRunning(0, 1000), true)
  open('late')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(desk.sent, [KNOCK, KNOCK])
  assert.deepEqual([desk.left(), desk.slots.wasLate(0)], [['late'], true])
  assert.equal(desk.slots.isRunning(0, 1000), false)
})

test('several results that come late in one turn are told of once', async () => {
  const desk = new Desk({ later: async (value: unknown) => value })
  desk.server.serve([...desk.call(0, [1]), ...desk.call(0, [2]), ...desk.call(0, [{ n: 3 }])])
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(desk.left(), [1, 2])
  const [knock, reply] = desk.sent[0] === KNOCK ? desk.sent : [...desk.sent].reverse()
  assert.equal(knock, KNOCK)
  assert.deepEqual((reply as unknown[]).slice(0, 3), [2, RETURNED_LATER, { n: 3 }])
  assert.equal(desk.sent.length, 2)
})

test('a thenable that misbehaves fails its own call, once', async () => {
  const desk = new Desk({
    twice: () => ({
      then: (resolve: (value: number) => void) => {
        resolve(1)
        resolve(2)
      },
    }),
    throws: () => ({
      then: () => {
        throw new Error('no')
      },
    }),
    getter: () => ({
      get then(): never {
        throw new Error('not even that')
      },
    }),
  })
  desk.server.serve([...desk.call(0), ...desk.call(1), ...desk.call(2)])
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(desk.left(), [1])
  const replies = desk.sent.filter((message) => message !== KNOCK) as [number, number, unknown, number][]
  assert.deepEqual(
    replies.map(([slot, how]) => [slot, how]),
    [
      [2, THREW],
      [1, THREW_LATER],
    ],
  )
})

test('the ring of results goes round', () => {
  const desk = new Desk({ echo: (n: number) => n })
  for (let n = 0; n < 2000; n++) {
    desk.slots.post(n % 7, n + 1)
    desk.server.serve([n % 7, n + 1, 0, [n]])
    if (n % 5 === 4) assert.deepEqual(desk.left(), [n - 4, n - 3, n - 2, n - 1, n])
  }
})

test('a body is run as a task, and cancelled when nobody wants it, even before its task exists', async () => {
  const cleaned: string[] = []
  const body = function* (name: string): Generator<never, string, unknown> {
    try {
      yield* [] as never[]
      return name
    } finally {
      cleaned.push(name)
    }
  }
  const desk = new Desk({ body })
  desk.server.serve([...desk.call(0, ['run']), ...desk.call(0, ['cancelled'])])
  desk.server.end(1001)
  const replies = (): ToPool[] => desk.sent.filter((message) => message !== KNOCK)
  while (desk.sent.length < 2) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(desk.left(), ['run'])
  assert.match(JSON.stringify(replies()), /^\[\[1,3,.*CancelledError.*its caller was cancelled/)
  assert.deepEqual(cleaned, ['run'])
})
