// Runs the built tests under the runtime that runs this script: Node, or Bun, whose `bun test` reads node:test.
//
//   node scripts/test.mjs                         all
//   node scripts/test.mjs core/queue              files whose path has "core/queue" in it
//   node scripts/test.mjs --test-name-pattern=x   any argument that starts with a dash goes to the runner
//
// The files are listed here because `node --test` understands patterns only from Node 21 on, and listed from the
// sources, so that what a removed test left behind in dist/ does not run.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))

const files = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
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
const runner = process.versions.bun
  ? ['test', '--timeout=120000']
  : [
      '--enable-source-maps',
      '--test',
      '--test-timeout=120000', // a test that hangs fails, and says which
      `--test-concurrency=${availableParallelism()}`,
      ...(flags.some((flag) => flag.startsWith('--test-reporter')) ? [] : reporters),
    ]
const { status } = spawnSync(process.execPath, [...runner, ...flags, ...files], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
