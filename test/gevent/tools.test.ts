import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  type AsyncResult,
  assertSwitches,
  Event,
  formatRunInfo,
  getcurrent,
  getHub,
  monkey,
  printRunInfo,
  sleep,
  spawn,
  startMonitor,
  subprocess,
  ThreadPool,
} from '../../src/gevent/index.ts'
import { it } from '../support/it.ts'
import { heard } from './heard.ts'

async function warningsOf(body: () => void): Promise<string[]> {
  const warnings: string[] = []
  const listen = (warning: Error & { code?: string }) => warnings.push(`${warning.name}: ${warning.message}`)
  process.on('warning', listen)
  body()
  await delay(1)
  process.off('warning', listen)
  return warnings
}

test('patchAll patches what it can; isModulePatched, isObjectPatched and getOriginal tell', async () => {
  const { readFileSync } = fs
  try {
    const report = monkey.patchAll({ crypto: false, zlib: false })
    assert.ok(report.patched.includes('fs.readFileSync'))
    assert.deepEqual([monkey.isModulePatched('fs'), monkey.isModulePatched('crypto')], [true, false])
    assert.equal(monkey.isObjectPatched('fs', 'readFileSync'), true)
    assert.equal(monkey.getOriginal('fs', 'readFileSync'), readFileSync)
    assert.equal(monkey.getOriginal('fs', ['readFileSync', 'existsSync'])[0], readFileSync)
    assert.throws(() => monkey.getOriginal('fs', 'noSuch'), { code: 'FIBRIL_USAGE' })
    assert.throws(() => monkey.patchModule('noSuch' as never), { code: 'FIBRIL_USAGE' })
  } finally {
    monkey.unpatchAll()
  }
  assert.equal(fs.readFileSync, readFileSync)
  assert.equal(monkey.isModulePatched('fs'), false)
})

test('patching again with other options warns, and only adds', async () => {
  try {
    monkey.patchAll({ crypto: false })
    assert.deepEqual(await warningsOf(() => monkey.patchAll({ crypto: false })), [])
    const warnings = await warningsOf(() => monkey.patchAll({ fs: false }))
    assert.match(warnings.join(), /MonkeyPatchWarning: Patching more than once/)
    assert.deepEqual([monkey.isModulePatched('fs'), monkey.isModulePatched('crypto')], [true, true])
  } finally {
    monkey.unpatchAll()
  }
})

test('a module that was loaded before and holds a function as it was is named in a warning', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'fibril-gevent-'))
  const file = join(folder, 'late.cjs')
  fs.writeFileSync(file, "const { readFileSync } = require('fs')\nmodule.exports = () => readFileSync\n")
  createRequire(import.meta.url)(file)
  try {
    let late: readonly { file: string }[] = []
    const warnings = await warningsOf(() => {
      late = monkey.patchAll({ crypto: false, zlib: false }).late
    })
    assert.equal(late[0]?.file, file)
    assert.match(warnings.join(), /late\.cjs was loaded before patchAll\(\) and holds readFileSync/)
  } finally {
    monkey.unpatchAll()
    fs.rmSync(folder, { recursive: true })
  }
})

test('events tell of each patch before and after; DoNotPatch vetoes a module, or all', async () => {
  const told: string[] = []
  const veto = (name: string) => {
    told.push(`will ${name}`)
    if (name === 'zlib') throw new monkey.DoNotPatch()
  }
  const did = (name: string) => told.push(`did ${name}`)
  const refuse = () => {
    throw new monkey.DoNotPatch()
  }
  monkey.events.on('willPatchModule', veto)
  monkey.events.on('didPatchModule', did)
  try {
    monkey.patchAll({ crypto: false, atomics: false, childProcess: false })
    assert.deepEqual(told, ['will fs', 'did fs', 'will zlib'])
    assert.equal(monkey.isModulePatched('zlib'), false)
    assert.equal(monkey.patchModule('zlib'), null)
    monkey.unpatchAll()
    monkey.events.on('willPatchAll', refuse)
    assert.deepEqual(monkey.patchAll().patched, [])
    assert.equal(monkey.isModulePatched('fs'), false)
  } finally {
    monkey.events.removeAllListeners()
    monkey.unpatchAll()
  }
})

