/*
 * Runs the own test suites of libraries three times, and compares what they print: as they are, compiled as the loader
 * compiles, and compiled in such a way that every call parks once.
 *
 *     node scripts/library-suites.mjs [--mode stress] [--verbose] FOLDER …
 *
 * A folder is a checkout of one of the libraries below, with the packages installed that its suite needs. Nothing in it is
 * changed but the cache in its node_modules. A suite need not pass: it must do the same each time.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const TIMEOUT = 600_000

/** No test is to fail because the machine is slow. */
const mocha = ['node_modules/mocha/bin/_mocha', '--reporter', 'tap', '--timeout', '0']

/** How each suite is run: programs with their arguments, and the framework whose tests are to be tasks. */
const libraries = {
  // The entry is the suite itself: all of it is one task.
  acorn: { programs: () => [['test/run.js']] },
  // Its `index.js` is made by its build: here a line that exports all of `lib/chai.js` will do.
  chai: {
    framework: 'mocha',
    programs: (folder) => [
      [...mocha, '--require', './test/bootstrap/index.js', ...filesIn(folder, 'test', /^[\w-]+\.js$/)],
    ],
  },
  lodash: { framework: 'qunit', programs: () => [['test/test.js']] },
  picomatch: { framework: 'mocha', programs: () => [mocha] },
  semver: {
    framework: 'tap',
    programs: (folder) => filesIn(folder, 'test', /^(?!.*fixtures).*\.js$/).map((file) => [file]),
  },
}

// With the cache: the suite of lodash takes away what the compiler needs, and loads lodash once more.
const settings = { patch: false, exclude: [fileURLToPath(new URL('./', import.meta.url))] }
const modes = { plain: null, compiled: settings, stress: { ...settings, stress: true } }

/** What is another each time, and what stands for it. */
const different = [
  [/\b\d+(\.\d+)?\s?m?s\b|\b\d+ milliseconds|\btime=\S+/g, '(time)'],
  [/:\d+:\d+\b/g, ':(place)'],
  [/\(node:\d+\)/g, '(node)'],
  // In which order children end.
  [/^(\s*(?:not )?ok) \d+/, '$1'],
  [/[\r\b]*Please wait[. ]*[\r\b]*/g, ''],
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { mode: { type: 'string', multiple: true }, verbose: { type: 'boolean', default: false } },
})
if (positionals.length === 0) throw new Error('Which folders? See the comment in scripts/library-suites.mjs')
for (const folder of positionals) await compare(resolve(folder), values.mode ?? ['compiled', 'stress'])

async function compare(folder, compared) {
  const plain = await verdictsOf(folder, 'plain')
  process.stdout.write(`${basename(folder)}: ${plain.length} lines\n`)
  for (const mode of compared) {
    const verdicts = await verdictsOf(folder, mode)
    const differences = differing(plain, verdicts)
    process.stdout.write(`  ${mode}: ${differences.length === 0 ? 'the same' : `${differences.length} differences`}\n`)
    for (const line of values.verbose ? differences : differences.slice(0, 20)) process.stdout.write(`    ${line}\n`)
    if (differences.length > 0) process.exitCode = 1
  }
}

/** What the programs of a suite print, without what differs each time. */
async function verdictsOf(folder, mode) {
  const { framework, programs } = libraries[basename(folder)] ?? unknown(folder)
  const lines = []
  for (const program of programs(folder)) {
    lines.push(`# ${program.join(' ')}`)
    for (const line of (await outputOf(folder, program, framework, modes[mode])).split('\n')) {
      if (!/^\s+at /.test(line))
        lines.push(different.reduce((text, [from, to]) => text.replace(from, to), line).trimEnd())
    }
  }
  return lines.filter((line) => !/^[-\s\b]*$/.test(line))
}

async function outputOf(folder, program, framework, chosen) {
  const register = new URL('../dist/src/green/register/index.js', import.meta.url)
  const tasks = new URL('library-tasks.mjs', import.meta.url)
  const child = spawn(
    process.execPath,
    [...(chosen === null ? [] : ['--import', register.href]), '--import', tasks.href, ...program],
    {
      cwd: folder,
      env: {
        ...process.env,
        FIBRIL_GREEN: JSON.stringify(chosen ?? {}),
        LIBRARY_TASKS: framework ?? '',
        TAP_DIAG: '0',
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT,
    },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const end = await new Promise((done) => child.on('close', (code, signal) => done(signal ?? code)))
  return `${output}\n# ended with ${end}`
}

/** Lines of one that the other has not. */
function differing(before, after) {
  const count = new Map()
  for (const line of before) count.set(line, (count.get(line) ?? 0) + 1)
  for (const line of after) count.set(line, (count.get(line) ?? 0) - 1)
  return [...count].filter(([, n]) => n !== 0).map(([line, n]) => `${n > 0 ? '-' : '+'} ${line}`)
}

function filesIn(folder, under, pattern) {
  return readdirSync(resolve(folder, under), { recursive: true })
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => `${under}/${name}`)
}

function unknown(folder) {
  throw new Error(`No library is called ${basename(folder)}. There are: ${Object.keys(libraries).join(', ')}`)
}
