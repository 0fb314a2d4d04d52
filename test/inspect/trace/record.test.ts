import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentTask, Event, Queue, run, sleep, spawn, timeoutOr, UsageError, yieldNow } from '../../../src/index.ts'
import { recordTrace, type TraceOptions } from '../../../src/inspect/index.ts'
import { ThreadPool } from '../../../src/offload/index.ts'
import { type TraceFile, validEvents, validTrace } from './validate.ts'

/** The trace of what `act` does. */
async function traced(act: () => PromiseLike<unknown>, options: TraceOptions = {}): Promise<TraceFile> {
  let text = ''
  const trace = recordTrace((part) => {
    text += part
  }, options)
  await act()
  trace.stop()
  return validTrace(text)
}

const named = (file: TraceFile, cat: string, tid: number) =>
  file.traceEvents.filter((event) => event.cat === cat && event.tid === tid)
const trackOf = (file: TraceFile, name: string): number =>
  file.traceEvents.find(({ ph, args }) => ph === 'M' && String(args?.['name']).startsWith(`${name} #`))?.tid as number

test('a task is a track, with its steps, its waits and why it waited', async () => {
  const file = await traced(() =>
    run(function* main() {
      yield* sleep(1)
      yield* sleep(2)
    }),
  )

  const tid = trackOf(file, 'main')
  assert.deepEqual(
    named(file, 'park', tid).map(({ name, args }) => [name, args]),
    [
      ['1 ms to pass', { reason: '1 ms to pass' }],
      ['2 ms to pass', { reason: '2 ms to pass' }],
    ],
  )
  assert.deepEqual(
    named(file, 'step', tid).map(({ name }) => name),
    ['main', 'main', 'main'],
  )
  assert.deepEqual(
    named(file, 'task', tid).map(({ name, args }) => [name, args]),
    [
      ['spawned', { parent: null }],
      ['ended', { status: 'done' }],
    ],
  )
})

test('a flow goes from the step of who woke a task to its next step', async () => {
  const file = await traced(() =>
    run(function* main() {
      const event = new Event()
      spawn(function* sleeper() {
        yield* event.wait()
      })
      yield* sleep(1)
      event.set()
    }),
  )

  const [main, sleeper] = [trackOf(file, 'main'), trackOf(file, 'sleeper')]
  const flows = file.traceEvents.filter(({ cat }) => cat === 'wake')
  const ways = flows.flatMap((begin) => {
    const end = flows.find(({ ph, id }) => ph === 'f' && id === begin.id)
    return begin.ph === 's' ? [[begin.tid, end?.tid]] : []
  })
  // Spawned, woken by the event, and its end woke its parent.
  assert.deepEqual(ways, [
    [main, sleeper],
    [main, sleeper],
    [sleeper, main],
  ])
})

test('who failed and who was cancelled is told', async () => {
  const file = await traced(async () => {
    await assert.rejects(
      Promise.resolve(
        run(function* failing() {
          spawn(function* sibling() {
            yield* sleep(1000)
          })
          yield* sleep(1)
          throw new Error('no')
        }),
      ),
    )
  })

  const endOf = (name: string) => named(file, 'task', trackOf(file, name)).at(-1)?.args
  assert.deepEqual(endOf('failing'), { status: 'failed' })
  assert.deepEqual(endOf('sibling'), { status: 'cancelled' })
})

test('tasks that were there before are drawn, and those that are still there at the end', async () => {
  const event = new Event({ name: 'old' })
  const old = run(function* old() {
    yield* event.wait()
  })
  const still = run(function* still() {
    yield* event.wait()
    yield* sleep(100_000)
  })
  await sleep(1)

  const file = await traced(async () => {
    await sleep(1)
    event.set()
    await old
  })

  still.cancel()
  assert.deepEqual(
    named(file, 'park', trackOf(file, 'old')).map(({ name, ts }) => [name, ts]),
    [['event "old"', 0]],
  )
  assert.deepEqual(
    named(file, 'park', trackOf(file, 'still')).map(({ name }) => name),
    ['event "old"', '100000 ms to pass'],
  )
})

