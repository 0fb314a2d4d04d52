import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawSvg, drawText, parseChain, simulate } from '../../../src/twisted/simulator/index.ts'

const zigZag = () => simulate(parseChain('callback 1\nthrow RangeError: far\n| give 2\nlater 3'))

test('text shows the path from lane to lane, in thick lines', async () => {
  assert.equal(
    drawText(await zigZag()),
    `
      callbacks                  errbacks
     callback(1)
                 ┃
     ┏━━━━━━━━━━━┻━━━━━━━━━━━┓  ┌───────────────────────┐
  0  ┃ throw RangeError: far ┃  │ pass                  │  threw
     ┗━━━━━━━━━━━┳━━━━━━━━━━━┛  └───────────────────────┘
                 ┗━━━━━━━━━━━━━━━━━━━━━━━━━━┓ RangeError: far
     ┌───────────────────────┐  ┏━━━━━━━━━━━┻━━━━━━━━━━━┓
  1  │ pass                  │  ┃ give 2                ┃
     └───────────────────────┘  ┗━━━━━━━━━━━┳━━━━━━━━━━━┛
                 ┏━━━━━━━━━━━━━━━━━━━━━━━━━━┛
                 ┃ 2
     ┏━━━━━━━━━━━┻━━━━━━━━━━━┓  ┌───────────────────────┐
  2  ┃ later 3               ┃  │ pass                  │  gave a Deferred
     ┗━━━━━━━━━━━┳━━━━━━━━━━━┛  └───────────────────────┘
                 ▼
                 3  the result`.slice(1),
  )
})

test('what has not run, or not yet, is thin, and the reason stands below', async () => {
  const waiting = await simulate(parseChain('give 1\n| give 2'))
  assert.equal(
    drawText(waiting),
    `
      callbacks   errbacks
     ┌────────┐  ┌────────┐
  0  │ give 1 │  │ pass   │
     └────────┘  └────────┘
     ┌────────┐  ┌────────┐
  1  │ pass   │  │ give 2 │
     └────────┘  └────────┘
     not fired`.slice(1),
  )
})

test('a long label is cut, and nothing in a label or an error steers the terminal', async () => {
  const evil = `a${'\x1b'}[31m\u0007b\nc`
  const trace = await simulate((deferred) => {
    deferred.addCallback(
      Object.defineProperty(
        () => {
          throw new Error(evil)
        },
        'name',
        { value: `${evil}${'long '.repeat(20)}` },
      ),
    )
  }, evil)
  for (const colour of [false, true]) {
    const text = drawText(trace, { colour, maxLabel: 12 })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
    assert.doesNotMatch(text.replace(/\x1b\[(?:32|31|90|39)m/g, ''), /[\x00-\x09\x0b-\x1f\x7f]/)
    assert.match(text, /…/)
  }
})

test('colours are those of the lanes', async () => {
  const text = drawText(await zigZag(), { colour: true })
  assert.ok(text.includes('\x1b[32mcallback(1)\x1b[39m'))
  assert.ok(text.includes(' RangeError: far\x1b[39m'))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  assert.equal(text.replace(/\x1b\[\d+m/g, ''), drawText(await zigZag()))
})

test('SVG has a box for each half and a path for each step of the way', async () => {
  const svg = drawSvg(await zigZag(), { title: 'A & B' })
  assert.equal(svg.match(/<rect /g)?.length, 6)
  assert.equal(svg.match(/class="ran callback"/g)?.length, 2)
  assert.equal(svg.match(/class="ran errback"/g)?.length, 1)
  assert.equal(svg.match(/<path /g)?.length, 3 + 2)
  assert.ok(svg.includes('<title>A &#38; B</title>'))
})

test('SVG escapes what it is given, keeps what is cut off as a tip, and is well-formed XML whatever that is', async () => {
  const evil = '</text><script>alert("x")</script>\u0000\ud800 & more than the box has room for'
  const trace = await simulate((deferred) => {
    deferred.addCallback(Object.defineProperty(() => new Error(evil), 'name', { value: evil }))
    deferred.addCallback((error) => {
      throw error
    })
  }, evil)
  const svg = drawSvg(trace)
  assert.doesNotMatch(svg, /<script/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  assert.doesNotMatch(svg, /[\u0000-\u0008]|\ud800(?![\udc00-\udfff])/)
  assert.match(svg, /<title>&#60;\/text>|<title>&#60;\/text&#62;&#60;script&#62;/)
  let open = 0
  for (const [tag] of svg.matchAll(/<[^>]+>/g)) if (!tag.endsWith('/>')) open += tag.startsWith('</') ? -1 : 1
  assert.equal(open, 0)
})