test('patching in a worker warns', async () => {
  const gevent = new URL('../../src/gevent/index.js', import.meta.url).href
  const worker = new Worker(
    `import(${JSON.stringify(gevent)}).then(({ monkey }) => {
      process.on('warning', (warning) => require('node:worker_threads').parentPort.postMessage(warning.message))
      monkey.patchAll()
    })`,
    { eval: true },
  )
  const message = await new Promise((resolve) => worker.once('message', resolve))
  assert.match(String(message), /it patches that worker alone/)
  await worker.terminate()
})

const work = `data:text/javascript,${encodeURIComponent(`
  export const double = (n) => 2 * n
  export const fail = () => { throw new RangeError('in the thread') }
  export const wait = (cells) => { Atomics.wait(cells, 0, 0); return 'woken' }
`)}`
interface Work {
  double(n: number): number
  fail(): never
  wait(cells: Int32Array): string
}

it('a thread pool calls functions by their names; failures come back', function* () {
  heard()
  const pool = new ThreadPool<Work>(work, { maxsize: 2 })
  assert.equal(yield* pool.apply('double', 21), 42)
  assert.deepEqual(yield* pool.map('double', [1, 2, 3]), [2, 4, 6])
  const result = yield* pool.spawn('fail')
  yield* result.wait()
  assert.equal(String(result.exception), 'RangeError: in the thread')
  assert.throws(() => new ThreadPool(work, { maxsize: 0 }), RangeError)
  yield* pool.join()
  yield* pool.kill()
  assert.throws(() => pool.apply('double', 1), { code: 'FIBRIL_USAGE' })
})

it('spawn of a thread pool waits while one more than maxsize is outstanding', function* () {
  const pool = new ThreadPool<Work>(work, { maxsize: 1 })
  const cells = new Int32Array(new SharedArrayBuffer(4))
  yield* pool.spawn('wait', cells)
  yield* pool.spawn('wait', cells)
  const results: AsyncResult<string>[] = []
  const third = spawn(function* () {
    results.push(yield* pool.spawn('wait', cells))
  })
  yield* third.join(20)
  assert.equal(third.ready(), false)
  Atomics.store(cells, 0, 1)
  Atomics.notify(cells, 0)
  yield* third.join()
  assert.equal(yield* (results[0] as AsyncResult<string>).get(), 'woken')
  yield* pool.join()
  assert.equal(pool.size, 0)
  yield* pool.kill()
})

it('subprocess: communicate, wait, returncode, signals', function* () {
  const cat = new subprocess.Popen(['cat'], { stdin: subprocess.PIPE, stdout: subprocess.PIPE })
  assert.equal(cat.poll(), null)
  assert.deepEqual(yield* cat.communicate('through cat'), ['through cat', null])
  assert.equal(cat.returncode, 0)
  const lines = new subprocess.Popen('echo one; echo two; exit 3', { stdout: subprocess.PIPE })
  assert.equal(yield* (lines.stdout as NonNullable<typeof lines.stdout>).readLine(), 'one')
  assert.deepEqual(yield* lines.communicate(), ['two\n', null])
  assert.equal(yield* lines.wait(), 3)
  const sleeper = new subprocess.Popen(['sleep', '100'])
  try {
    yield* sleeper.wait(5)
    assert.fail('it ended')
  } catch (error) {
    assert.ok(error instanceof subprocess.TimeoutExpired)
    assert.match(error.message, /sleep 100 did not end within 5 ms/)
  }
  sleeper.terminate()
  assert.equal(yield* sleeper.wait(), -15)
  const missing = new subprocess.Popen(['/no/such/program'])
  try {
    yield* missing.wait()
    assert.fail('it ran')
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'ENOENT')
  }
})

