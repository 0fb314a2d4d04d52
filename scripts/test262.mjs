// Theory of operation
//
// Each test of test262's test/language is run three times, as the body of a function in a fresh context: as it is, compiled,
// and compiled so that every call parks once. What plain Node does is the measure: a difference is printed, and the figures
// at the end. Tests of modules, and async ones, are passed over.
//
//   node scripts/test262.mjs PATH [--only=expressions/call] [--part=1/4] [--verbose] [--only-generators]
//
// PATH is a check-out of https://github.com/tc39/test262 (its `harness` and `test/language`).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import { compile } from '../dist/src/green/compile/index.js'
import * as runtime from '../dist/src/green/runtime/index.js'
import { run } from '../dist/src/index.js'

const option = (name, otherwise) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise
const path = process.argv[2]
const root = join(path, 'test/language')
const [part, parts] = option('part', '1/1').split('/').map(Number)
const only = option('only', '')
const verbose = process.argv.includes('--verbose')
// Otherwise ordinary functions are compiled the direct way.
const onlyGenerators = process.argv.includes('--only-generators')
const files = readdirSync(root, { recursive: true })
  .filter((file) => file.endsWith('.js') && !file.includes('_FIXTURE') && file.includes(only))
  .sort()
  .filter((_, index) => index % parts === part - 1)

const harness = new Map()
const include = (name) => {
  if (!harness.has(name)) {
    const file = join(path, 'harness', name)
    // The runtime is of another realm, so its errors have constructors of their own.
    const text = readFileSync(file, 'utf8').replace(
      'thrown.constructor !== expectedErrorConstructor',
      'thrown.constructor.name !== expectedErrorConstructor.name',
    )
    harness.set(name, new Script(text, { filename: file }))
  }
  return harness.get(name)
}

const counts = { passed: 0, skipped: 0, 'fails plainly': 0, compiled: 0, stress: 0 }
const differences = []

// What tests leave behind in promises is not theirs to fail with.
process.on('unhandledRejection', () => {})
for (const file of files) await check(file)
console.log(counts)
process.exitCode = differences.length > 0 ? 1 : 0
process.exit()

async function check(file) {
  const source = readFileSync(join(root, file), 'utf8')
  const front = /\/\*---([\s\S]*?)---\*\//.exec(source)?.[1] ?? ''
  const flags = /flags:\s*\[([^\]]*)\]/.exec(front)?.[1] ?? ''
  if (/\b(module|async|raw)\b/.test(flags) || /negative:\s*\n\s*phase: (parse|resolution|early)/.test(front)) {
    counts.skipped++
    return
  }
  const includes = /includes:\s*\[([^\]]*)\]/.exec(front)?.[1].split(',') ?? []
  for (const [, list] of front.matchAll(/includes:\s*\n((?:\s+- .*\n)+)/g))
    includes.push(...list.split('\n').map((line) => line.replace(/^\s*-/, '')))
  const names = ['assert.js', 'sta.js', ...includes.map((name) => name.trim()).filter((name) => name !== '')]
  const body = `${/onlyStrict/.test(flags) ? '"use strict";\n' : ''}${source}`
  const fails = /negative:/.test(front)

  const plain = await attempt(names, file, () => body)
  if ((plain !== null) !== fails) return void counts['fails plainly']++
  let same = true
  for (const mode of ['compiled', 'stress']) {
    const error = await attempt(names, file, () => {
      const options = { url: file, format: 'commonjs', language: 'js', runtime: 'runtime', entry: true }
      return compile(body, { ...options, onlyGenerators, stress: mode === 'stress' }).code
    })
    if ((error !== null) === fails) continue
    same = false
    counts[mode]++
    differences.push(file)
    const text = verbose ? (error?.stack ?? error) : String(error?.message ?? error).split('\n')[0]
    console.log(`${mode} ${file}: ${text}`)
  }
  if (same) counts.passed++
}

/** What a test fails with; null if it passes. */
async function attempt(names, file, code) {
  const context = createContext({ print() {}, console })
  try {
    for (const name of names) include(name).runInContext(context)
    context.$262 = { global: context, evalScript: (text) => new Script(text).runInContext(context) }
    const body = code()
    // What could not be compiled as a whole is not to be taken for compiled.
    const mark = /main:\$+main/.test(body) ? '/*~*/' : ''
    const text = `(function(require){return function test(){${body}\n${mark}}})`
    const make = new Script(text, { filename: file }).runInContext(context)
    await run(make(() => runtime))
    return null
  } catch (error) {
    return error ?? new Error('undefined')
  }
}
