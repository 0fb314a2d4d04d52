// fibril/gevent beside gevent itself, in one run:
//
//     npm run build && node bench/gevent/run.mjs [--rounds 5] [NAME…]
//
// What is measured is processor time, garbage collection and compilation included: so it can be read off on a machine that others
// use. Each program runs in a fresh process of its own, in rounds: fibril, gevent, fibril, gevent, … Ratios are taken within a round;
// the table shows medians. gevent is that of PYTHON (/usr/bin/python3 if there is one, as from Debian's python3-gevent);
// without it fibril runs alone, and that is said.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '5' } },
  allowPositionals: true,
})
const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const python = process.env.PYTHON ?? (existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3')

/** Operations: fewer for gevent, so that both run for about as long. */
const programs = {
  'spawn-join': { fibril: 500_000, gevent: 50_000, goal: 20 },
  switch: { fibril: 5_000_000, gevent: 200_000, goal: 20 },
  'queue-pingpong': { fibril: 500_000, gevent: 50_000 },
  'event-wakeups': { fibril: 500_000, gevent: 50_000 },
  sleepers: { fibril: 100_000, gevent: 100_000 },
  'imap-unordered': { fibril: 200_000, gevent: 20_000 },
}

function measure(command, file, name, n) {
  const output = execFileSync(command, [path(file), name, String(n)], { encoding: 'utf8' })
  const [count, seconds] = output.trim().split(' ').map(Number)
  return (seconds / count) * 1e9
}

function versionOfGevent() {
  try {
    return execFileSync(python, ['-c', 'import gevent; print(gevent.__version__)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const version = versionOfGevent()
console.log(
  version === null
    ? `gevent is missing (${python} has none; Debian has it as python3-gevent): fibril alone`
    : `fibril/gevent on Node ${process.versions.node} beside gevent ${version}; median of ${values.rounds} rounds`,
)
console.log(`${'program'.padEnd(16)}${'fibril'.padStart(14)}${'gevent'.padStart(14)}${'ratio'.padStart(10)}`)
const names = Object.keys(programs).filter((name) => positionals.length === 0 || positionals.includes(name))
for (const name of names) {
  const { fibril, gevent, goal } = programs[name]
  const rounds = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const ours = measure(process.execPath, 'programs.mjs', name, fibril)
    rounds.push({ ours, theirs: version === null ? Number.NaN : measure(python, 'programs.py', name, gevent) })
  }
  const unit = (x) => `${Math.round(x)} ns`
  const ratio = median(rounds.map(({ ours, theirs }) => theirs / ours))
  const theirs = version === null ? '–' : unit(median(rounds.map((round) => round.theirs)))
  const said = version === null ? '' : `${ratio.toFixed(1)} x${goal === undefined ? '' : ` (goal ${goal})`}`
  console.log(
    `${name.padEnd(16)}${unit(median(rounds.map(({ ours }) => ours))).padStart(14)}${theirs.padStart(14)}   ${said}`,
  )
}
