import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../../src/core/index.ts'
import { inspect, readSnapshot, type Summary } from '../../../src/inspect/index.ts'
import { cli, folderWith, node } from '../../green/load/program.ts'
import { Place } from '../program.ts'
import { Inspected } from './inspected.ts'

test('inspect() listens when it returns, under an address of its own with a token of its own', async () => {
  await using first = inspect()
  await using second = inspect()
  assert.notEqual(first.port, second.port)
  const tokens = [first, second].map(({ url }) => new URL(url).searchParams.get('token') ?? '')
  assert.notEqual(tokens[0], tokens[1])
  for (const token of tokens) assert.equal(Buffer.from(token, 'base64url').length, 32)
  const ask = (port: number, token = '') =>
    fetch(`http://127.0.0.1:${port}/api/history`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal((await ask(first.port, tokens[0])).status, 200)
  assert.equal((await ask(first.port, tokens[1])).status, 401)
})

test('a port that is none is a mistake of the caller', () => {
  for (const port of [-1, 1.5, 65_536, Number.NaN]) assert.throws(() => inspect({ port }), UsageError)
})

test('fibril run --inspect-fibril serves a green program, from its first line on', async (t) => {
  const place = new Place(t)
  const file = join(place.folder, 'green.ts')
  writeFileSync(file, "import { sleep } from 'fibril/green'\nsleep(100_000 as number)\n")
  const inspected = await Inspected.of(place, place.start([cli, 'run', '--inspect-fibril', file]))
  for (;;) {
    const { status, body } = await inspected.get('/api/snapshot')
    const [task] = status === 200 ? readSnapshot(body).tasks : []
    if (task?.reason !== '100000 ms to pass') continue
    assert.match(task.frames[0]?.at ?? '', /green\.ts:2:\d+$/)
    break
  }
})

test('a port that is none is a wrong command', async (t) => {
  const cwd = folderWith(t, { 'app.js': '' })
  for (const port of ['70000', 'http', '-1', '']) {
    const { stderr, code } = await node([cli, 'run', `--inspect-fibril=${port}`, 'app.js'], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /^fibril: --inspect-fibril takes a port, from 0 to 65535, not ".*"\n/)
  }
})

test('the environment may ask for a port that is none: the program runs', async (t) => {
  const place = new Place(t)
  const running = place.startText("import 'DIST/index.js'; setTimeout(() => console.log('runs'), 300)", {
    FIBRIL_INSPECT: 'page:http',
  })
  await running.wrote('stdout', /runs/)
  assert.match(running.stderr, /FIBRIL_INSPECT=page:PORT takes a port from 0 to 65535, not "http"/)
})

test('a worker thread may be inspected as well, if it asks for that itself', async (t) => {
  const place = new Place(t)
  const running = place.startText(`import { isMainThread, Worker } from 'node:worker_threads'
     import { inspect } from 'DIST/inspect/index.js'
     if (isMainThread) new Worker(new URL(import.meta.url))
     else {
       inspect({ print: true })
       setInterval(() => {}, 1000)
     }`)
  const inspected = await Inspected.of(place, running)
  const { process } = await inspected.json<Summary>('/api/summary')
  assert.ok(process.thread > 0)
  // It is the main thread of each process that fibril ps finds.
  assert.equal(
    (await node([cli, 'ps'], { cwd: place.folder, env: { TMPDIR: place.folder } })).stdout.slice(0, 10),
    'no process',
  )
})

test('nothing of the token is in the command or the environment of the process', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const { running, token } = await Inspected.start(t, "import 'DIST/index.js'; setInterval(() => {}, 1000)")
  for (const name of ['cmdline', 'environ'])
    assert.ok(!readFileSync(`/proc/${running.pid}/${name}`, 'utf8').includes(token))
})
