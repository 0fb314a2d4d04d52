// Slow, all of these: they start processes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { ClosedError, run, wait } from '../../src/index.ts'
import { serveAcross, WorkerError } from '../../src/serving/index.ts'
import { ask, Load } from './load.ts'
import { alive, failureOf, pidsOf, program, quick, serving, test, until, versionFile } from './serving.ts'

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
      yield* until(() => load.pids.size === 3 && load.answered > answered + 200)
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
