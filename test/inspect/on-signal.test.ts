import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Snapshot } from '../../src/inspect/index.ts'
import { cli, Place, register, uid } from './program.ts'

const skip = process.platform === 'win32' && 'no signals'

const waiting = `
  import { Event, run, spawn } from 'DIST/index.js'
  import { inspectOnSignal } from 'DIST/inspect/index.js'
  inspectOnSignal(OPTIONS)
  run(function* main() {
    spawn(function* worker() {
      yield* new Event({ name: 'configured' }).wait()
    })
  })
  setInterval(() => {}, 1000)
  console.log('up')`

const start = async (place: Place, text: string, env?: Record<string, string>) => {
  const running = place.startText(text, env)
  await running.wrote('stdout', /up/)
  return running
}

test('fibril dump shows what the tasks of another process wait for, and leaves nothing behind', { skip }, async (t) => {
  const place = new Place(t)
  const running = await start(place, waiting.replace('OPTIONS', ''))
  const text = await place.dumpUntil(running.pid, /event "configured"/)
  assert.match(text, /main #1 waits for its children to end[\s\S]*└─ worker #2 waits for event "configured", \d+/)
  assert.match(text, /at worker \(.*program\.mjs:7:/)
  const { stdout, stderr, code } = await place.dump('--json', running.pid)
  assert.deepEqual([stderr, code], ['', 0])
  const snapshot = JSON.parse(stdout) as Snapshot
  assert.deepEqual(
    snapshot.tasks.map(({ name }) => name),
    ['main', 'worker'],
  )
  assert.equal(snapshot.process.pid, running.pid)
  assert.deepEqual(place.mail(), [`${running.pid}.json`])
  assert.equal(running.stderr, '')
  assert.ok(running.lives)
})

test('the signal alone has the tree written to standard error; another signal may be chosen', { skip }, async (t) => {
  const place = new Place(t)
  const running = await start(place, waiting.replace('OPTIONS', "{ signal: 'SIGHUP' }"))
  await place.dumpUntil(running.pid, /event "configured"/)
  running.child.kill('SIGHUP')
  await running.wrote('stderr', /worker #2 waits for event "configured", .*\n/)
})

test('a process takes itself off the list as it ends, and what was killed is swept away', { skip }, async (t) => {
  const place = new Place(t)
  const killed = await start(place, waiting.replace('OPTIONS', ''))
  killed.child.kill('SIGKILL')
  await killed.ended
  assert.deepEqual(place.mail(), [`${killed.pid}.json`])
  const text = waiting.replace('OPTIONS', '').replace(/setInterval.*/, 'process.on("SIGTERM", () => process.exit())')
  const running = place.startText(`${text}\nsetInterval(() => {}, 1000)`)
  await running.wrote('stdout', /up/)
  assert.deepEqual(place.mail(), [`${running.pid}.json`])
  running.child.kill('SIGTERM')
  await running.ended
  assert.deepEqual(place.mail(), [])
})

test('who stops listening is not asked any more; two who began must both stop', { skip }, async (t) => {
  const place = new Place(t)
  const running = await start(
    place,
    `import { inspectOnSignal } from 'DIST/inspect/index.js'
     const all = [inspectOnSignal(), inspectOnSignal()]
     const stop = () => all.shift()?.[Symbol.dispose]()
     stop()
     console.log(process.listenerCount('SIGUSR2'))
     stop()
     console.log(process.listenerCount('SIGUSR2'), 'up')
     setInterval(() => {}, 1000)`,
  )
  assert.equal(running.stdout, '1\n0 up\n')
  assert.match((await place.dump(running.pid)).stderr, /does not listen/)
})

test('a process that is none of Fibril’s is sent no signal, whatever an earlier one with its id had said', {
  skip,
}, async (t) => {
  const place = new Place(t)
  const other = place.start(['-e', 'console.log("up"); setInterval(() => {}, 1000)'])
  await other.wrote('stdout', /up/)
  const refused = await place.dump(other.pid)
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(
    refused.stderr,
    /^fibril: process \d+ does not listen: it is none of Fibril's, or was started without FIBRIL_INSPECT=1/,
  )

  const said = { version: 1, pid: other.pid, began: 'long ago', signal: 'SIGUSR2' }
  writeFileSync(join(place.folder, `fibril-${uid}`, `${other.pid}.json`), JSON.stringify(said))
  assert.match((await place.dump(other.pid)).stderr, /does not listen/)
  assert.ok(other.lives)
})

test('a loop that is held does not answer, and it is said so', { skip }, async (t) => {
  const place = new Place(t)
  const hung = await start(
    place,
    `import { inspectOnSignal } from 'DIST/inspect/index.js'
     import { writeSync } from 'node:fs'
     inspectOnSignal()
     writeSync(1, 'up')
     for (;;);`,
  )
  const { stderr, code } = await place.dump('--wait', 200, hung.pid)
  assert.equal(code, 1)
  assert.match(stderr, /^fibril: process \d+ did not answer within 200 ms: a function holds its loop, or it is stopped/)
  assert.deepEqual(place.mail(), [`${hung.pid}.json`])
})

test('a process without any task answers so', { skip }, async (t) => {
  const place = new Place(t)
  const running = await start(
    place,
    `import { inspectOnSignal } from 'DIST/inspect/index.js'
     inspectOnSignal()
     setInterval(() => {}, 1000)
     console.log('up')`,
  )
  assert.match((await place.dump(running.pid)).stdout, /^0 tasks, 0 parked /)
})

test('a process that ends before it answers', { skip }, async (t) => {
  const place = new Place(t)
  const running = await start(
    place,
    `import { inspectOnSignal } from 'DIST/inspect/index.js'
     process.on('SIGUSR2', () => process.kill(process.pid, 'SIGKILL'))
     inspectOnSignal()
     setInterval(() => {}, 1000)
     console.log('up')`,
  )
  const { stderr, code } = await place.dump(running.pid)
  assert.deepEqual([stderr, code], [`fibril: process ${running.pid} ended before it answered\n`, 1])
})

test('another user’s process is refused', { skip }, async (t) => {
  const place = new Place(t)
  let pid = 1
  if (uid === 0) {
    const other = place.start(['-e', 'console.log("up"); setInterval(() => {}, 1000)'], { uid: 65_534 })
    await other.wrote('stdout', /up/)
    pid = other.pid
  }
  const { stderr, code } = await place.dump(pid)
  assert.deepEqual([stderr, code], [`fibril: process ${pid} belongs to another user: only its owner can ask it\n`, 1])
})

test('a folder that others can write to is not trusted, by either side', { skip }, async (t) => {
  const place = new Place(t)
  const folder = join(place.folder, `fibril-${uid}`)
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  const running = await start(place, waiting.replace('OPTIONS', ''))
  await running.wrote(
    'stderr',
    /FibrilWarning: fibril dump cannot ask this process \(.* must be a folder that only you/,
  )
  assert.match(
    (await place.dump(running.pid)).stderr,
    /must be a folder that only you \(uid \d+\) can enter: remove it/,
  )
})

test('FIBRIL_INSPECT is enough for a program that imports fibril', { skip }, async (t) => {
  const place = new Place(t)
  const running = await start(
    place,
    `import { Event, run } from 'DIST/index.js'
     run(function* main() { yield* new Event({ name: 'news' }).wait() })
     setInterval(() => {}, 1000)
     console.log('up')`,
    { FIBRIL_INSPECT: 'signal, openings, moon' },
  )
  await place.dumpUntil(running.pid, /main #1 waits for event "news"/)
  assert.match(running.stderr, /FIBRIL_INSPECT knows signal, leaks, openings, reports and page, not "moon"/)
})

test('FIBRIL_INSPECT is enough for green code under Node’s own command', { skip }, async (t) => {
  const place = new Place(t)
  const file = join(place.folder, 'green.mjs')
  writeFileSync(file, "import { sleep } from 'fibril/green'\nconsole.log('up')\nsleep(100_000)\n")
  const running = place.start(['--import', register, file], { env: { FIBRIL_INSPECT: '1' } })
  await running.wrote('stdout', /up/)
  const text = await place.dumpUntil(running.pid, /waits for 100000 ms to pass/)
  assert.match(text, /at main \(.*green\.mjs:3:\d+\)/)
})

test('a worker thread, which no signal reaches, is told so', { skip }, async (t) => {
  const place = new Place(t)
  const running = place.startText(`import { isMainThread, Worker } from 'node:worker_threads'
     import { inspectOnSignal } from 'DIST/inspect/index.js'
     if (isMainThread) new Worker(new URL(import.meta.url))
     else try { inspectOnSignal() } catch (error) { console.log(error.code, error.message) }`)
  await running.wrote(
    'stdout',
    /^FIBRIL_USAGE inspectOnSignal\(\) was called in a worker thread: no signal reaches it\n$/,
  )
})

test('without it nothing of it is loaded, and no signal is listened for', { skip }, async (t) => {
  const place = new Place(t)
  const running = await start(
    place,
    `import { sleep } from 'DIST/index.js'
     await sleep(1)
     console.log(process.listenerCount('SIGUSR2'), 'up')`,
  )
  assert.equal(running.stdout, '0 up\n')
})

test('the broken examples show their line at fault', { skip }, async (t) => {
  const lineOf = (file: string, part: string): number =>
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(part)) + 1
  const place = new Place(t)
  {
    const file = 'examples/broken/lock-order.ts'
    const running = place.start([cli, 'run', '--inspect-signal', file])
    await running.wrote('stdout', /transferring/)
    const text = await place.dumpUntil(running.pid, /deadlock/)
    const [, circle = ''] = text.split('deadlock:')
    assert.match(circle, /ann to bob #\d+ waits for lock "bob", held by bob to ann #\d+/)
    assert.match(circle, /bob to ann #\d+ waits for lock "ann", held by ann to bob #\d+/)
    assert.match(circle, new RegExp(`at transfer \\(${file}:${lineOf(file, 'at fault')}:\\d+\\)`))
  }
  const file = 'examples/broken/event-never-set.ts'
  const running = place.start([cli, 'run', '--inspect-signal', file])
  await running.wrote('stdout', /starting/)
  const text = await place.dumpUntil(running.pid, /and 99 alike wait for event "configured"/)
  assert.match(text, new RegExp(`at worker \\(${file}:${lineOf(file, 'configured.wait()')}:\\d+\\)`))
  assert.doesNotMatch(text, /loadConfiguration|deadlock/)
  // The page shows what they print.
  const page = readFileSync('docs/inspect.md', 'utf8')
  for (const place of [
    `lock-order.ts:${lineOf('examples/broken/lock-order.ts', 'at fault')}`,
    `never-set.ts:${lineOf(file, 'configured.wait()')}`,
  ])
    assert.ok(page.includes(`${place}:`), place)
})
