// Runs the built tests under the runtime that runs this script: Node, or Bun, whose `bun test` reads node:test.
//
//   node scripts/test.mjs                         all
//   node scripts/test.mjs core/queue              files whose path has "core/queue" in it
//   node scripts/test.mjs -scripts/               all others than these
//   node scripts/test.mjs --slowest               then lists the files by the processor's time that they took
//   node scripts/test.mjs --test-name-pattern=x   any other argument that starts with a dash goes to the runner
//
// The files are listed here because `node --test` understands patterns only from Node 21 on, and listed from the
// sources, so that what a removed test left behind in dist/ does not run.
//
// Under CI, up to three files that failed run once more, alone: a machine that stood still for a second is told apart
// from a bug. Both outcomes are printed, and a file that passes only alone is named as flaky: it is to be cured.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const flags = args.filter((argument) => argument.startsWith('--') && argument !== '--slowest')
const without = args.filter((argument) => /^-[^-]/.test(argument)).map((argument) => argument.slice(1))
const names = args.filter((argument) => !argument.startsWith('-'))

const files = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
  .filter((file) => !without.some((name) => file.includes(name)))
  .map((file) => `./dist/${file.replace(/\.ts$/, '.js')}`)
  .sort()

if (files.length === 0) {
  console.error(`No test file matches ${names.join(', ') || 'test/**/*.test.ts'}`)
  process.exit(1)
}

const reporters = [
  ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
  ...['--test-reporter=./scripts/fail-when-none-ran.mjs', '--test-reporter-destination=stderr'],
]

/** Runs `files`, `concurrency` at a time. The status of the runner. */
function run(files, concurrency, { failedList = '', costs = '' } = {}) {
  const runner = process.versions.bun
    ? ['test', '--timeout=240000']
    : [
        '--enable-source-maps',
        ...(failedList ? ['--import=./scripts/note-failure.mjs'] : []),
        ...(costs ? ['--import=./scripts/note-cost.mjs'] : []),
        '--test',
        '--test-timeout=240000', // a test that hangs fails, and says which; on Node 20 it is the time of a whole file
        `--test-concurrency=${concurrency}`,
        ...(flags.some((flag) => flag.startsWith('--test-reporter')) ? [] : reporters),
      ]
  const env = { ...process.env, FIBRIL_FAILED_TESTS: failedList, FIBRIL_TEST_COSTS: costs }
  return spawnSync(process.execPath, [...runner, ...flags, ...files], { cwd: root, env, stdio: 'inherit' }).status ?? 1
}

/** The files that failed, if a second chance is theirs: none where nothing is known of them, or where it is many. */
function fewIn(failedList) {
  const noted = existsSync(failedList) ? readFileSync(failedList, 'utf8').split('\n') : []
  const failed = files.filter((file) => noted.includes(join(root, file)))
  return failed.length <= 3 ? failed : []
}

/** The files that took most, a line each, in seconds. */
function slowest(costs) {
  const noted = existsSync(costs) ? readFileSync(costs, 'utf8').trim().split('\n') : []
  const lines = noted
    .map((line) => JSON.parse(line))
    .map(([file, wall, own, ofChildren]) => ({ name: relative(join(root, 'dist'), file), wall, own, ofChildren }))
    .map((cost) => ({ ...cost, cpu: cost.own + cost.ofChildren }))
    .sort((a, b) => b.cpu - a.cpu)
  const total = lines.reduce((sum, { cpu }) => sum + cpu, 0)
  const figures = (...numbers) => numbers.map((number) => number.toFixed(1).padStart(7)).join(' ')
  const shown = lines
    .slice(0, 40)
    .map(({ name, wall, cpu, ofChildren }) => `${figures(cpu, ofChildren, wall)}  ${name}`)
  return `    CPU  started   wall  (seconds; ${total.toFixed(0)} of CPU in ${lines.length} files)\n${shown.join('\n')}`
}

const scratch = mkdtempSync(join(tmpdir(), 'fibril-test-'))
const failedList = process.env.CI ? join(scratch, 'failed') : ''
const costs = args.includes('--slowest') ? join(scratch, 'costs') : ''
process.exitCode = run(files, availableParallelism(), { failedList, costs })
const failed = failedList ? fewIn(failedList) : []
if (process.exitCode !== 0 && failed.length > 0) {
  console.log(`\n✖ Failed, and run once more, alone:\n  ${failed.join('\n  ')}\n`)
  process.exitCode = run(failed, 1)
  if (process.exitCode === 0) console.log(`\n⚠ Flaky: passed only alone, to be cured:\n  ${failed.join('\n  ')}`)
}
if (costs) console.log(`\n${slowest(costs)}`)
rmSync(scratch, { recursive: true })
