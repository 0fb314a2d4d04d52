import assert from 'node:assert/strict'
import childProcess from 'node:child_process'
import fs, { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { allSettled, atomic, run, spawn, wait, yieldNow } from '../../src/green/index.ts'
import { isPatched, original, patchAll, unpatch } from '../../src/green/patch/index.ts'
import { byHand, itByHand, waits } from './api-by-hand.ts'
import { type Attempt, callInTask, callPlainly } from './patch-outcome.ts'

const top = fs.mkdtempSync(join(tmpdir(), 'fibril-fs-'))
const dir = join(top, 'dir')
const at = (name: string): string => join(dir, name)
after(() => fs.rmSync(top, { recursive: true }))

/** The same files before each call. */
function setup(): void {
  fs.rmSync(dir, { recursive: true, force: true })
  fs.mkdirSync(at('sub/deep'), { recursive: true })
  fs.writeFileSync(at('file'), 'some text\n')
  fs.writeFileSync(at('sub/other'), 'other')
  fs.writeFileSync(at('sub/deep/third'), Buffer.from([1, 2, 255]))
  fs.symlinkSync('file', at('link'))
  fs.symlinkSync('nowhere', at('dangling'))
}

/** All that is there afterwards. */
function tree(): unknown {
  const names = fs.readdirSync(dir, { recursive: true }) as string[]
  return names.sort().map((name) => {
    const stats = fs.lstatSync(at(name))
    return [
      name.replace(/^made-.{6}$/, 'made-'),
      stats.mode,
      stats.isFile() ? fs.readFileSync(at(name), 'latin1') : null,
    ]
  })
}

const url = pathToFileURL(at('file'))
const date = new Date(1_000_000)
const buffer = Buffer.from('bytes')
const none = at('none')

/** Calls by name: the arguments of each. */
const calls: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  accessSync: [[at('file')], [at('file'), fs.constants.W_OK], [none], [at('file'), 'bad'], []],
  appendFileSync: [
    [at('file'), 'more'],
    [at('new'), buffer, { mode: 0o600 }],
    [dir, 'x'],
    [at('file'), 5],
  ],
  chmodSync: [
    [at('file'), 0o600],
    [at('file'), '600'],
    [none, 0o600],
    [at('file'), 'bad'],
  ],
  chownSync: [
    [at('file'), process.getuid?.() ?? 0, process.getgid?.() ?? 0],
    [none, 0, 0],
    [at('file'), -5, 0],
  ],
  closeSync: [[98765], ['bad'], []],
  copyFileSync: [
    [at('file'), at('copy')],
    [at('file'), at('sub/other'), fs.constants.COPYFILE_EXCL],
    [none, at('copy')],
    [at('file'), at('copy'), 'bad'],
  ],
  cpSync: [
    [at('sub'), at('copied'), { recursive: true }],
    [at('file'), at('copied')],
    [at('sub'), at('copied'), { recursive: true, filter: (name: string) => !name.endsWith('third') }],
  ],
  existsSync: [[at('file')], [none], [at('dangling')], [url], [Buffer.from(at('file'))], [5], []],
  fstatSync: [[98765]],
  fsyncSync: [[98765]],
  ftruncateSync: [[98765], [98765, -1]],
  lchownSync: [
    [at('link'), process.getuid?.() ?? 0, process.getgid?.() ?? 0],
    [none, 0, 0],
  ],
  linkSync: [
    [at('file'), at('hard')],
    [none, at('hard')],
    [at('file'), at('sub/other')],
  ],
  lstatSync: [
    [at('link')],
    [none],
    [none, { throwIfNoEntry: false }],
    [none, { throwIfNoEntry: true }],
    [at('file/x'), { throwIfNoEntry: false }],
  ],
  lutimesSync: [
    [at('link'), date, 5],
    [none, 1, 2],
  ],
  mkdirSync: [
    [at('made')],
    [at('made/in/here'), { recursive: true }],
    [at('sub'), { recursive: true }],
    [at('sub')],
    [at('made'), 0o700],
    [at('no/such/parent')],
    [at('file/x'), { recursive: true }],
    [at('made'), { recursive: 'bad' }],
  ],
  openSync: [[none], [at('file'), 'bad'], [at('file'), 'wx'], [dir, 'w']],
  opendirSync: [[dir], [dir, { bufferSize: 1 }], [none], [dir, { bufferSize: -1 }]],
  readFileSync: [
    [at('file')],
    [at('file'), 'utf8'],
    [at('file'), { encoding: 'latin1' }],
    [url, 'utf8'],
    [Buffer.from(at('file'))],
    [none],
    [none, 'utf8'],
    [dir],
    [dir, 'utf8'],
    [at('new'), { flag: 'w+' }],
    [at('file'), 'bad'],
    [at('file'), undefined],
    [at('file'), null],
    [12345],
    [true],
    [],
  ],
  readSync: [[98765, Buffer.alloc(1)], [98765], [0, 'bad'], [98765, Buffer.alloc(1), 2, 1]],
  readdirSync: [
    [dir],
    [dir, { recursive: true }],
    [dir, { withFileTypes: true }],
    [dir, { withFileTypes: true, recursive: true }],
    [dir, 'buffer'],
    [dir, { encoding: 'hex' }],
    [none],
    [at('file')],
  ],
  readlinkSync: [[at('link')], [at('link'), 'buffer'], [at('file')], [none]],
  realpathSync: [[at('link')], [at('link'), 'buffer'], [at('dangling')], [none], [at('file/x')]],
  renameSync: [[at('file'), at('renamed')], [none, at('renamed')], [at('file'), at('sub')], [at('file')]],
  rmSync: [
    [at('file')],
    [at('sub'), { recursive: true }],
    [none],
    [none, { force: true }],
    [at('sub')],
    [at('file'), { retryDelay: -1 }],
  ],
  rmdirSync: [[at('sub/deep')], [at('sub')], [none], [at('file')]],
  statSync: [
    [at('file')],
    [at('link')],
    [url],
    [none],
    [none, { throwIfNoEntry: false }],
    [at('file/x'), { throwIfNoEntry: false }],
    [at('dangling')],
    [at('file\0x')],
  ],
  statfsSync: [[dir], [none]],
  symlinkSync: [
    [at('file'), at('soft')],
    ['file', at('soft'), 'file'],
    ['x', at('link')],
    ['x', at('soft'), 'bad'],
  ],
  truncateSync: [[at('file'), 3], [at('file')], [none, 1], [at('file'), -1], [at('file'), 'bad']],
  unlinkSync: [[at('file')], [none], [at('sub')]],
  utimesSync: [
    [at('file'), date, 5],
    [none, 1, 2],
    [at('file'), 'bad', 2],
  ],
  writeSync: [[98765, 'x'], [98765], [98765, buffer, 9]],
  writeFileSync: [
    [at('new'), 'text'],
    [at('new'), buffer],
    [at('new'), new Uint16Array([1, 2])],
    [at('new'), 'é', 'latin1'],
    [at('new'), 'x', { mode: 0o600, flag: 'a', flush: true }],
    [at('file'), 'x', { flag: 'wx' }],
    [dir, 'x'],
    [none, {}],
    [none, 5],
    [none],
  ],
}
if ('globSync' in fs)
  Object.assign(calls, {
    globSync: [
      ['*', { cwd: dir }],
      ['**/o*', { cwd: dir }],
    ],
  })

