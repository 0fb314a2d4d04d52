import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Project, settingsFrom } from '../../../src/green/load/index.ts'
import { cli, folderWith, node } from './program.ts'

/** A way to pass two functions from one module to another, of which one parks and one cannot. */
interface Form {
  /** Beside `caller.ts` or `caller.cts`, which calls both. */
  readonly files: Readonly<Record<string, string>>
  /** What nobody can know: then both may park. */
  readonly unknown?: true
}

const both = `function pure(n) { return n + 1 }
function parking(n) { sleep(1); return n + 1 }`
const esm = `import { sleep } from 'fibril/green'\n${both}\n`
const cjs = `const { sleep } = require('fibril/green')\n${both}\n`
const calls = (pure: string, parking: string) => `
export function callsPure(n) { return ${pure}(n) }
export function callsParking(n) { return ${parking}(n) }`
const required = (pure: string, parking: string) => `
exports.callsPure = function callsPure(n) { return ${pure}(n) }
exports.callsParking = function callsParking(n) { return ${parking}(n) }`
const imports = `import { pure, parking } from './lib.js'${calls('pure', 'parking')}`
const requires = `const { pure, parking } = require('./lib.cjs')${required('pure', 'parking')}`

const forms: Readonly<Record<string, Form>> = {
  'named exports': { files: { 'lib.js': `${esm}export { pure, parking }`, 'caller.js': imports } },
  'exported declarations': { files: { 'lib.js': esm.replaceAll('function', 'export function'), 'caller.js': imports } },
  'exported constants': {
    files: {
      'lib.js': `import { sleep } from 'fibril/green'
export const pure = (n) => n + 1, parking = function (n) { sleep(1); return n + 1 }`,
      'caller.js': imports,
    },
  },
  'other names': {
    files: {
      'lib.js': `${esm}export { pure as a, parking as 'b c' }`,
      'caller.js': `import { a as pure, 'b c' as parking } from './lib.js'${calls('pure', 'parking')}`,
    },
  },
  defaults: {
    files: {
      'lib.js': `export default function (n) { return n + 1 }`,
      'parking.js': `${esm}export default parking`,
      'caller.js': `import pure from './lib.js'\nimport parking from './parking.js'${calls('pure', 'parking')}`,
    },
  },
  'a namespace': {
    files: {
      'lib.js': `${esm}export { pure, parking }`,
      'caller.js': `import * as lib from './lib.js'\nObject.keys(lib)${calls('lib.pure', 'lib.parking')}`,
    },
  },
  'a namespace that is passed on': {
    files: {
      'lib.js': `${esm}export { pure, parking }`,
      'all.js': `export * as lib from './lib.js'`,
      'caller.js': `import * as all from './all.js'${calls('all.lib.pure', 'all.lib.parking')}`,
    },
  },
  're-exports': {
    files: {
      'a.js': `${esm}export { pure, parking }`,
      'b.js': `export { pure as p, parking } from './a.js'`,
      'lib.js': `import { p } from './b.js'\nexport { p as pure }\nexport { parking } from './b.js'`,
      'caller.js': imports,
    },
  },
  'stars, in a circle': {
    files: {
      'a.js': `${esm}export * from './lib.js'\nexport { parking }`,
      'b.js': `export function pure(n) { return n + 1 }`,
      'lib.js': `export * from './a.js'\nexport * from './b.js'`,
      'caller.js': imports,
    },
  },
  'functions that call each other over modules': {
    files: {
      'lib.js': `import { sleep } from 'fibril/green'
import { down, downParking } from './other.js'
export function pure(n) { return n > 5 ? n : down(n) }
export function parking(n) { if (n > 5) sleep(1); return n > 5 ? n : downParking(n) }`,
      'other.js': `import { pure, parking } from './lib.js'
export const down = (n) => pure(n + 1)
export const downParking = (n) => parking(n + 1)`,
      'caller.js': imports,
    },
  },
  'a choice': {
    files: {
      'lib.cjs': `${cjs}const odd = Date.now() % 2 > 0
exports.pure = odd ? pure : (n) => n
exports.parking = odd ? pure : parking`,
      'caller.cjs': requires,
    },
  },
  'an export that is assigned again': {
    files: {
      'lib.js': `${esm}let first = pure, second = pure\nsecond = parking\nfirst = (n) => n\nexport { first as pure, second as parking }`,
      'caller.js': imports,
    },
    unknown: true,
  },
  'exports of a module that has an eval': {
    files: { 'lib.js': `${esm}eval('')\nexport { pure, parking }`, 'caller.js': imports },
    unknown: true,
  },
  'a class': {
    files: {
      'lib.js': `import { sleep } from 'fibril/green'
export class Pure { constructor(n) { this.n = n } }
export class Parking { constructor(n) { sleep(1); this.n = n } }`,
      'caller.js': `import { Pure, Parking } from './lib.js'${calls('new Pure', 'new Parking')}`,
    },
  },
  'an object': {
    files: {
      'lib.js': `${esm}export default { pure, parking }`,
      'caller.js': `import lib from './lib.js'${calls('lib.pure', 'lib.parking')}`,
    },
  },
  'an object that the importer changes': {
    files: {
      'lib.js': `${esm}export default { pure, parking }`,
      'caller.js': `import lib from './lib.js'\nlib.pure = lib.parking${calls('lib.pure', 'lib.parking')}`,
    },
    unknown: true,
  },
  'an object that the importer hands on': {
    files: {
      'lib.js': `${esm}export default { pure, parking }`,
      'caller.js': `import lib from './lib.js'\nObject.assign(lib, { pure: lib.parking })${calls('lib.pure', 'lib.parking')}`,
    },
    unknown: true,
  },
  'an object that changes itself': {
    files: {
      'lib.js': `${esm}const lib = { pure, parking, set(f) { this.pure = f } }\nlib.set(parking)\nexport default lib`,
      'caller.js': `import lib from './lib.js'${calls('lib.pure', 'lib.parking')}`,
    },
    unknown: true,
  },
  'members of exports': {
    files: { 'lib.cjs': `${cjs}exports.pure = pure\nmodule.exports.parking = parking`, 'caller.cjs': requires },
  },
  'module.exports': { files: { 'lib.cjs': `${cjs}module.exports = { pure, parking }`, 'caller.cjs': requires } },
  'module.exports, and more': {
    files: { 'lib.cjs': `${cjs}module.exports = { pure }\nmodule.exports.parking = parking`, 'caller.cjs': requires },
  },
  'module.exports that is a function': {
    files: {
      'lib.cjs': 'module.exports = (n) => n + 1',
      'parking.cjs': `${cjs}module.exports = parking`,
      'caller.cjs': `const pure = require('./lib')\nconst parking = require('./parking.cjs')${required('pure', 'parking')}`,
    },
  },
  'members of what is required': {
    files: {
      'lib.cjs': `${cjs}module.exports = { pure, parking }`,
      'caller.cjs': `const lib = require('./lib.cjs')${required('lib.pure', 'lib.parking')}`,
    },
  },
  'required where it is called': {
    files: {
      'lib.cjs': `${cjs}module.exports = { pure, parking }`,
      'caller.cjs': required(`require('./lib.cjs').pure`, `require('./lib.cjs').parking`),
    },
  },
  'what is required is passed on': {
    files: {
      'a.cjs': `${cjs}module.exports = { pure, parking }`,
      'lib.cjs': `const { parking } = require('./a.cjs')\nexports.pure = require('./a.cjs').pure\nexports.parking = parking`,
      'caller.cjs': requires,
    },
  },
  'CommonJS, imported': {
    files: {
      'lib.cjs': `${cjs}exports.pure = pure\nexports.parking = parking`,
      'caller.mjs': imports.replace('.js', '.cjs'),
    },
  },
  'CommonJS, imported as a default': {
    files: {
      'lib.cjs': `${cjs}exports.pure = pure\nexports.parking = parking`,
      'caller.mjs': `import lib from './lib.cjs'${calls('lib.pure', 'lib.parking')}`,
    },
  },
  'exports that are assigned twice': {
    files: {
      'lib.cjs': `${cjs}exports.pure = pure\nexports.parking = pure\nexports.parking = parking`,
      'caller.cjs': requires,
    },
  },
  'exports that are defined': {
    files: {
      'lib.cjs': `${cjs}Object.defineProperty(exports, '__esModule', { value: true })
for (const [name, get] of [['pure', () => pure], ['parking', () => parking]]) Object.defineProperty(exports, name, { get })`,
      'caller.cjs': requires,
    },
    unknown: true,
  },
  'exports that are handed on': {
    files: {
      'lib.cjs': `${cjs}Object.assign(exports, { pure, parking })\nexports.pure = pure`,
      'caller.cjs': requires,
    },
    unknown: true,
  },
  'exports that are changed through another name': {
    files: {
      'lib.cjs': `${cjs}const self = module.exports\nexports.pure = pure\nself.parking = parking`,
      'caller.cjs': requires,
    },
    unknown: true,
  },
  'exports that are changed through `this`': {
    files: {
      'lib.cjs': `${cjs}exports.pure = pure\nthis.parking = parking\nthis.pure = parking`,
      'caller.cjs': requires,
    },
    unknown: true,
  },
  'an annotation that says never': {
    files: {
      'lib.js': `${esm.replace('function pure(n) {', '// @fibril never-parks\nfunction pure(n) { unknown.known?.();')}
const unknown = globalThis\nexport { pure, parking }`,
      'caller.js': imports,
    },
  },
  'an annotation that says it parks': {
    files: {
      'lib.js': `// @fibril parks\nexport function pure(n) { return n + 1 }\n${esm.replace(/function pure.*/, '')}export { parking }`,
      'caller.js': imports,
    },
    unknown: true,
  },
  'what is left as it is': {
    files: {
      'excluded/lib.js': `export * from '../kept.js'`,
      'kept.js': `${esm}export { pure, parking }`,
      'caller.js': imports.replace('./lib', './excluded/lib'),
    },
    unknown: true,
  },
}

