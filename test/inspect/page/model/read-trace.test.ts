import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run, sleep, spawn } from '../../../../src/index.ts'
import { recordTrace } from '../../../../src/inspect/index.ts'
import { firstAfter, readTrace, STEP, TraceError } from '../../../../src/inspect/page/model/read-trace.ts'

const step = (tid: number, ts: number, dur: number) => ({ ph: 'X', cat: 'step', name: 'a', tid, ts, dur })
const park = (tid: number, ts: number, dur: number, name: string) => ({ ph: 'X', cat: 'park', name, tid, ts, dur })

describe('readTrace', () => {
  it('puts the spans of each task into a lane, in order, and colours waits by their sort', () => {
    const traceEvents = [
      { ph: 'M', name: 'thread_name', tid: 1, args: { name: 'a #1' } },
      park(1, 110, 50, 'lock "x"'),
      step(1, 160, 5),
      step(1, 100, 10),
      park(1, 165, 500, '7 ms to pass'),
      park(2, 120, 20, 'lock "y"'),
      { ph: 's', id: 1, tid: 2, ts: 150 },
      { ph: 'f', id: 1, tid: 1, ts: 160 },
      { ph: 'b', id: 9, name: 'fib', tid: 2, ts: 130 },
      { ph: 'e', id: 9, name: 'fib', tid: 2, ts: 139 },
      { ph: 'C', name: 'loop', tid: 0, ts: 120, args: { lagMs: 3, ready: 2 } },
    ]
    const { lanes, kinds, length, lags, texts } = readTrace(JSON.stringify({ traceEvents }))
    assert.deepEqual(kinds, [
      { name: 'a step', us: 15 },
      { name: 'some time to pass', us: 500 },
      { name: 'lock', us: 70 },
    ])
    assert.equal(length, 565)
    assert.deepEqual(lags, [{ at: 20, lagMs: 3, ready: 2 }])
    const [first, second] = lanes
    assert.equal(first?.name, 'a #1')
    assert.deepEqual([...(first?.starts ?? [])], [0, 10, 60, 65])
    assert.deepEqual([...(first?.kinds ?? [])], [STEP, 2, STEP, 1])
    assert.deepEqual(first?.wakes, [{ at: 60, from: 50, by: 2 }])
    assert.equal(texts[first?.texts[1] ?? 0], 'lock "x"')
    assert.deepEqual(second?.calls, [{ name: 'fib', start: 30, end: 39 }])
  })

  it('reads what the recorder writes', async () => {
    let text = ''
    const trace = recordTrace((part) => {
      text += part
    })
    await run(function* main() {
      for (let i = 0; i < 3; i++) spawn(sleep(1), { name: 'nap' })
    })
    trace.stop()
    const { lanes, kinds } = readTrace(text)
    assert.equal(lanes.filter(({ name }) => name.startsWith('nap #')).length, 3)
    assert.ok(kinds.some(({ name }) => name === 'some time to pass'))
    for (const { starts, ends } of lanes)
      for (let i = 1; i < starts.length; i++) assert.ok((starts[i] as number) >= (ends[i - 1] as number) - 0.002)
  })

  for (const [what, text] of [
    ['no JSON', '{"traceEvents":[{"ph"'],
    ['no events', '{"a":1}'],
    ['nothing that happened', '[{"ph":"M","name":"process_name"}]'],
  ] as const)
    it(`refuses a file with ${what}`, () => assert.throws(() => readTrace(text), TraceError))
})

describe('firstAfter', () => {
  it('finds the first number that is more', () => {
    const numbers = Float64Array.of(1, 3, 3, 7)
    assert.deepEqual(
      [0, 1, 3, 6, 7].map((value) => firstAfter(numbers, value)),
      [0, 1, 3, 3, 4],
    )
  })
})
