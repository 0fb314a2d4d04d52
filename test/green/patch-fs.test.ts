import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { patchAll, unpatch } from '../../src/green/patch/index.ts'
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
  return (name === 'cpSync' && filter !== undefined) || (name === 'opendirSync' && bufferSize === -1)
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
