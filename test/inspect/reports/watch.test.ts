import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lock, Queue, run, sleep, spawn, type Task, UsageError } from '../../../src/index.ts'
import { onReport, type ReportOptions, type ReportRecord, watchReports } from '../../../src/inspect/index.ts'
import { ReportWatch } from '../../../src/inspect/reports/watch.ts'
import { it } from '../../support/it.ts'
import { Place } from '../program.ts'

/** A watch that looks when it is told to, and what it has reported. */
class Looks implements Disposable {
  readonly reports: ReportRecord[] = []
  private readonly watch: ReportWatch
  private readonly stop = onReport((report) => void this.reports.push(report))

  constructor(options: ReportOptions = {}) {
    this.watch = new ReportWatch({ heldMs: Infinity, quiet: true, everyMs: 2 ** 30, ...options })
  }

  look(times = 1): string[] {
    for (let left = times; left > 0; left--) this.watch.look()
    return this.reports.splice(0).map(({ kind, text }) => `${kind}: ${text}`)
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]()
    this.stop()
  }
}

function lockInTurn(first: Lock, second: Lock, name: string): Task<void> {
  return run(
    function* () {
      using _ = yield* first.acquire()
      yield* sleep(1)
      using __ = yield* second.acquire()
    },
    { name },
  )
}

it('a deadlock is told once, when it is there at two looks', function* () {
  using looks = new Looks()
  const [a, b] = [new Lock({ name: 'a' }), new Lock({ name: 'b' })]
  const [one, other] = [lockInTurn(a, b, 'one'), lockInTurn(b, a, 'other')]
  yield* sleep(10)

  assert.deepEqual(looks.look(), [])
  const [text, ...more] = looks.look()
  assert.deepEqual(more, [])
  assert.match(
    text as string,
    /^deadlock: deadlock: in a circle.*\n {2}one #\d+ waits for lock "b", held by other #\d+\n/,
  )
  assert.match(text as string, /watch\.test\.ts:\d+/)
  assert.deepEqual(looks.look(3), [])

  one.cancel()
  other.cancel()
})

it('a circle that has gone by the next look is none', function* () {
  using looks = new Looks()
  const [a, b] = [new Lock(), new Lock()]
  const one = lockInTurn(a, b, 'one')
  const other = lockInTurn(b, a, 'other')
  yield* sleep(2)
  looks.look()
  for (const task of [one, other]) task.cancel()
  yield* sleep(10)
  assert.deepEqual(looks.look(), [])
})

it('a long wait for what another task holds is told once; waits for an event, a child or nobody are not', function* () {
  using looks = new Looks({ longParkMs: 1000 })
  const lock = new Lock({ name: 'printer' })
  const queue = new Queue<number>()
  const main = run(function* main() {
    spawn(function* owner() {
      using _ = yield* lock.acquire()
      yield* sleep(5000)
    })
    spawn(function* idle() {
      yield* queue.get()
    })
    yield* sleep(1)
    spawn(function* waiter() {
      using _ = yield* lock.acquire()
    })
  })
  yield* sleep(900)
  assert.deepEqual(looks.look(), [])
  yield* sleep(200)
  const [text, ...more] = looks.look()
  assert.deepEqual(more, [])
  assert.match(text as string, /^park: long wait: waiter #\d+ waits for lock "printer", held by owner #\d+, 1\.1 s\n/)
  assert.deepEqual(looks.look(), [])
  main.cancel()
})

it('a task that has not ended for long is told once, if that was asked for', function* () {
  using looks = new Looks({ slowTaskMs: 1000 })
  const task = run(function* request() {
    yield* sleep(60_000)
  })
  yield* sleep(1)
  looks.look()
  yield* sleep(1500)
  const told = looks.look().filter((text) => text.includes('request'))
  assert.match(
    told.join(),
    /^slow: slow: request #\d+ has not ended 1\.5 s after it was first seen: request #\d+ waits for/,
  )
  assert.deepEqual(
    looks.look().filter((text) => text.includes('request')),
    [],
  )
  task.cancel()
})

test('a queue that only grows is told, and again when it is twice as long; one that is emptied is not', () => {
  const before = new Queue<number>({ name: 'made before' })
  using looks = new Looks({ queueSize: 20 })
  const [grows, breathes] = [new Queue<number>({ name: 'jobs' }), new Queue<number>({ name: 'breathes' })]
  const told: string[] = []
  for (let i = 0; i < 45; i++) {
    grows.tryPut(i)
    before.tryPut(i)
    if (i % 8 === 7) while (breathes.size > 0) breathes.tryGet()
    for (let n = 0; n < 30; n++) breathes.tryPut(n)
    told.push(...looks.look().map((text) => `${i + 1} ${text}`))
  }
  assert.deepEqual(
    told.map((text) => text.replace(/ it holds.*/s, '')),
    [
      '20 queue: queue "made before" only grows:',
      '20 queue: queue "jobs" only grows:',
      '40 queue: queue "made before" only grows:',
      '40 queue: queue "jobs" only grows:',
    ],
  )
})

test('nothing of a watch is left when it is over', () => {
  const listeners = () => process.listenerCount('exit') + process.listenerCount('uncaughtExceptionMonitor')
  const before = listeners()
  const watch = watchReports({ heldMs: Infinity })
  assert.equal(listeners(), before + 2)
  watch[Symbol.dispose]()
  watch[Symbol.dispose]()
  assert.equal(listeners(), before)
})

test('a limit that makes no sense is an error', () => {
  assert.throws(() => watchReports({ longParkMs: 0 }), UsageError)
  assert.throws(() => watchReports({ everyMs: Number.NaN }), UsageError)
})

const faulty = `
  import { run, sleep, spawn, Event } from 'DIST/index.js'
  import { onReport } from 'DIST/inspect/index.js'
  import { writeSync } from 'node:fs'
  const told = new Set()
  onReport(({ kind, task }) => {
    if (!told.has(kind)) writeSync(1, kind + ' ' + typeof task + ';')
    told.add(kind)
  })
  spawn.detached(function* forgotten() { yield* new Event({ name: 'never' }).wait() })
  function hog() { for (const end = performance.now() + 1500; performance.now() < end; ); }
  // Who watches is a thread, which takes a while to start and to tell.
  await run(function* main() { while (told.size === 0) { yield* sleep(100); hog() } })
  run(function* failing() { throw new Error('at fault') })
`

test('holds of the loop, failures that nobody waits for and leaks are told', async (t) => {
  const place = new Place(t)
  const running = place.startText(faulty, { FIBRIL_INSPECT: 'reports' })
  await running.ended

  const { stderr, stdout } = running
  assert.match(
    stderr,
    /^fibril: hog \(.*program\.mjs:\d+:\d+\) held the loop for \d+ ms: nothing else could run\n {4}at main/m,
  )
  assert.match(stderr, /^fibril: task failing #\d+ failed and nobody was waiting for it: .*at fault/m)
  assert.match(stderr, /^fibril: this task never ended:\n {2}forgotten #\d+ waits for event "never"/m)
  assert.equal(stdout, 'held undefined;unhandled number;leak undefined;')
})
