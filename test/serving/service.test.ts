// Slow, all of these: they start processes.
import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test as anyTest } from 'node:test'
import {
  type Body,
  BusyError,
  ClosedError,
  FibrilError,
  fn,
  type Operation,
  run,
  sleep,
  UsageError,
  wait,
} from '../../src/index.ts'
import { type Service, type ServingOptions, serveAcross, WorkerError } from '../../src/serving/index.ts'
import { ask, Load, page } from './load.ts'

const program = new URL('./program.js', import.meta.url)
const fibrilProgram = new URL('./fibril-program.js', import.meta.url)
const scratch = mkdtempSync(join(tmpdir(), 'fibril-serving-'))
const versionFile = join(scratch, 'version')
after(() => rmSync(scratch, { recursive: true }))

const quick: ServingOptions = { workers: 2, signals: false, linger: 200, backoff: { baseMs: 1, maxMs: 20 } }

const notHere = process.platform === 'win32' ? 'no signals' : process.versions['bun'] !== undefined && 'not for Bun'
const test = (title: string, body: () => Promise<void>): void => void anyTest(title, { skip: notHere }, body)

interface Started {
  readonly service: Service
  readonly errors: WorkerError[]
}

/** A test with a service, which is stopped at its end. What its workers die of is kept, and is to be none at the end. */
function serving(
  title: string,
  options: ServingOptions,
  body: (started: Started) => Body<void>,
  module = program,
): void {
  test(title, async () => {
    await run(function* () {
      writeFileSync(versionFile, 'one')
      const errors: WorkerError[] = []
      const env = { VERSION_FILE: versionFile, ...options.env }
      const onError = (error: WorkerError): void => void errors.push(error)
      const service = yield* serveAcross(module, { ...quick, onError, ...options, env })
      try {
        yield* body({ service, errors })
      } finally {
        yield* service.stop({ grace: 200 })
      }
      assert.deepEqual(service.stats().workers, [])
      assert.deepEqual(errors.splice(0).map(String), [])
    })
  })
}

const until = fn(function* (holds: () => boolean) {
  while (!holds()) yield* sleep(5)
})

const failureOf = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    assert.ok(FibrilError.is(error), String(error))
    return error
  }
  throw new Error('it did not fail')
})

const pidsOf = (service: Service): number[] => service.stats().workers.map(({ pid }) => pid)

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

serving('connections are dealt out evenly, to processes that are not this one', {}, function* ({ service }) {
  const counts = new Map<number, number>()
  for (let i = 0; i < 20; i++) {
    const { pid } = yield* wait(page(service.port))
    counts.set(pid, (counts.get(pid) ?? 0) + 1)
  }
  assert.deepEqual([...counts.keys()].sort(), pidsOf(service).sort())
  for (const count of counts.values()) assert.ok(count >= 8, `${count} of 20`)
  yield* until(() => service.stats().workers.every(({ accepted }) => accepted >= 8))
})

for (const [kind, module] of [
  ["of node's own", program],
  ["of Fibril's", fibrilProgram],
] as const) {
  serving(
    `a rolling restart under load loses no request to a server ${kind}, over connections that are kept or fresh`,
    { linger: 5000, listens: module === program ? 1 : 2 },
    function* ({ service }) {
      const before = pidsOf(service)
      const load = new Load(service.port, { kept: 4, fresh: 2 })
      try {
        yield* until(() => load.answered > 300)
        yield* service.restart()
        const answered = load.answered
        yield* until(() => load.answered > answered + 300)
        yield* service.restart({ atOnce: 2 })
        yield* until(() => load.answered > 1500)
      } finally {
        yield* wait(load.stop())
      }
      assert.deepEqual(load.failures, [])
      assert.equal(load.pids.size, 6)
      assert.ok(pidsOf(service).every((pid) => !before.includes(pid)))
      assert.ok(!before.some(alive))
      assert.equal(service.stats().replaced, 4)
    },
    module,
  )
}

serving(
  'of a worker that is killed under load, only its own connections fail, and it is replaced',
  {},
  function* ({ service, errors }) {
    const load = new Load(service.port, { kept: 4, fresh: 2 })
    const [victim, other] = pidsOf(service) as [number, number]
    try {
      yield* until(() => (load.pids.get(victim) ?? 0) > 100 && (load.pids.get(other) ?? 0) > 100)
      process.kill(victim, 'SIGKILL')
      yield* until(() => pidsOf(service).length === 2 && service.stats().started === 3)
      const answered = load.answered
      yield* until(() => load.pids.size === 3 && load.answered > answered + 300)
    } finally {
      yield* wait(load.stop())
    }
    // Each of the clients had at most one request under way.
    assert.ok(load.failures.length <= 6, `${load.failures.length} failures`)
    assert.ok(load.failures.every(({ pid }) => pid !== other))
    const [error] = errors.splice(0) as [WorkerError]
    assert.equal(error.pid, victim)
    assert.equal(error.signal, 'SIGKILL')
    assert.match(error.message, /worker 1 of service "program" \(pid \d+\) ended in service: it was killed by SIGKILL/)
    assert.equal(service.stats().crashes, 1)
  },
)

