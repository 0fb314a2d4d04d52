import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node } from '../../green/load/program.ts'
import { Place } from '../../inspect/program.ts'
import { holding, Inspected, waiting } from '../../inspect/server/inspected.ts'

const skip = process.platform === 'win32' && 'no signals'

const top = (place: Place, ...args: (string | number)[]) =>
  node([cli, 'top', '--wait', '60000', ...args.map(String)], { cwd: place.folder, env: { TMPDIR: place.folder } })

test('where the output is no terminal one table is printed: by address, by id, or of the only one', {
  skip,
}, async (t) => {
  const { place, running, url } = await Inspected.start(t, waiting)
  for (const words of [[url], ['--once', running.pid], []]) {
    const { stdout, stderr, code } = await top(place, ...words)
    assert.deepEqual([stderr, code], ['', 0])
    assert.match(stdout, new RegExp(`^fibril top .* process ${running.pid}, up`))
    assert.match(stdout, /^4 tasks {2}0 ready .* lag /m)
    assert.match(stdout, /^3 +worker +parked +event "go" +\d/m)
    assert.ok(!stdout.includes('\u001b'))
  }
})

test('a process that has no page is asked by its signal', { skip }, async (t) => {
  const place = new Place(t)
  const running = place.startText(`${waiting}\nconsole.log('up')`, { FIBRIL_INSPECT: 'signal' })
  await place.dumpUntil(await up(running), /event "go"/)
  const { stdout } = await top(place, running.pid, '--interval', 100)
  assert.match(stdout, /^3 +worker +parked +event "go" +\d/m)
  assert.doesNotMatch(stdout, / lag /)
})

const up = async (running: ReturnType<Place['startText']>): Promise<number> => {
  await running.wrote('stdout', /up/)
  return running.pid
}

test('a held loop is shown as such', { skip }, async (t) => {
  const { place, running } = await Inspected.start(t, holding)
  running.child.stdin?.write('hold()')
  for (;;) {
    const { stdout } = await top(place, running.pid)
    if (!stdout.includes('HELD')) continue
    assert.match(stdout, /^THE LOOP IS HELD: spin \(.*program\.mjs:12:\d+\) has held the loop for \d+ ms so far$/m)
    return
  }
})

test('what cannot be asked is said, with exit code 1; a wrong command, with 2', { skip }, async (t) => {
  const place = new Place(t)
  assert.deepEqual(await top(place), {
    ...{ code: 1, signal: null, stdout: '' },
    stderr: 'fibril: no process listens: start one with fibril run --inspect-fibril\n',
  })
  assert.match((await top(place, 999_999_999)).stderr, /there is no process 999999999/)
  const { stderr, code } = await node([cli, 'top', '1', '2'], { cwd: folderWith(t, {}) })
  assert.equal(code, 2)
  assert.match(stderr, /fibril top takes the id of one process/)
})