test('a trace that begins and ends within a step is whole', async () => {
  let text = ''
  await run(function* main() {
    const event = new Event()
    const other = spawn(function* other() {
      yield* event.wait()
    })
    yield* yieldNow()
    const trace = recordTrace((part) => {
      text += part
    })
    event.set()
    yield* other
    trace.stop()
  })

  validTrace(text)
})

test('names and reasons of any kind come through', async () => {
  const name = 'quote " back \\ line \n null \0 e é cat 🐈 half \ud83d'
  const file = await traced(() =>
    run(
      function* () {
        yield* timeoutOr(1, null, new Event({ name }).wait())
      },
      { name },
    ),
  )

  const steps = file.traceEvents.filter(({ cat }) => cat === 'step')
  assert.deepEqual([...new Set(steps.map((event) => event.name))], [name])
  assert.ok(file.traceEvents.some((event) => event.cat === 'park' && event.name.includes(name)))
})

// EVENTS=1000000 makes it a million, in some ten seconds.
const EVENTS = Number(process.env['EVENTS'] ?? 100_000)

test('very many events are balanced, and then the trace ends by itself', async () => {
  const parts: string[] = []
  const trace = recordTrace((part) => void parts.push(part), { maxEvents: EVENTS })
  await run(function* main() {
    const queue = new Queue<number>({ capacity: 10 })
    for (let i = 0; i < 20; i++) {
      spawn(function* consumer() {
        while (trace.ended === null) yield* queue.get()
      })
      spawn(function* producer() {
        while (trace.ended === null) yield* queue.put(i)
      })
    }
    while (trace.ended === null) yield* yieldNow()
    for (const child of currentTask()?.children ?? []) child.cancel()
  })

  assert.equal(trace.ended, 'full')
  assert.ok(trace.events >= EVENTS)
  const { traceEvents: events, otherData } = JSON.parse(parts.join('')) as TraceFile
  assert.equal(otherData.ended, 'full')
  assert.equal(events.length, trace.events)
  validEvents(events, process.pid)
})

test('calls in a pool are spans of the task that waits for them, with how long they ran', async () => {
  const source = 'export const work = (n) => { if (n > 1) throw new Error(n); return n }'
  await using pool = new ThreadPool(`data:text/javascript,${encodeURIComponent(source)}`, {
    name: 'pool',
    inline: false,
  })

  const file = await traced(() =>
    run(function* main() {
      yield* pool.submit('work', 1)
      try {
        yield* pool.submit('work', 2)
      } catch {}
    }),
  )

  const spans = file.traceEvents.filter(({ cat }) => cat === 'offload')
  assert.deepEqual(
    spans.map(({ ph, name, tid }) => [ph, name, tid]),
    ['b', 'e', 'b', 'e'].map((ph) => [ph, 'work', trackOf(file, 'main')]),
  )
  const [first, , second] = spans
  assert.deepEqual([first?.args?.['status'], second?.args?.['status']], ['done', 'failed'])
  assert.equal(first?.args?.['pool'], 'pool')
  assert.ok(Number(first?.args?.['runMs']) >= 0 && Number(first?.args?.['queueMs']) > 0)
})

test('the figures of the loop are a counter', async () => {
  let text = ''
  const trace = recordTrace((part) => {
    text += part
  })
  const before = trace.events
  await run(function* main() {
    // A task that waits for nobody notes nothing: what is new is the counter.
    while (trace.events === before) yield* sleep(200)
  })
  trace.stop()
  const file = validTrace(text)

  const [figures] = file.traceEvents.filter(({ ph }) => ph === 'C')
  assert.equal(figures?.tid, 0)
  assert.deepEqual(Object.keys(figures?.args ?? {}), ['lagMs', 'ready'])
})

test('what cannot be written ends the trace and not the program', async () => {
  const full = new Error('no space')
  let left = 1
  const trace = recordTrace(() => {
    if (left-- === 0) throw full
  })
  await run(function* main() {
    while (trace.ended === null) yield* yieldNow()
  })

  assert.deepEqual([trace.ended, trace.error], ['failed', full])
})

test('a file that cannot be opened and a limit that makes no sense are errors', () => {
  assert.throws(() => recordTrace('/nowhere/at/all.json'), { code: 'ENOENT' })
  assert.throws(() => recordTrace(() => {}, { maxEvents: 0 }), UsageError)
})
