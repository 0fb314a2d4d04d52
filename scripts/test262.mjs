// Theory of operation
//
// Each test of test262's test/language is run four times, each time in a realm of its own: as it is; compiled, in a task and
// outside of any; and compiled so that every call parks once. What plain Node does is the measure: a difference is printed, and the figures at the end.
//
// A script runs as the body of a function, compiled as CommonJS that a program starts with; a module is an entry, whose top
// level is the main task, and what it imports is compiled as modules that are imported. The runtime is bundled once and
// evaluated in each realm, so that its builtins and errors are those of the test; the engine, which tests that change the
// prototypes of arrays would stop, is not. A test that is to fail has to fail.
// Async tests are run if `--async` says so; those that need a raw script, or a host that Node is not, fail plainly.
//
//   node scripts/test262.mjs PATH [--only=expressions/call] [--part=1/4] [--mode=stress] [--async] [--verbose] [--only-generators]
//
// Ordinary functions are compiled the direct way, unless `--only-generators` says otherwise.
// PATH is a check-out of https://github.com/tc39/test262 (its `harness` and `test/language`).
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm, { constants, createContext, Script } from 'node:vm'
import { build } from 'esbuild'
import * as core from '../dist/src/core/index.js'
import { compile } from '../dist/src/green/compile/index.js'
import { run } from '../dist/src/index.js'

if (vm.SourceTextModule === undefined) {
  const flags = ['--experimental-vm-modules', '--no-warnings']
  const { status } = spawnSync(process.execPath, [...flags, ...process.argv.slice(1)], { stdio: 'inherit' })
  process.exit(status ?? 1)
}

const PATIENCE = 3000

const option = (name, otherwise) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise
const path = process.argv[2]
const root = join(path, 'test/language')
const [part, parts] = option('part', '1/1').split('/').map(Number)
const only = option('only', '')
const modes = option('mode', 'compiled,outside,stress').split(',')
const onlyGenerators = process.argv.includes('--only-generators')
const verbose = process.argv.includes('--verbose')
const withAsync = process.argv.includes('--async')
const files = readdirSync(root, { recursive: true })
  .filter((file) => file.endsWith('.js') && !file.includes('_FIXTURE') && file.includes(only))
  .sort()
  .filter((_, index) => index % parts === part - 1)

const bundled = await build({
  entryPoints: [fileURLToPath(new URL('../dist/src/green/runtime/index.js', import.meta.url))],
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'runtime',
  plugins: [
    {
      name: 'core',
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /core\/index\.js$/ }, () => ({ path: 'core', namespace: 'outer' }))
        onLoad({ filter: /./, namespace: 'outer' }, () => ({ contents: 'module.exports = core' }))
      },
    },
  ],
})
const runtimeOf = new Script(`(function(core){${bundled.outputFiles[0].text};return runtime})`, {
  filename: 'runtime.js',
})

const harness = new Map()
const include = (name) => {
  const file = join(path, 'harness', name)
  if (!harness.has(name)) harness.set(name, new Script(readFileSync(file, 'utf8'), { filename: file }))
  return harness.get(name)
}

const counts = { passed: 0, skipped: 0, 'fails plainly': 0, ...Object.fromEntries(modes.map((mode) => [mode, 0])) }

// What a test leaves behind in promises is not its verdict.
process.on('unhandledRejection', () => {})
for (const file of files) await check(file)
console.log(counts)
process.exit(modes.some((mode) => counts[mode] > 0) ? 1 : 0)

async function check(file) {
  const source = readFileSync(join(root, file), 'utf8')
  const front = /\/\*---([\s\S]*?)---\*\//.exec(source)?.[1] ?? ''
  const flags = /flags:\s*\[([^\]]*)\]/.exec(front)?.[1] ?? ''
  const isAsync = /\basync\b/.test(flags)
  if (/\braw\b/.test(flags) || (isAsync && !withAsync)) return void counts.skipped++
  const includes = /includes:\s*\[([^\]]*)\]/.exec(front)?.[1].split(',') ?? []
  for (const [, list] of front.matchAll(/includes:\s*\n((?:\s+- .*\n)+)/g))
    includes.push(...list.split('\n').map((line) => line.replace(/^\s*-/, '')))
  const names = ['assert.js', 'sta.js', ...includes.map((name) => name.trim()).filter((name) => name !== '')]
  if (isAsync) names.push('doneprintHandle.js')
  const body = `${/onlyStrict/.test(flags) ? '"use strict";\n' : ''}${source}`
  const test = { file, names, body, isAsync, isModule: /\bmodule\b/.test(flags), fails: /negative:/.test(front) }

  const plain = await attempt(test, 'plain')
  if ((plain !== null) !== test.fails) {
    if (verbose) console.log(`plain ${file}: ${plain?.stack ?? plain}`)
    return void counts['fails plainly']++
  }
  let same = true
  // What must not even be understood needs no second look.
  const early = /phase: (parse|early)/.test(front)
  for (const mode of early ? modes.slice(0, 1) : modes) {
    const error = await attempt(test, mode)
    if ((error !== null) === test.fails) continue
    same = false
    counts[mode]++
    const text = verbose ? (error?.stack ?? error) : String(error?.message ?? error).split('\n')[0]
    console.log(`${mode} ${file}: ${text}`)
  }
  if (same) counts.passed++
}