it('run, call, checkCall and checkOutput run a command to its end; one that is cancelled or too slow is killed', function* () {
  const node = process.execPath
  assert.equal(yield* subprocess.checkOutput([node, '-p', '1 + 1']), '2\n')
  assert.equal(yield* subprocess.call([node, '-e', 'process.exit(4)']), 4)
  const failing = [node, '-e', 'console.error("why"); process.exit(5)']
  try {
    yield* subprocess.checkCall(failing, { stderr: subprocess.PIPE })
    assert.fail('it was silent')
  } catch (error) {
    assert.ok(error instanceof subprocess.CalledProcessError)
    assert.deepEqual([error.returncode, error.stderr], [5, 'why\n'])
  }
  const completed = yield* subprocess.run(['cat'], { input: 'in', captureOutput: true })
  assert.deepEqual(completed, { returncode: 0, stdout: 'in', stderr: '' })
  try {
    yield* subprocess.run(['sleep', '100'], { timeout: 5 })
    assert.fail('it ended')
  } catch (error) {
    assert.ok(error instanceof subprocess.TimeoutExpired)
  }
  const killed = spawn(() => subprocess.call(['sleep', '100']))
  yield* sleep(20)
  yield* killed.kill()
})

it('printRunInfo shows greenlets as a tree by who spawned them, with what they wait for and share', function* () {
  const event = new Event()
  const parent = spawn(function* parent() {
    getcurrent().spawnTreeLocals['request'] = 7
    const child = spawn(function* child() {
      yield* event.wait()
    })
    yield* child.join()
  })
  const timer = getHub().loop.timer(1000, 0, { ref: false })
  timer.start(() => {})
  yield* sleep(1)
  const written: string[] = []
  printRunInfo({ write: (text) => written.push(text) })
  const text = written.join('')
  assert.equal(text.trim(), formatRunInfo().join('\n'))
  assert.match(
    text,
    /\n +\+--- greenlet parent #\d+: waiting for \d+ ms\n[\s\S]*\n {5,}[ |]*\+--- greenlet child #\d+: waiting for \d+ ms\n.*waits for an event to be set/,
  )
  assert.match(text, /spawn tree locals {"request":7}/)
  assert.match(text, /Watchers\n {2}a timer of 1000 ms \(does not count\)/)
  timer.close()
  event.set()
  yield* parent.join()
})

it('assertSwitches fails without a switch, names who held the loop, and does not cover up what the body throws', function* () {
  assert.equal(yield* assertSwitches(() => assertSwitches(() => spawn(() => sleep(1)).join())), undefined)
  const fails = function* (body: () => unknown, expected: RegExp, maxBlockingTime?: number) {
    try {
      yield* assertSwitches(body, maxBlockingTime === undefined ? {} : { maxBlockingTime })
      assert.fail('it was silent')
    } catch (error) {
      assert.match(String(error), expected)
    }
  }
  yield* fails(() => 1, /^FailedToSwitch: task .* did not let anybody else run/)
  yield* fails(() => {
    throw new Error('own')
  }, /^Error: own$/)
  yield* fails(
    function* () {
      const hog = spawn(function hog() {
        const end = performance.now() + 30
        while (performance.now() < end) {}
      })
      yield* hog.join()
    },
    /hog #\d+ held the loop for \d+\.\d ms, which is more than 20 ms/,
    20,
  )
})

test('the monitor tells of a greenlet that holds the loop, and calls monitoring functions', {
  timeout: 60_000,
}, async () => {
  const alive = setInterval(() => {}, 1000)
  const monitor = startMonitor({ maxBlockingTime: 40, quiet: true, maxMemoryUsage: 1 })
  try {
    assert.equal(startMonitor(), monitor)
    const blocked = new Promise<readonly string[]>((resolve) =>
      monitor.once('eventLoopBlocked', (hold, info) => resolve([String(hold.name), ...info])),
    )
    const memory = new Promise((resolve) => monitor.once('memoryUsageThresholdExceeded', resolve))
    let calls = 0
    const count = () => calls++
    monitor.addMonitoringFunction(count, 1)
    assert.throws(() => monitor.addMonitoringFunction(count, 0), RangeError)
    assert.throws(() => monitor.addMonitoringFunction(1 as never, 1), TypeError)
    // The watching thread takes a moment to start.
    let seen = false
    void blocked.then(() => {
      seen = true
    })
    while (!seen) {
      await spawn(function hog() {
        const end = performance.now() + 200
        while (performance.now() < end) {}
      })
      await delay(20)
    }
    assert.ok((await blocked).some((line) => line.includes('Greenlets')))
    assert.ok(((await memory) as number) > 1)
    monitor.addMonitoringFunction(count, null)
    assert.ok(calls > 0)
  } finally {
    clearInterval(alive)
    monitor.kill()
  }
})