/** What the patch leaves to node. */
const left = (name: string, args: readonly unknown[]): boolean => {
  const { filter, bufferSize } = (args.at(-1) ?? {}) as { filter?: unknown; bufferSize?: number }
  return (
    (name === 'cpSync' && filter !== undefined) ||
    (name === 'opendirSync' && bufferSize === -1) ||
    (name === 'readSync' && !ArrayBuffer.isView(args[1]))
  )
}

describe('in a task, patched calls of node:fs give and throw what they do elsewhere:', () => {
  beforeEach(setup)
  afterEach(() => unpatch())

  for (const [name, variants] of Object.entries(calls)) {
    if (!(name in fs)) continue
    for (const args of variants) {
      const title = args.map((arg) =>
        typeof arg === 'string' ? arg.replace(dir, '.').replaceAll('\0', '\\0') : JSON.stringify(arg),
      )
      test(`${name}(${title.join(', ')})`, async () => {
        const attempt: Attempt = [[fs, name], ...args]
        const expected = [callPlainly(attempt), tree()]
        setup()
        patchAll()
        const { ended, waited } = await callInTask(attempt)
        unpatch()
        assert.deepEqual([ended, tree()], expected)
        assert.equal(waited, !left(name, args), 'it parked')
      })
    }
  }
})

