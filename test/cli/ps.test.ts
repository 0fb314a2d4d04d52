import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, node } from '../green/load/program.ts'
import { Place, uid } from '../inspect/program.ts'
import { holding, Inspected, waiting } from '../inspect/server/inspected.ts'
import { wrongCommands } from './wrong-commands.ts'

const skip = process.platform === 'win32' && 'no signals'

const ps = (place: Place, ...args: (string | number)[]) =>
  node([cli, 'ps', '--wait', '60000', ...args.map(String)], { cwd: place.folder, env: { TMPDIR: place.folder } })

wrongCommands(
  ['ps'],
  [
    [['1', '2'], 'fibril ps takes the id of one process, or the address of its inspector'],
    [['--wait', 'long'], '--wait takes milliseconds, not "long"'],
  ],
)

test('lists those that listen, by signal or by the page, and keeps the token to itself', { skip }, async (t) => {
  const inspected = await Inspected.start(t, waiting, { FIBRIL_INSPECT: 'page' })
  const { place, running } = inspected
  const other = place.startText(`${waiting}\nconsole.log('up')`, { FIBRIL_INSPECT: '1' })
  await other.wrote('stdout', /up/)
  while (!(await ps(place)).stdout.includes(`${other.pid}`));
  const { stdout, stderr, code } = await ps(place)
  assert.deepEqual([stderr, code], ['', 0])
  assert.doesNotMatch(stdout, new RegExp(inspected.token))
  const [head = '', ...rows] = stdout.trimEnd().split('\n')
  assert.match(head, /^pid +up +tasks +state +inspector +command$/)
  const row = (pid: number) => rows.find((text) => text.startsWith(`${pid} `)) ?? ''
  assert.match(row(running.pid), / +4 +runs +http:\/\/127\.0\.0\.1:\d+\/ +\S*program\.mjs$/)
  assert.match(row(other.pid), / +4 +runs +- +\S*program\.mjs$/)
  const data = JSON.parse((await ps(place, '--json')).stdout) as { pid: number; tasks: number }[]
  assert.deepEqual(
    data.map(({ tasks }) => tasks),
    [4, 4],
  )
})

test('shows the tasks of one, a line each, by its id or by its address', { skip }, async (t) => {
  const { place, running, url, port } = await Inspected.start(t, waiting)
  for (const word of [running.pid, url]) {
    const { stdout, code } = await ps(place, word)
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^4 tasks, .*\n\nmain #1 waits for its children to end, .*\n└─ worker #2 and 2 alike wait for event "go", .*\n$/,
    )
  }
  const wrong = await ps(place, `http://127.0.0.1:${port}/?token=wrong`)
  assert.deepEqual([wrong.stdout, wrong.code], ['', 1])
  assert.match(wrong.stderr, /^fibril: the inspector at 127\.0\.0\.1:\d+ refused \(401\): Open the whole address/)
})

test('of one whose loop is held it tells what holds it; without the page, that it is held', { skip }, async (t) => {
  const { place, running } = await Inspected.start(t, holding, { FIBRIL_INSPECT: 'page' })
  running.child.stdin?.write('hold()')
  for (;;) {
    const { stderr, code } = await ps(place, running.pid)
    if (code !== 1) continue
    assert.match(stderr, /^fibril: spin \(.*program\.mjs:12:\d+\) has held the loop for \d+ ms so far\n {4}at spin /)
    break
  }
  assert.match((await ps(place)).stdout, /held by spin \(.*program\.mjs:12:\d+\) for \d/)
  assert.match((await place.dump(running.pid)).stderr, /^fibril: spin .* has held the loop/)
  writeFileSync(join(place.folder, 'free'), '')

  const silent = new Place(t)
  const hung = silent.startText(`import { inspectOnSignal } from 'DIST/inspect/index.js'
     inspectOnSignal()
     process.stdout.write('up', () => { for (;;); })`)
  await hung.wrote('stdout', /up/)
  const { stdout } = await ps(silent, '--wait', 300)
  assert.match(stdout, new RegExp(`^${hung.pid} .* - +held or stopped +- `, 'm'))
})

test('nobody listens, and no program is where it was', { skip }, async (t) => {
  const place = new Place(t)
  assert.match((await ps(place)).stdout, /^no process listens: start one with/)
  const gone = await ps(place, 'http://127.0.0.1:9/?token=a')
  assert.match(gone.stderr, /^fibril: no inspector answers at 127\.0\.0\.1:9: the program has ended/)
  assert.match((await ps(place, 'app.ts')).stderr, /^fibril: "app.ts" is no address of an inspector/)
  assert.match((await ps(place, 'https://127.0.0.1/')).stderr, /begins with http:\/\/, not https:\/\//)
})

test('another user sees none of it, neither way', { skip: skip || (uid !== 0 && 'needs a second user') }, async (t) => {
  const { place, running } = await Inspected.start(t, waiting)
  chmodSync(place.folder, 0o755)
  const other = place.start([cli, 'ps', String(running.pid)], { uid: 65_534 })
  await other.ended
  assert.equal(other.stderr, `fibril: process ${running.pid} belongs to another user: only its owner can ask it\n`)
  // That one's own folder: nobody listens there. It cannot enter this one.
  const listed = place.start([cli, 'ps'], { uid: 65_534, env: { TMPDIR: place.folder } })
  await listed.ended
  assert.doesNotMatch(listed.stdout + listed.stderr, new RegExp(`${running.pid}`))

  const theirs = place.start(['-e', 'console.log("up"); setInterval(() => {}, 1000)'], { uid: 65_534 })
  await theirs.wrote('stdout', /up/)
  const { stderr, code } = await ps(place, theirs.pid)
  assert.deepEqual(
    [stderr, code],
    [`fibril: process ${theirs.pid} belongs to another user: only its owner can ask it\n`, 1],
  )
})
