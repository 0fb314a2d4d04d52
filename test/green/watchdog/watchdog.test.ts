import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { UsageError } from '../../../src/core/index.ts'
import { watchdog } from '../../../src/green/watchdog/index.ts'
import { cli, folderWith, node, withStandIn } from '../load/program.ts'

const env = withStandIn({ cache: false })
const module = new URL('../../../src/green/watchdog/index.js', import.meta.url).href

/** A function that holds the loop until there is a file named `free`, or a minute has passed. */
const files = {
  'package.json': '{"type":"module"}',
  'main.ts': `import { existsSync } from 'node:fs'
let sum: number = 0
function calculate(name: string) {
  const end = Date.now() + 60_000
  while (!existsSync(name) && Date.now() < end) for (let i = 0; i < 1e5; i++) sum += i
}
function main() {
  calculate('free')
}
setTimeout(main, 1)
`,
}

/** What it tells from where it tells of `calculate`: on a slow machine, starting up may be a hold as well. */
const ofCalculate = (stderr: string): string => /fibril watchdog: calculate[\s\S]*/.exec(stderr)?.[0] ?? ''

/** Runs it until the watchdog has told of the hold, and then to the end. */
async function runHeld(t: TestContext, args: string[], extra: Record<string, string> = {}, environment = env) {
  const cwd = folderWith(t, { ...files, ...extra })
  return node(args, {
    cwd,
    env: environment,
    onOutput: ({ stderr }) => {
      if (ofCalculate(stderr).includes('so far')) writeFileSync(join(cwd, 'free'), '')
    },
  })
}

test('a hold is told while it lasts, with the function, its place in the source and its callers, and once more after', async (t) => {
  const { stderr, code } = await runHeld(t, [cli, 'run', '--watchdog=50', 'main.ts'])
  assert.equal(code, 0, stderr)
  const [live, ...rest] = ofCalculate(stderr).split('\n')
  assert.match(live ?? '', /^fibril watchdog: calculate \(main\.ts:5:\d+\) has held the loop for \d+ ms so far$/)
  assert.match(rest[0] ?? '', /^ {4}at calculate \(main\.ts:5:\d+\)$/)
  assert.match(rest[1] ?? '', /^ {4}at main \(main\.ts:8:\d+\)$/)
  assert.match(rest[2] ?? '', /^fibril watchdog: calculate \(main\.ts:5:\d+\) held the loop for \d+ ms$/)
  assert.equal(ofCalculate(stderr).match(/so far/g)?.length, 1)
})

test('onHold is given the same as data, when the loop is free again', async (t) => {
  const { stdout, stderr, code } = await runHeld(t, [cli, 'run', 'watched.ts'], {
    'watched.ts': `import { watchdog } from '${module}'
const watch = watchdog({
  limitMs: 50,
  onHold({ name, url, line, stack, ms }) {
    if (name !== 'calculate') return
    console.log(name, url.slice(-7), line, stack.length >= 2, ms >= 50)
    watch.stop()
    clearInterval(stay)
  },
})
const stay = setInterval(() => {}, 1000)
await import('./main.ts')
`,
  })
  assert.deepEqual([stdout, code], ['calculate main.ts 5 true true\n', 0], stderr)
})

test('a loop that comes round is not told of, and a watchdog does not keep the process alive', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.js': `setTimeout(() => console.log('end'), 300)`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', '--watchdog=100000', 'main.js'], { cwd, env })
  assert.deepEqual([stdout, stderr, code], ['end\n', '', 0])
})

test('a limit that is none is refused', () => {
  for (const limitMs of [0, -1, Number.NaN, 2 ** 31])
    assert.throws(
      () => watchdog({ limitMs }),
      (error) => error instanceof UsageError && /limitMs/.test(error.message),
    )
})

test('compiled functions are told by their own names', async (t) => {
  const { stderr, code } = await runHeld(
    t,
    [cli, 'run', '--watchdog=50', '--no-patch', 'green.ts'], // or existsSync would wait, and hold nothing
    {
      'green.ts': `import { existsSync } from 'node:fs'
import * as fibril from 'fibril'
import { park, parkable } from 'fibril/green/runtime'
const sleep = parkable(function sleep(ms: number) { return park(fibril.sleep(ms)) })
function work(name: string) {
  sleep(1)
  calculate(name)
}
function calculate(name: string) {
  const end = Date.now() + 60_000
  while (!existsSync(name) && Date.now() < end) for (let i = 0; i < 1e5; i++) Math.sqrt(i)
  sleep(1)
}
await fibril.run(() => work('free'))
`,
    },
    { FIBRIL_GREEN: '{"cache":false}' },
  )
  assert.equal(code, 0, stderr)
  assert.match(
    ofCalculate(stderr),
    /^fibril watchdog: calculate \(green\.ts:11:\d+\) has held[^\n]*\n {4}at calculate[^\n]*\n {4}at work \(green\.ts:7:\d+\)\n/,
  )
})

test('a function that waits in native code is told when it is back', async (t) => {
  const cwd = folderWith(t, {
    'main.cjs': `function blockAll() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}
setTimeout(blockAll, 1)
`,
  })
  const { stderr, code } = await node([cli, 'run', '--watchdog=50', 'main.cjs'], { cwd, env })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /fibril watchdog: blockAll \(main\.cjs:[23]:\d+\) (has )?held the loop for \d+ ms/)
})
