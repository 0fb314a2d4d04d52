import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type FigureRecord,
  type HeldRecord,
  type HistoryRecord,
  metrics,
  type ReportRecord,
  readSnapshot,
  type TaskRecord,
  type TasksEvent,
} from '../../../src/inspect/index.ts'
import { Place } from '../program.ts'
import { parseMetrics } from '../prometheus.ts'
import { holding, Inspected, until, waiting } from './inspected.ts'

test('nothing is readable without the token; with it, in a header or as the cookie, everything is', async (t) => {
  const inspected = await Inspected.start(t, waiting)
  for (const path of [
    '/',
    '/?token=wrong',
    '/assets/app.js',
    '/api/snapshot',
    '/api/live',
    '/api/history',
    '/metrics',
    '/nowhere',
  ]) {
    const { status, body, headers } = await inspected.get(path, {})
    assert.equal(status, 401, path)
    assert.match(body, /Open the whole address/)
    assert.match(String(headers['content-security-policy']), /default-src 'none'/)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-content-type-options'], 'nosniff')
  }
  assert.equal((await inspected.get('/api/snapshot', { authorization: `Bearer ${inspected.token}x` })).status, 401)
  const entry = await inspected.get(`/?token=${inspected.token}`, {})
  assert.deepEqual([entry.status, entry.headers.location], [303, '/'])
  const [cookie = ''] = entry.headers['set-cookie']?.[0]?.split(';') ?? []
  assert.equal((await inspected.get('/api/history', { cookie })).status, 200)
  assert.equal((await inspected.get('/nowhere')).status, 404)
  assert.equal((await inspected.get('/assets/../thread.js')).status, 404)
  assert.equal((await inspected.get('/%2e%2e/thread.js')).status, 404)
})

