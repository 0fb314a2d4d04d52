import assert from 'node:assert/strict'
import { coroutine, drawFlow, IOLoop, recordFlow, sleep } from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'

it('draws the run that happened: from runSync, through every coroutine, to its end', function* () {
  const getUrl = coroutine(function* getUrl(ms: number) {
    yield sleep(ms)
    return ms
  })
  const outer = coroutine(function* outer() {
    return yield [getUrl(1), getUrl(2)]
  })
  const recording = recordFlow()
  assert.deepEqual(yield* IOLoop.current().runSync(outer), [1, 2])
  const record = recording.stop()
  const { text, svg } = drawFlow(record)
  const lines = text.split('\n').map((line) => line.replace(/ +/g, ' '))
  const order = [
    'outer is started',
    'getUrl is started by outer',
    'getUrl waits for',
    'outer waits for',
    'getUrl has ended',
    'outer has ended',
  ]
  let at = -1
  for (const start of order) {
    at = lines.findIndex((line, i) => i > at && line.startsWith(start))
    assert.ok(at >= 0, `${start} …\n${text}`)
  }
  assert.equal(lines.filter((line) => line.startsWith('getUrl has ended')).length, 2)
  assert.match(svg, /^<svg [\s\S]*<\/svg>$/)
  assert.equal(svg.match(/<circle/g)?.length, record.events.length)
  assert.ok(!/NaN|undefined/.test(svg))
})

it('names with letters that SVG knows are escaped, and nothing is recorded after stop', function* () {
  const recording = recordFlow()
  yield* coroutine(
    Object.defineProperty(
      function* () {
        yield null
      },
      'name',
      { value: '<b>&' },
    ),
  )()
  const record = recording.stop()
  const { length } = record.events
  yield* coroutine(function* () {
    yield null
  })()
  assert.equal(record.events.length, length)
  assert.ok(!drawFlow(record).svg.includes('<b>'))
})
