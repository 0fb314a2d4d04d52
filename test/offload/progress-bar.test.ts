import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProgressBar } from '../../src/offload/progress-bar.ts'

/** A terminal and a clock. */
class Desk {
  now = 0
  readonly drawn: string[] = []
  readonly screen = {
    isTTY: true,
    columns: 80,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a line is cleared
    write: (text: string): void => void this.drawn.push(text.replace(/\r\x1b\[2K/, '<')),
  }

  bar(name = 'fib'): ProgressBar {
    return new ProgressBar(name, this.screen, () => this.now)
  }
}

test('work that is soon over has no bar', () => {
  const desk = new Desk()
  const bar = desk.bar()
  desk.now = 499
  bar.update(10, 10)
  bar.end()
  assert.deepEqual(desk.drawn, [])
})

test('a bar shows how far the work is and how long it will take, ten times a second at most', () => {
  const desk = new Desk()
  const bar = desk.bar()
  desk.now = 1000
  bar.update(1, 4)
  desk.now = 1050
  bar.update(2, 4)
  desk.now = 200_000
  bar.update(2, 4)
  bar.end()
  assert.deepEqual(desk.drawn, [
    '<fib ━━━━━━────────────────── 25 % 1/4, 3 s left',
    '<fib ━━━━━━━━━━━━──────────── 50 % 2/4, 3 min 20 s left',
    '<',
  ])
})

test('without a total it counts', () => {
  const desk = new Desk()
  const bar = desk.bar()
  desk.now = 2000
  bar.update(30, undefined)
  bar.end()
  assert.deepEqual(desk.drawn, ['<fib 30 done, 15/s', '<'])
})

test('one bar has the line at a time, and no more of it than there is', () => {
  const desk = new Desk()
  desk.screen.columns = 12
  const [one, two] = [desk.bar('one'), desk.bar('two')]
  desk.now = 600
  one.update(1, 2)
  two.update(1, 2)
  two.end()
  one.end()
  two.update(2, 2)
  two.end()
  assert.deepEqual(desk.drawn, ['<one ━━━━━━━', '<', '<two ━━━━━━━', '<'])
})

test('nothing is drawn where nobody looks', () => {
  const desk = new Desk()
  desk.screen.isTTY = false
  const bar = desk.bar()
  desk.now = 5000
  bar.update(1, 2)
  bar.end()
  assert.deepEqual(desk.drawn, [])
})
