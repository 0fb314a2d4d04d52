// fibril run examples/green/build/build.mjs OUT         four at once
// node       examples/green/build/build.mjs OUT         the same, one after the other
//
// A synchronous build script: it reads sources, runs commands, writes outputs. The part that does it knows nothing of tasks.
// Under `fibril run` its calls park, and `mapLimit` has four sources on the way; under plain node they block, and
// `mapLimit` gets to the next source when one is done. The output is the same.
import { execSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mapLimit, run } from 'fibril/green'

const sources = join(import.meta.dirname, 'sources')
const output = process.argv[2] ?? 'out'

let active = 0
let most = 0

/** @param {string} name */
function build(name) {
  most = Math.max(most, ++active)
  const source = readFileSync(join(sources, name), 'utf8')
  const code = source.replaceAll(/^#.*\n/gm, '')
  const loud = execSync('tr a-z A-Z', { input: code, encoding: 'utf8' })
  const lines = execSync('wc -l', { input: loud, encoding: 'utf8' }).trim()
  writeFileSync(join(output, name), loud)
  active--
  return { name, lines, hash: createHash('sha256').update(loud).digest('hex').slice(0, 12) }
}

/** @param {ReturnType<typeof build>[]} built */
function finish(built) {
  const manifest = built.map(({ name, lines, hash }) => `${hash} ${lines} ${name}\n`).join('')
  writeFileSync(join(output, 'manifest.txt'), manifest)
  process.stdout.write(manifest)
  console.error(`at most ${most} at once`)
}

mkdirSync(output, { recursive: true })
run(mapLimit, readdirSync(sources).sort(), build, { concurrency: 4 }).then(finish)
