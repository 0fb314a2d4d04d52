// Slow, all of these: they start processes.
import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { run, UsageError, wait } from '../../src/index.ts'
import { type ServingOptions, serveAcross } from '../../src/serving/index.ts'
import { ask, page } from './load.ts'
import { alive, fibrilProgram, pidsOf, program, quick, scratch, serving, test, until, versionFile } from './serving.ts'

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
