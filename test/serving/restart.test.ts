// Slow, all of these: they start processes.
import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { writeFileSync } from 'node:fs'
import { BusyError, run, wait } from '../../src/index.ts'
import { WorkerError } from '../../src/serving/index.ts'
import { page } from './load.ts'
import { alive, failureOf, pidsOf, serving, until, versionFile } from './serving.ts'

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

serving('a second restart while one runs is refused', {}, function* ({ service }) {
  const first = run(service.restart())
  yield* until(() => service.stats().started === 3)
  assert.ok((yield* failureOf(service.restart())) instanceof BusyError)
  yield* first
  assert.equal(service.stats().replaced, 2)
})

serving('a worker that is sent SIGTERM is replaced before it leaves', {}, function* ({ service }) {
  const [first, second] = pidsOf(service) as [number, number]
  process.kill(first, 'SIGTERM')
  yield* until(() => !alive(first) && pidsOf(service).length === 2)
  assert.ok(pidsOf(service).includes(second))
  assert.equal(service.stats().crashes, 0)
  assert.equal(service.stats().replaced, 1)
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
