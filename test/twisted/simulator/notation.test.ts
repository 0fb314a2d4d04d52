import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotationError, parseChain, simulate } from '../../../src/twisted/simulator/index.ts'

async function endOf(text: string): Promise<string> {
  const { end, state } = await simulate(parseChain(text))
  return end === null ? state : `${end.lane} ${end.text}`
}

for (const [text, end] of [
  ['callback 1', 'callback 1'],
  ['callback', 'callback null'],
  ['callback two words', 'callback "two words"'],
  ['callback {"a": [1]}', 'callback { a: [ 1 ] }'],
  ['errback', 'errback Error: failed'],
  ['errback TypeError: odd', 'errback TypeError: odd'],
  ['errback GibberishError: odd', 'errback GibberishError: odd'],
  ['callback 1\ngive 2', 'callback 2'],
  ['callback 1\ngive 2 | give 3', 'callback 2'],
  ['errback x\ngive 2 | give 3', 'callback 3'],
  ['errback x\n| give 3', 'callback 3'],
  ['errback x\npass | pass', 'errback Error: x'],
  ['errback x\nboth give 4', 'callback 4'],
  ['callback 1\nthrow "a | b"', 'errback Error: a | b'],
  ['callback "# no comment" # a comment', 'callback "# no comment"'],
  ['callback 1\n\n  # nothing\nfailure RangeError: far', 'errback RangeError: far'],
  ['errback TypeError: x\n| trap RangeError, TypeError', 'callback null'],
  ['errback TypeError: x\n| trap RangeError', 'errback TypeError: x'],
  ['callback 1\nnow 5', 'callback 5'],
  ['callback 1\nnow failure gone', 'errback Error: gone'],
  ['callback 1\nlater 6\nlater failure gone', 'errback Error: gone'],
  ['callback 1\r\ngive 2\r\n', 'callback 2'],
] as const) {
  test(`${JSON.stringify(text)} ends with ${end}`, async () => assert.equal(await endOf(text), end))
}

test('a real class of error is an instance of it', async () => {
  const trace = await simulate(parseChain('errback RangeError: x\n| trap RangeError'))
  assert.equal(trace.end?.text, 'null')
})

test('a chain that is built twice is fired twice: nothing of the first is left', async () => {
  const build = parseChain('callback 1\nlater 5\nthrow x | give 3')
  assert.deepEqual(await simulate(build), await simulate(build))
})

for (const [text, message] of [
  ['', 'line 1: there is nothing to draw: say callback 1, say'],
  [
    'callback 1\nretrun 5',
    'line 2: there is no action "retrun". There are: pass, give, throw, failure, trap, later, now.',
  ],
  ['callback 1\n\ngvie 5', 'line 3: there is no action "gvie". Did you mean "give"?'],
  ['callback 1\ncallback 2', 'line 2: a Deferred is fired once: this is the second time'],
  ['give 1\ncallback 2', 'line 2: how the Deferred is fired comes before its callbacks'],
  ['cancel now', 'line 1: cancel stands alone'],
  [
    'give 1 | give 2 | give 3',
    'line 1: a pair has two halves: a bar within a value is written in quotes, as in "a | b"',
  ],
  ['give 1 |', 'line 1: behind the bar is what the errback does: pass, say'],
  ['pass 1', 'line 1: pass stands alone, without "1"'],
  ['throw', 'line 1: throw of what? As in: throw RangeError: too far'],
  ['| trap', 'line 1: trap of what? As in: trap RangeError'],
  ['callback {"a": 1', 'line 1: {"a": 1 begins like JSON, and is none'],
] as const) {
  test(`what is wrong is said, with its line: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseChain(text),
      (error) => error instanceof NotationError && error.message === message,
    )
  })
}