const callerOf = ({ files }: Form): string => Object.keys(files).find((name) => name.startsWith('caller.')) as string

for (const [name, form] of Object.entries(forms)) {
  test(`check judges over modules: ${name}`, (t) => {
    const folder = folderWith(t, { 'package.json': '{"type":"module"}', ...form.files })
    const project = new Project({ ...settingsFrom({}), exclude: [join(folder, 'excluded')] })
    const { functions } = project.check(join(folder, callerOf(form)))
    const verdicts = Object.fromEntries(functions.map(({ name, parks }) => [name, parks]))
    assert.deepEqual(verdicts, { callsPure: form.unknown === true, callsParking: true })
  })
}

/** A program of all forms, in a folder each. */
function programOf(t: TestContext): string {
  const numbered = Object.values(forms).map((form, n) => ({ form, folder: `form${n}` }))
  const folder = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.js': `${numbered.map(({ form, folder }) => `import * as ${folder} from './${folder}/${callerOf(form)}'`).join('\n')}
import { spawn } from 'fibril/green'
const failed = []
function each(name, caller) {
  for (const call of [caller.callsPure, caller.callsParking])
    try { if (!(call(1) instanceof Object || call(1) > 0)) failed.push(name) } catch (error) { failed.push(name + ': ' + error) }
}
${numbered.map(({ folder }) => `spawn(each, '${folder}', ${folder})`).join('\n')}
process.on('exit', () => console.log(failed.length, failed.join(' ')))
`,
    'node_modules/x/index.js': '',
  })
  for (const { form, folder: name } of numbered)
    for (const [file, text] of Object.entries(form.files)) {
      mkdirSync(join(folder, name, file, '..'), { recursive: true })
      writeFileSync(join(folder, name, file), text)
    }
  return folder
}

test('what was judged over modules runs, and parks where it must', async (t) => {
  const cwd = programOf(t)
  for (const options of [[], [], ['--stress']]) {
    const { stdout, stderr } = await node([cli, 'run', '--exclude', '**/excluded', ...options, 'main.js'], { cwd })
    assert.equal(stdout, '0 \n', stderr)
  }
})

test('a module is compiled anew when what it imports comes to park, and only then', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'node_modules/x/index.js': '',
    'main.ts': `import { twice } from './twice.ts'\nconsole.log(twice(2))`,
    'twice.ts': `import { once } from './once.js'\nexport function twice(n: number): number { return once(once(n)) }`,
    'once.ts': `export function once(n: number): number { return n + 1 }`,
  })
  const run = async (): Promise<string> => (await node([cli, 'run', 'main.ts'], { cwd })).stdout
  assert.equal(await run(), '4\n')
  writeFileSync(
    join(cwd, 'once.ts'),
    `import { sleep } from 'fibril/green'\nexport function once(n: number): number { sleep(1); return n + 2 }`,
  )
  assert.equal(await run(), '6\n')
  writeFileSync(join(cwd, 'once.ts'), `export function once(n: number): number { return n + 3 }`)
  assert.equal(await run(), '8\n')
})

test('functions that cannot park by what they import stay as they were, to the byte', (t) => {
  const twice = `import { once } from './once.js'
export function twice(n) {
  return once( once(n) )   // as it was
}
`
  const folder = folderWith(t, {
    'package.json': '{"type":"module"}',
    'once.js': `import { join } from 'node:path'\nexport const once = (n) => n + join('a').length`,
    'twice.js': twice,
  })
  const { code, changed } = new Project(settingsFrom({})).compile(twice, `file://${folder}/twice.js`)
  assert.deepEqual([code, changed], [twice, false])
})

test('top-level code of an imported module waits where what it calls is made to block', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.js': `import { config } from './config.js'\nconsole.log(config)`,
    'config.js': `import { load } from './load.js'\nexport const config = load()`,
    'load.js': `import { sleep } from 'fibril/green'\nexport function load() { sleep(1); return 'loaded' }`,
  })
  const { stdout, stderr } = await node([cli, 'run', 'main.js'], { cwd })
  assert.equal(stdout, 'loaded\n', stderr)
})