serving(
  'a new version that does not start is told with what it said, and the old one stays',
  {},
  function* ({ service, errors }) {
    const before = pidsOf(service)
    writeFileSync(versionFile, 'broken')
    const error = yield* failureOf(service.restart())
    assert.ok(error instanceof WorkerError)
    assert.equal(error.exitCode, 1)
    assert.match(
      error.message,
      /ended before it listened: it exited with code 1\. Its last words:\n.*this version is broken/s,
    )
    assert.deepEqual(pidsOf(service), before)
    assert.equal((yield* wait(page(service.port))).version, 'one')
    writeFileSync(versionFile, 'two')
    yield* service.restart()
    assert.equal((yield* wait(page(service.port))).version, 'two')
    assert.deepEqual(errors, [])
  },
)

test('a worker that never listens is killed when its time is over, and is said to have been', async () => {
  await run(function* () {
    writeFileSync(versionFile, 'silent')
    const env = { VERSION_FILE: versionFile }
    const error = (yield* failureOf(serveAcross(program, { ...quick, env, readyMs: 300 }))) as WorkerError
    assert.match(error.message, /worker 1 .*ended before it listened: it did not listen within 300 ms/)
    assert.equal(error.signal, 'SIGKILL')
    assert.ok(!alive(error.pid))
  })
})

serving('a second restart while one runs is refused', {}, function* ({ service }) {
  const first = run(service.restart())
  yield* until(() => service.stats().started === 3)
  assert.ok((yield* failureOf(service.restart())) instanceof BusyError)
  yield* first
  assert.equal(service.stats().replaced, 2)
})

serving('workers that die again and again are started again with growing pauses', {}, function* ({ service, errors }) {
  writeFileSync(versionFile, 'dies later')
  for (const pid of pidsOf(service)) process.kill(pid, 'SIGKILL')
  yield* until(() => errors.length >= 5)
  assert.ok(errors.filter(({ exitCode }) => exitCode === 4).length >= 3)
  writeFileSync(versionFile, 'two')
  yield* until(() => service.stats().workers.filter(({ state }) => state === 'ready').length === 2)
  yield* until(() => service.stats().pauseMs === 0)
  errors.length = 0
})

test('a service of which nobody can be started any more fails, and says why', async () => {
  await run(function* () {
    writeFileSync(versionFile, 'one')
    const service = yield* serveAcross(program, {
      ...quick,
      workers: 1,
      env: { VERSION_FILE: versionFile },
      maxFailedStarts: 2,
      onError() {},
    })
    const end = run(failureOf(service.join()))
    writeFileSync(versionFile, 'broken')
    process.kill(pidsOf(service)[0] as number, 'SIGKILL')
    const error = (yield* end) as WorkerError
    assert.ok(error instanceof WorkerError)
    assert.match(error.stderr, /this version is broken/)
    assert.equal(service.stats().state, 'stopped')
    assert.equal(service.stats().failedStarts, 2)
    assert.ok((yield* failureOf(service.restart())) instanceof ClosedError)
  })
})

test('a port that is taken is told at the start, by one worker for all', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  await run(function* () {
    const error = yield* failureOf(serveAcross(program, { ...quick, workers: 4, env: { PORT: String(port) } }))
    assert.ok(error instanceof WorkerError)
    assert.match(error.message, /worker 1 .*ended before it listened: it exited with code 1.*EADDRINUSE/s)
  })
  taken.close()
})