describe('descriptors, directories and the rest of node:fs:', () => {
  beforeEach(() => {
    setup()
    patchAll()
  })
  afterEach(() => {
    unpatch()
  })

  itByHand('a file is opened, read, written and closed by patched calls', function* (call) {
    const fd = yield* call(fs.openSync, at('file'), 'r+')
    const bytes = Buffer.alloc(4)
    assert.equal(yield* call(fs.readSync, fd, bytes), 4)
    assert.equal(yield* call(fs.readSync, fd, bytes, 0, 2, 5), 2)
    assert.equal(bytes.toString(), 'teme')
    assert.equal(yield* call(fs.readSync, fd, bytes, { position: 0 }), 4)
    assert.equal(yield* call(fs.readvSync, fd, [bytes], 0), 4)
    assert.equal(yield* call(fs.writeSync, fd, 'SOME', 0), 4)
    assert.equal(yield* call(fs.writeSync, fd, Buffer.from('xT'), 1, 1, 5), 1)
    assert.equal(yield* call(fs.writevSync, fd, [Buffer.from('!')], 9), 1)
    yield* call(fs.ftruncateSync, fd, 10)
    yield* call(fs.futimesSync, fd, date, date)
    yield* call(fs.fchmodSync, fd, 0o600)
    yield* call(fs.fdatasyncSync, fd)
    yield* call(fs.fsyncSync, fd)
    const stats = (yield* call([fs, 'fstatSync'], fd)) as fs.Stats
    assert.deepEqual([stats.size, stats.mode & 0o777, stats.mtimeMs], [10, 0o600, date.getTime()])
    yield* call(fs.closeSync, fd)
    assert.equal(fs.readFileSync(at('file'), 'utf8'), 'SOME Text!')
    assert.equal(waits.length, 15)
  })

  itByHand('directories are read and closed by patched calls', function* (call) {
    const opened = yield* call(fs.opendirSync, at('sub'))
    const names: string[] = []
    for (let entry: fs.Dirent | null; (entry = (yield* call([opened, 'readSync'])) as fs.Dirent | null); )
      names.push(entry.name)
    yield* call([opened, 'closeSync'])
    assert.deepEqual(names.sort(), ['deep', 'other'])
    const made = (yield* call([fs, 'mkdtempSync'], at('made-'))) as string
    assert.ok(fs.statSync(made).isDirectory())
    assert.equal(yield* call([fs.realpathSync, 'native'], at('link')), fs.realpathSync(at('file')))
    assert.ok(waits.includes(`fs.realpathSync.native(${JSON.stringify(at('link'))})`))
  })

  itByHand('the stack of an error begins at the call', function* (call) {
    try {
      yield* call(fs.readFileSync, none)
      assert.fail('it did not throw')
    } catch (error) {
      const [head, first] = (error as Error).stack?.split('\n') ?? []
      assert.match(String(head), /^Error: ENOENT: no such file or directory, open '/)
      assert.match(String(first), /api-by-hand/)
    }
  })

  itByHand('reading a file does not stop the loop', function* (call) {
    fs.writeFileSync(at('file'), Buffer.alloc(1 << 20))
    let turns = 0
    const counter = spawn(
      byHand(function* (call) {
        for (;;) {
          turns++
          yield* call(yieldNow)
        }
      }),
    )
    const before = turns
    assert.equal((yield* call(fs.readFileSync, at('file'))).length, 1 << 20)
    assert.ok(turns > before, `${turns} turns`)
    counter.cancel()
  })

  itByHand(
    'a cancelled open closes its descriptor, and a cancelled write is finished',
    function* (call) {
      const opened = new Set(fs.readdirSync('/proc/self/fd'))
      const openers = Array.from({ length: 4 }, () => spawn.detached(fs.openSync, at('file'), 'r'))
      const writer = spawn.detached(fs.writeFileSync, at('new'), 'whole')
      yield* call(yieldNow)
      while ([...openers, writer].some((task) => task.state !== 'parked')) yield* call(yieldNow)
      for (const task of [...openers, writer]) task.cancel()
      yield* call(allSettled, [...openers, writer])
      assert.equal(fs.readFileSync(at('new'), 'utf8'), 'whole')
      // Their descriptors are closed as soon as they have come.
      for (let i = 0; i < 1000 && fs.readdirSync('/proc/self/fd').some((fd) => !opened.has(fd)); i++)
        yield* call(wait, new Promise((resolve) => setImmediate(resolve)))
      assert.deepEqual(new Set(fs.readdirSync('/proc/self/fd')), opened)
    },
    { skip: process.platform !== 'linux' },
  )

  itByHand(
    'a descriptor is not closed under a read that was given up',
    function* (call) {
      const [fifo, other] = [at('fifo'), at('other')]
      childProcess.execFileSync('mkfifo', [fifo])
      // Open for reading and writing: neither opening nor the read finds an end.
      const fd = fs.openSync(fifo, 'r+')
      const bytes = Buffer.alloc(5)
      const reader = spawn.detached(fs.readSync, fd, bytes)
      while (reader.state !== 'parked') yield* call(yieldNow)
      reader.cancel()
      yield* call(allSettled, [reader])
      yield* call(fs.closeSync, fd)
      const next = fs.openSync(other, 'w')
      assert.notEqual(next, fd)
      fs.closeSync(next)
      // Ends the read, and with it the wait of the close.
      fs.writeSync(fd, 'bytes')
      for (let i = 0; i < 1000 && fs.existsSync(`/proc/self/fd/${fd}`); i++)
        yield* call(wait, new Promise((resolve) => setImmediate(resolve)))
      assert.ok(!fs.existsSync(`/proc/self/fd/${fd}`))
    },
    { skip: process.platform !== 'linux' },
  )

  test('outside tasks, and in functions that were not compiled, patched calls are as ever', async () => {
    assert.equal(fs.readFileSync(at('file'), 'utf8'), 'some text\n')
    const inTask = await run(
      byHand(function* (call) {
        waits.length = 0
        return yield* call(() => fs.readFileSync(at('file'), 'utf8'))
      }),
    )
    assert.deepEqual([inTask, waits.length], ['some text\n', 0])
  })

  itByHand('in atomic they are as ever', function* (call) {
    const read = byHand(function* (call) {
      return yield* call(fs.readFileSync, at('sub/other'))
    })
    assert.equal(String(yield* call(atomic, read)), 'other')
    assert.equal(waits.length, 0)
  })

  test('imports by name follow the patch and its end; the original stays reachable', () => {
    assert.equal(readFileSync, fs.readFileSync)
    assert.ok(isPatched(readFileSync))
    const patched = readFileSync
    assert.equal(patched.name, 'readFileSync')
    unpatch()
    assert.equal(readFileSync, original(patched))
    assert.ok(!isPatched(readFileSync))
    assert.ok(!isPatched(fs.realpathSync.native))
  })
})