/** What a test fails with; null if it passes. */
async function attempt(test, mode) {
  const { file, names, body, isAsync, isModule } = test
  let say
  const said = new Promise((resolve) => {
    say = resolve
  })
  const context = createContext({ print: (text) => /Test262:Async/.test(text) && say(text), console })
  try {
    // Before anything that a test may change is changed.
    const runtime = mode === 'plain' ? null : runtimeOf.runInContext(context)(core)
    // Tests are short: bodies are used again from the first time on.
    if (runtime !== null) runtime.keeping.after = 0
    for (const name of names) include(name).runInContext(context)
    context.$262 = { global: context, evalScript: (text) => new Script(text).runInContext(context) }
    if (isModule) await runModule(runtime, context, file, body, mode)
    else await runScript(runtime, context, file, body, mode)
    if (!isAsync) return null
    const text = await timely(said)
    return text === 'Test262:AsyncTestComplete' ? null : new Error(text)
  } catch (error) {
    return error ?? new Error('undefined')
  }
}

async function runScript(runtime, context, file, body, mode) {
  const code = mode === 'plain' ? body : compiled(body, file, 'commonjs', mode !== 'outside', mode)
  // What could not be compiled as a whole is not to be taken for compiled: it ends as it is.
  const text = `(function(require){return function test(){${code}\n}})`
  const options = { filename: file, importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER }
  const make = new Script(text, options).runInContext(context)
  const test = make(() => runtime)
  if (mode === 'plain' || mode === 'outside') return void test()
  await timely(run(/main:\$+main/.test(code) ? runtime.declareParking(test) : test))
}

/** Runs a module as a program's entry, to the end of its main task. */
async function runModule(runtime, context, file, body, mode) {
  let main = null
  const started = (generator) => {
    const start = runtime.declareParking(() => {
      const announced = runtime.state.next
      runtime.state.next = 0
      return runtime.enter(announced, 0, generator)
    })
    main = run(start).then()
  }
  const exports = { ...(runtime ?? {}), main: started }
  const own = new vm.SyntheticModule(
    Object.keys(exports),
    function () {
      for (const name of Object.keys(exports)) this.setExport(name, exports[name])
    },
    { context, identifier: 'runtime' },
  )
  const modules = new Map([['runtime', own]])
  const moduleOf = (name, source, entry) => {
    if (modules.has(name)) return modules.get(name)
    const text = source ?? readFileSync(name, 'utf8')
    const made = name.endsWith('.json')
      ? new vm.SyntheticModule(
          ['default'],
          function () {
            this.setExport('default', vm.runInContext(`(${text})`, context))
          },
          { context, identifier: name },
        )
      : new vm.SourceTextModule(mode === 'plain' ? text : compiled(text, name, 'module', entry, mode), {
          context,
          identifier: name,
          importModuleDynamically: async (specifier, referrer) => {
            const loaded = linked(specifier, referrer ?? made)
            if (loaded.status === 'unlinked') await loaded.link(linked)
            await loaded.evaluate()
            return loaded
          },
        })
    modules.set(name, made)
    return made
  }
  const linked = (specifier, referrer) =>
    specifier === 'runtime' ? own : moduleOf(join(dirname(referrer.identifier), specifier), null, false)

  const module = moduleOf(join(root, file), body, mode !== 'outside')
  await module.link(linked)
  await module.evaluate()
  await timely(main)
}

/** As the loader does: what the parser does not understand is left as it is. */
function compiled(text, file, format, entry, mode) {
  const url = pathToFileURL(file).href
  const options = { url, format, language: 'js', runtime: 'runtime', entry, onlyGenerators, stress: mode === 'stress' }
  try {
    return compile(text, options).code
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** What `promise` gives, if that is soon. */
async function timely(promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not end')), PATIENCE)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