serving('a stop lets what runs finish, and cuts what is stuck when the grace is over', {}, function* ({ service }) {
  const stuck = ask(service.port, 'GET /hang HTTP/1.1\r\nhost: x\r\n\r\n')
  const idle = ask(service.port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  yield* until(() => service.stats().connections === 2)
  const pids = pidsOf(service)
  const stop = run(service.stop({ grace: 600 }))
  assert.match(yield* wait(idle.ended), /"pid"/)
  assert.ok(pids.some(alive))
  yield* stop
  assert.match(yield* wait(stuck.ended), /begun/)
  assert.ok(!pids.some(alive))
})

serving(
  'servers of Fibril are stopped: who waits for input gets the end of it, `finally` blocks run, and the program ends by itself',
  { workers: 1, listens: 2, prefix: () => '' },
  function* ({ service }) {
    const [, lines] = service.addresses
    const short = ask(lines?.port as number, 'hello\n')
    yield* until(() => service.stats().connections === 1)
    short.end()
    const talk = ask(lines?.port as number, 'hello\n')
    const slow = ask(service.port, 'GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
    yield* until(() => service.stats().connections === 2 && service.stats().workers[0]?.accepted === 3)
    const [pid] = pidsOf(service)
    const stop = run(service.stop({ grace: 500 }))
    assert.equal(yield* wait(talk.ended), `hello ${pid}\nbye\n`)
    yield* stop
    assert.match(yield* wait(slow.ended), /503/)
  },
  fibrilProgram,
)

serving(
  'a worker whose loop is held is killed and replaced, and its clients are not left waiting',
  {
    unresponsiveMs: 1000,
  },
  function* ({ service, errors }) {
    const held = ask(service.port, 'GET /hold HTTP/1.1\r\nhost: x\r\n\r\n')
    // In time, one of these is handed to the worker that will never take it.
    const others = Array.from({ length: 4 }, () => ask(service.port, 'GET / HTTP/1.0\r\n\r\n'))
    assert.equal(yield* wait(held.ended), '')
    const answers = yield* wait(Promise.all(others.map(({ ended }) => ended)))
    assert.ok(answers.filter((answer) => answer.includes('200 OK')).length >= 2)
    yield* until(() => service.stats().workers.filter(({ state }) => state === 'ready').length === 2)
    assert.match(String(errors.splice(0)), /its loop was held for more than 1000 ms/)
  },
)

serving('a worker that is sent SIGTERM is replaced before it leaves', {}, function* ({ service }) {
  const [first, second] = pidsOf(service) as [number, number]
  process.kill(first, 'SIGTERM')
  yield* until(() => !alive(first) && pidsOf(service).length === 2)
  assert.ok(pidsOf(service).includes(second))
  assert.equal(service.stats().crashes, 0)
  assert.equal(service.stats().replaced, 1)
})

const path = join(scratch, 'socket')
serving('a Unix socket is shared as a port is', { env: { UNIX_PATH: path } }, function* ({ service }) {
  assert.throws(() => service.port, UsageError)
  const answer = yield* wait(
    new Promise<string>((resolve) => {
      const socket = connectSocket(path, () => socket.write('GET / HTTP/1.0\r\n\r\n'))
      let text = ''
      socket.setEncoding('utf8').on('data', (more) => (text += more))
      socket.once('close', () => resolve(text))
    }),
  )
  assert.match(answer, /"version":"one"/)
})

serving('many restarts leave nothing behind', { workers: 1, linger: 0 }, function* ({ service }) {
  const count = (): number[] => [
    process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'Immediate').length,
    process.listenerCount('exit') + process.listenerCount('SIGINT'),
    process.stderr.listenerCount('drain') + process.stdout.listenerCount('error'),
    cluster.listenerCount('exit') + cluster.listenerCount('setup'),
    Object.keys(cluster.workers ?? {}).length,
  ]
  yield* service.restart()
  const before = count()
  for (let i = 0; i < 3; i++) yield* service.restart()
  assert.deepEqual(count(), before)
})

test('a cancel of the start ends what was started', async () => {
  writeFileSync(versionFile, 'silent')
  const before = new Set(Object.keys(cluster.workers ?? {}))
  const start = run(serveAcross(program, { ...quick, env: { VERSION_FILE: versionFile } }))
  await run(until(() => Object.keys(cluster.workers ?? {}).some((id) => !before.has(id))))
  const pids = Object.values(cluster.workers ?? {}).map((worker) => worker?.process.pid as number)
  start.cancel()
  await assert.rejects(async () => await start, { code: 'FIBRIL_CANCELLED' })
  assert.ok(!pids.some(alive))
})

test('what cannot work is refused at once', async () => {
  const refused = async (options: ServingOptions, why: RegExp, module: string | URL = program): Promise<void> => {
    await assert.rejects(
      async () => await serveAcross(module, { ...quick, ...options }),
      (error) => {
        assert.ok(error instanceof UsageError)
        assert.match(error.message, why)
        return true
      },
    )
  }
  await refused({ workers: 0 }, /workers is 0: give a whole number from 1 up/)
  await refused({ grace: Number.NaN }, /grace is NaN: give milliseconds/)
  await refused({ spread: 'odd' as 'even' }, /spread is odd/)
  await refused({ spread: 'kernel' }, /connections are spread even in this process already/)
  await refused({}, /is no file/, 'data:text/javascript,1')
  await refused({}, /there is no module "\.\/program\.js"/, './program.js')
})