test('a foreign Host or Origin is refused although the token is right, and so is what would change something', async (t) => {
  const inspected = await Inspected.start(t, waiting)
  const status = async (headers: Record<string, string>, method = 'GET') =>
    (await inspected.get('/api/history', { ...inspected.bearer, ...headers }, method)).status
  assert.equal(await status({ host: 'rebound.example' }), 403)
  assert.equal(await status({ origin: 'http://evil.example' }), 403)
  assert.equal(await status({ 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await status({}, 'POST'), 405)
  const head = await inspected.get('/api/snapshot', inspected.bearer, 'HEAD')
  assert.deepEqual([head.status, head.body], [200, ''])
})

test('it listens on loopback alone', async (t) => {
  const { port } = await Inspected.start(t, waiting)
  // The whole of 127/8 is this machine, but only one address of it is listened on.
  const socket = connect(port, '127.0.0.2')
  const [error] = await once(socket, 'error')
  assert.equal(error.code, 'ECONNREFUSED')
})

test('a snapshot is what snapshotLines gives, and a task is found by its id', async (t) => {
  const inspected = await Inspected.start(t, waiting)
  await inspected.event<TasksEvent>('tasks', ({ total }) => total === 4)
  const { body, headers } = await inspected.get('/api/snapshot')
  assert.equal(headers['content-type'], 'application/x-ndjson')
  const { tasks, process } = readSnapshot(body)
  assert.equal(process.pid, inspected.running.pid)
  assert.deepEqual(
    tasks.map(({ name }) => name),
    ['main', 'worker', 'worker', 'worker'],
  )
  assert.match(tasks[1]?.frames[0]?.at ?? '', /program\.mjs:5:/)
  const bare = readSnapshot((await inspected.get('/api/snapshot?frames=0')).body)
  assert.deepEqual(bare.tasks[1]?.frames, [])
  const unlocated = readSnapshot((await inspected.get('/api/snapshot?locations=0')).body)
  assert.equal(unlocated.tasks[1]?.frames[0]?.at, null)

  const id = tasks[2]?.id
  const task = await inspected.json<TaskRecord>(`/api/tasks/${id}`)
  assert.deepEqual([task.id, task.reason, task.frames.length], [id, 'event "go"', 1])
  inspected.running.child.stdin?.write('go.set()')
  await inspected.event<TasksEvent>('tasks', ({ total }) => total === 0)
  assert.equal((await inspected.get(`/api/tasks/${id}`)).status, 404)
})

test('who watches is told all tasks once, and then what changes', async (t) => {
  const inspected = await Inspected.start(t, waiting)
  await inspected.event<TasksEvent>('tasks', ({ total }) => total === 4)
  const names: string[] = []
  for await (const { event, data } of inspected.events('?interval=100')) {
    names.push(event)
    if (event !== 'tasks') continue
    const tasks = data as TasksEvent
    if (tasks.full) {
      assert.deepEqual([tasks.first, tasks.complete, tasks.changed.length, tasks.total], [true, true, 4, 4])
      inspected.running.child.stdin?.write('go.set()')
      continue
    }
    assert.deepEqual([...tasks.ended].sort(), [1, 2, 3, 4])
    assert.deepEqual([tasks.changed, tasks.total], [[], 0])
    break
  }
  assert.equal(names[0], 'hello')
  const figures = await inspected.event<FigureRecord>('figures')
  assert.equal(figures.tasks, 0)
  assert.ok(figures.rss > 0 && figures.heapUsed > 0 && !figures.held)
  const history = await inspected.json<HistoryRecord>('/api/history')
  assert.ok(history.figures.length > 0)
})

test('a loop that is held: who watches is told what holds it, questions are refused with that, figures go on', async (t) => {
  const inspected = await Inspected.start(t, holding)
  const events = inspected.events('?interval=100')
  await until(events, 'tasks')
  inspected.running.child.stdin?.write('hold()')
  const { stack, text } = await until<HeldRecord>(events, 'held', ({ stack }) => stack[0]?.name === 'spin')
  assert.match(stack[0]?.at ?? '', /^\/.*program\.mjs:12:\d+$/)
  assert.match(text, /^spin \(.*program\.mjs:12:\d+\) has held the loop for \d+ ms so far\n {4}at spin /)
  const figures = await until<FigureRecord>(events, 'figures', ({ held }) => held)
  assert.deepEqual([figures.tasks, figures.turnsPerS], [4, 0])

  const refused = await inspected.get('/api/snapshot')
  assert.equal(refused.status, 503)
  const { error, held } = JSON.parse(refused.body)
  assert.deepEqual([error, held.stack[0].name], ['loop-held', 'spin'])
  assert.match((await inspected.get('/metrics')).body, /^fibril_loop_held 1$/m)
  // One who comes only now is told as well.
  assert.equal((await inspected.event<HeldRecord>('held')).stack[0]?.name, 'spin')

  writeFileSync(join(inspected.place.folder, 'free'), '')
  const { heldMs } = await until<{ heldMs: number }>(events, 'released')
  assert.ok(heldMs >= figures.lagMs)
  await events.return(undefined)
  assert.equal(readSnapshot((await inspected.get('/api/snapshot')).body).tasks.length, 4)
  const history = await inspected.json<HistoryRecord>('/api/history')
  assert.ok(history.held.some(({ stack, heldMs }) => stack[0]?.name === 'spin' && heldMs !== null))
})

test('as many may watch as there is room for; one who leaves makes room', async (t) => {
  const inspected = await Inspected.start(t, waiting)
  const all = Array.from({ length: 16 }, () => inspected.events())
  for (const events of all) assert.equal((await events.next()).value?.event, 'hello')
  const { status, body } = await inspected.get('/api/live')
  assert.deepEqual([status, JSON.parse(body).error], [503, 'busy'])
  await all[0]?.return(undefined)
  while ((await inspected.get('/api/live', inspected.bearer, 'HEAD')).status !== 200);
  await inspected.event('hello').catch(() => inspected.event('hello'))
  for (const events of all) await events.return(undefined)
})

test('a trace is what the tasks do in the next moment; one at a time', async (t) => {
  const inspected = await Inspected.start(
    t,
    `import { run, sleep } from 'DIST/index.js'
     run(function* ticking() { for (;;) yield* sleep(5) })`,
  )
  const asked = inspected.get('/api/trace?ms=400')
  const { body, headers } = await asked
  assert.equal(headers['content-type'], 'application/json')
  const { traceEvents, otherData } = JSON.parse(body)
  assert.equal(otherData.version, 1)
  assert.ok(
    traceEvents.filter(({ cat, name }: Record<string, string>) => cat === 'step' && name === 'ticking').length > 1,
  )
  // It is over: nothing is recorded any more, and another one can be.
  assert.equal((await inspected.get('/api/trace?ms=1')).status, 200)
})

test('reports are told to who watches, and kept', async (t) => {
  const inspected = await Inspected.start(
    t,
    `import { run, spawn, sleep } from 'DIST/index.js'
     import { Lock } from 'DIST/sync/index.js'
     const a = new Lock({ name: 'a' }), b = new Lock({ name: 'b' })
     const both = (first, second) => function* both() {
       yield* first.acquire()
       yield* sleep(10)
       yield* second.acquire()
     }
     run(function* main() { spawn(both(a, b)); spawn(both(b, a)) })
     setInterval(() => {}, 1000)`,
  )
  const { kind, text } = await inspected.event<ReportRecord>('report')
  assert.equal(kind, 'deadlock')
  assert.match(text, /both #\d+ waits for lock "b"/)
  const { reports } = await inspected.json<HistoryRecord>('/api/history')
  assert.equal(reports[0]?.kind, 'deadlock')
})

test('metrics are in the text format of Prometheus, and the same as in code', async (t) => {
  const inspected = await Inspected.start(t, waiting)
  await inspected.event<TasksEvent>('tasks', ({ total }) => total === 4)
  const { body, headers } = await inspected.get('/metrics')
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  const scraped = parseMetrics(body)
  assert.equal(scraped.get('fibril_tasks')?.value, 4)
  assert.deepEqual([...scraped.keys()], [...parseMetrics(metrics()).keys()])
})

test('a port that is taken: inspect() throws, and a program that only should be looked at runs', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  const place = new Place(t)
  const running = place.startText(
    `import { inspect } from 'DIST/inspect/index.js'
     try { inspect({ port: ${port} }) } catch (error) { console.log(error.code, error.message) }
     await import('DIST/index.js')
     setTimeout(() => console.log('runs'), 500)`,
    { FIBRIL_INSPECT: `page:${port}` },
  )
  await running.wrote('stdout', /runs/)
  assert.match(running.stdout, /^FIBRIL_INSPECT the inspector cannot listen on port \d+: something else does/)
  assert.match(
    running.stderr,
    /FibrilWarning: the inspector cannot listen on port \d+: .*; the program runs without its page/,
  )
})

test('it does not keep the program alive, and ends with it or before it', async (t) => {
  const place = new Place(t)
  const running = place.startText(`import { inspect } from 'DIST/inspect/index.js'
     const first = inspect()
     console.log((await fetch(first.url, { redirect: 'manual' })).status)
     await first[Symbol.asyncDispose]()
     console.log(await fetch(first.url).then(() => 'still there', () => 'gone'))
     inspect()`)
  await running.ended
  assert.deepEqual([running.stdout, running.stderr, running.child.exitCode], ['303\ngone\n', '', 0])
  assert.deepEqual(place.mail(), [])
})

test('what a program starts takes another port', async (t) => {
  const place = new Place(t)
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  const running = place.startText(
    `import 'DIST/index.js'
     import { fork } from 'node:child_process'
     setTimeout(() => {
       if (process.argv[2] === undefined) fork(process.argv[1], ['child'])
     }, 500)
     setInterval(() => {}, 1000)
     process.on('disconnect', () => process.exit())`,
    { FIBRIL_INSPECT: `page:${port}` },
  )
  await running.wrote('stderr', /inspector.*\n[\s\S]*inspector.*\n/)
  const ports = [...running.stderr.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port))
  assert.equal(ports[0], port)
  assert.notEqual(ports[1], port)
})
