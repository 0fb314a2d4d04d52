import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Project, settingsFrom } from '../../../src/green/load/index.ts'
import { cli, folderWith, node } from './program.ts'

const user = `import { sleep } from 'fibril/green'
function load() { sleep(1); return 'loaded' }
export class User {
  #name = 'nobody'
  get name() { sleep(1); return this.#name }
  set name(value) { sleep(1); this.#name = value }
  get short() { return this.#name.length }
  get [Symbol.toStringTag]() { sleep(1); return 'User' }
  get #secret() { sleep(1); return 'secret' }
  static get any() { return load() }
}
export const settings = { get level() { return load() } }
`

const files = {
  'package.json': '{"type":"module"}',
  'node_modules/x/index.js': '',
  'user.js': user,
  'shelf.js': `export * from './user.js'\nexport function longer(list) { return list.level + list.length }`,
  'reader.js': `import { settings, User } from './shelf.js'
export const user = new User()
export function reads(user) { return user.name }
export function writes(user, name) { user.name = name }
export function both(user) { return user.name += '!' }
export function takes() { return User.any + settings.level + user['name'] }
export function plain(user, key) { return user.short + user[key] + user.length }
export function called(user) { return reads(user) }
export const pattern = ({ name, length = 0 }) => name + length
export function each(users) { let all = ''; for (const { name, short } of users) all += name + short; return all }
export class Wrapped {
  constructor(user) { this.user = user }
  get deep() { return this.user.name }
}
`,
  'far.js': `import { reads, Wrapped } from './reader.js'
export function far(user) { return reads(user) }
export function deeper(user) { return new Wrapped(user).deep }
`,
}

test('an accessor that blocks is known by its name in all modules that import its own, near and far', (t) => {
  const folder = folderWith(t, files)
  const project = new Project(settingsFrom({}))
  const parking = (file: string): string[] =>
    project
      .check(join(folder, file))
      .functions.filter(({ parks }) => parks)
      .map(({ name }) => name)
  assert.deepEqual(parking('reader.js'), ['reads', 'writes', 'both', 'takes', 'called', 'pattern', 'each', 'deep'])
  assert.deepEqual(parking('far.js'), ['far', 'deeper'])
  // It reads the name of one, and has it behind itself.
  assert.deepEqual(parking('shelf.js'), ['longer'])
})

test('check tells the way to an accessor of another module', (t) => {
  const folder = folderWith(t, files)
  const { functions } = new Project(settingsFrom({})).check(join(folder, 'far.js'))
  const chain = functions[0]?.chain.map(({ what, url, line }) => `${what} ${url.split('/').at(-1)}:${line}`)
  assert.deepEqual(chain, ['reads(…) far.js:2', '.name reader.js:3', 'sleep(…) user.js:5'])
})

test('reading, writing and both at once wait for the accessor of another module', async (t) => {
  const cwd = folderWith(t, {
    ...files,
    'main.js': `import { spawn } from 'fibril/green'
import { both, each, pattern, plain, reads, takes, user, writes } from './reader.js'
import { deeper, far } from './far.js'
import { longer } from './shelf.js'
let turns = 0
const other = spawn(() => { for (;;) { turns++; user.name } })
writes(user, 'Ada')
console.log(reads(user), both(user), reads(user), far(user), deeper(user), plain(user, 'short'))
console.log(takes(), longer([]))
console.log(pattern(user), each([user, { name: 'Bob', short: 3 }]))
console.log(turns > 5)
other.cancel()
`,
  })
  for (const options of [[], [], ['--stress']]) {
    const { stdout, stderr } = await node([cli, 'run', ...options, 'main.js'], { cwd })
    assert.equal(stdout, 'Ada Ada! Ada! Ada! Ada! NaN\nloadedloadedAda! NaN\nAda!0 Ada!4Bob3\ntrue\n', stderr)
  }
})

test('in CommonJS as well', async (t) => {
  const cwd = folderWith(t, {
    'node_modules/x/index.js': '',
    'user.js': `const { sleep } = require('fibril/green')
exports.user = { get name() { sleep(1); return 'Ada' } }`,
    'main.js': `const { user } = require('./user')
function greet() { return 'hello ' + user.name }
console.log(greet())`,
  })
  const { stdout, stderr } = await node([cli, 'run', 'main.js'], { cwd })
  assert.equal(stdout, 'hello Ada\n', stderr)
})

test('a module is compiled anew when an accessor of another comes to block', async (t) => {
  const quick = `export const user = { get name() { return 'Ada' } }`
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'node_modules/x/index.js': '',
    'main.js': `import { greet } from './greet.js'\nconsole.log(greet())`,
    'greet.js': `import { user } from './user.js'\nexport function greet() { return 'hello ' + user.name }`,
    'user.js': quick,
  })
  const run = async (): Promise<string> => (await node([cli, 'run', 'main.js'], { cwd })).stdout
  assert.equal(await run(), 'hello Ada\n')
  writeFileSync(
    join(cwd, 'user.js'),
    `import { sleep } from 'fibril/green'\nexport const user = { get name() { sleep(1); return 'Bob' } }`,
  )
  assert.equal(await run(), 'hello Bob\n')
  writeFileSync(join(cwd, 'user.js'), quick)
  assert.equal(await run(), 'hello Ada\n')
})

test('modules that import no such accessor stay as they were, to the byte', (t) => {
  const source = `import { Plain } from './plain.js'\nexport function names(list) {   return new Plain(list).name }\n`
  const folder = folderWith(t, {
    ...files,
    'plain.js': `export class Plain { constructor(list) { this.list = list } get name() { return this.list.length } }`,
  })
  const { code, changed } = new Project(settingsFrom({})).compile(source, `file://${folder}/names.js`)
  assert.deepEqual([code, changed], [source, false])
})

test('what a bundler made of a module counts, and not its file', (t) => {
  const folder = folderWith(t, { ...files, 'made.js': 'export const nameOf = (user) => user.length' })
  const project = new Project(settingsFrom({}))
  const url = (file: string): string => `file://${folder}/${file}`
  const made = `import './user.js'\nexport const nameOf = (user) => user.name`
  // Compiled, so that its tree is gone when the next one asks.
  assert.equal(project.compile(made, url('made.js')).changed, true)
  const { functions } = project.compile(
    `import { nameOf } from './made.js'\nexport function shows(user) { return nameOf(user) }`,
    url('shows.js'),
  )
  assert.deepEqual(
    functions.map(({ name, parks }) => [name, parks]),
    [['shows', true]],
  )
})
