import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../src/core/index.ts'
import { leakReport } from '../../src/inspect/index.ts'
import { Event } from '../../src/sync/index.ts'
import { ManualHost } from '../core/manual-host.ts'
import { cli, Place } from './program.ts'

test('tells the tasks that have not ended, and nothing when all have', () => {
  const host = new ManualHost()
  assert.equal(leakReport(host.loop), null)
  const task = run(
    function* listener() {
      yield* new Event({ name: 'news' }).wait()
    },
    { loop: host.loop },
  )
  host.settle()
  host.clock += 2000
  assert.match(
    leakReport(host.loop) ?? '',
    /^this task never ended:\n {2}listener #\d+ waits for event "news", 2\.0 s\n/,
  )
  task.cancel()
  host.settle()
  assert.equal(leakReport(host.loop), null)
})

const leaky = `
  import { Event, run, spawn } from 'DIST/index.js'
  import { reportLeaksAtExit, watchOpenings } from 'DIST/inspect/index.js'
  import { Deferred } from 'DIST/twisted/index.js'
  if (process.env.LOOK) watchOpenings(), reportLeaksAtExit()
  run(function* main() {
    for (let i = 0; i < 3; i++) spawn(function* worker() { yield* new Event({ name: 'go' }).wait() })
  })
  setTimeout(() => { globalThis.lost = new Deferred(); process.exit(3) }, 20)`

test('as the process leaves, standard error is told; the exit code stays', async (t) => {
  const running = new Place(t).startText(leaky, { LOOK: '1' })
  assert.deepEqual(await running.ended, [3, null])
  assert.match(running.stderr, /^fibril: these 4 tasks never ended:\n {2}main #1 waits for its children to end, /)
  assert.match(running.stderr, /worker #2 and 2 alike wait for event "go"/)
  assert.match(running.stderr, /this was left open:\n {2}a Deferred: has not fired/)
})

test('only who asked is told', async (t) => {
  const running = new Place(t).startText(leaky)
  await running.ended
  assert.equal(running.stderr, '')
})

test('fibril run --leaks, and a program that leaves nothing', async (t) => {
  const place = new Place(t)
  const green = "import { sleep } from 'fibril/green'\nsleep(1)\nconsole.log('done')\n"
  const { writeFileSync } = await import('node:fs')
  writeFileSync(`${place.folder}/quiet.mjs`, green)
  const quiet = place.start([cli, 'run', '--leaks', `${place.folder}/quiet.mjs`])
  assert.deepEqual(await quiet.ended, [0, null])
  assert.deepEqual([quiet.stdout, quiet.stderr], ['done\n', ''])
  writeFileSync(
    `${place.folder}/leaky.mjs`,
    `import { spawn } from 'fibril/green'\n${green.replace('sleep(1)', 'spawn(() => sleep(60_000)); sleep(1); process.exit()')}`,
  )
  const leaks = place.start([cli, 'run', '--leaks', `${place.folder}/leaky.mjs`])
  assert.deepEqual(await leaks.ended, [0, null])
  assert.match(leaks.stderr, /^fibril: these 2 tasks never ended:[\s\S]* waits for 60000 ms to pass/)
})
