/*
 * The benchmarks: Fibril beside its peers. See README.md here; `node bench/run.mjs --help` for the options.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { installPeers, peerVersions } from './peers.mjs'
import { machineLine, markdownTable, textTable, verdict } from './report.mjs'
import { runScenario } from './rounds.mjs'
import { scenarios } from './scenarios/index.mjs'

const HELP = `Usage: npm run bench -- [options] [benchmark …]

A benchmark may be named by how it begins: "switch" runs switch-2 and switch-1000. Without a name all run.

  --quick          small sizes, few rounds: under a minute
  --rounds N       fresh processes for each contender (default: by benchmark)
  --only A,B       these contenders only
  --json           print the results as JSON
  --markdown       print the tables as Markdown
  --save FILE      write the results as JSON
  --from FILE      print saved results instead of running
  --list           names and titles
`

class BadArguments extends Error {}

try {
  await main(parseArguments())
} catch (error) {
  if (!(error instanceof BadArguments)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}

function parseArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        only: { type: 'string', default: '' },
        json: { type: 'boolean', default: false },
        markdown: { type: 'boolean', default: false },
        save: { type: 'string' },
        from: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const selected = selectScenarios(positionals)
    return { ...values, selected, only: selectContenders(values.only, selected), rounds: wholeNumber(values.rounds) }
  } catch (cause) {
    throw new BadArguments(cause.message, { cause })
  }
}

function selectScenarios(names) {
  if (names.length === 0) return scenarios
  const selected = new Set()
  for (const name of names) {
    const exact = scenarios.filter((scenario) => scenario.name === name)
    const matching = exact.length > 0 ? exact : scenarios.filter((scenario) => scenario.name.startsWith(name))
    const all = scenarios.map((scenario) => scenario.name).join(', ')
    if (matching.length === 0) throw new Error(`No benchmark begins with "${name}". There are: ${all}`)
    for (const scenario of matching) selected.add(scenario)
  }
  return scenarios.filter((scenario) => selected.has(scenario))
}

function selectContenders(list, selected) {
  const names = list.split(',').filter(Boolean)
  const known = new Set(selected.flatMap(({ contenders }) => Object.keys(contenders)))
  const unknown = names.find((name) => !known.has(name))
  if (unknown === undefined) return names
  throw new Error(`No contender is called "${unknown}". There are: ${[...known].join(', ')}`)
}

function wholeNumber(text) {
  if (text === undefined) return undefined
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--rounds takes a whole number above 0, not "${text}"`)
  return Number(text)
}

async function main(options) {
  if (options.help) process.stdout.write(HELP)
  else if (options.list) for (const { name, title } of scenarios) process.stdout.write(`${name.padEnd(16)} ${title}\n`)
  else if (options.from !== undefined) printAll(JSON.parse(readFileSync(options.from, 'utf8')), options)
  else await runAll(options)
}

async function runAll(options) {
  installPeers()
  const results = { machine: machine(), peers: peerVersions(), quick: options.quick, benchmarks: [] }
  const prints = !options.json && !options.markdown
  if (prints) process.stdout.write(`${machineLine(results)}\n`)
  for (const scenario of options.selected) {
    const benchmark = await runScenario(scenario, { ...options, progress })
    progress('')
    results.benchmarks.push(benchmark)
    if (benchmark.rows.some((row) => row.failed !== undefined)) process.exitCode = 1
    if (prints) process.stdout.write(`${textTable(benchmark)}\n`)
  }
  if (prints) printSummary(results)
  else printAll(results, options)
  if (options.save !== undefined) writeFileSync(options.save, `${JSON.stringify(results, null, 2)}\n`)
}

function printAll(results, { json, markdown }) {
  if (json) {
    process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  } else if (markdown) {
    process.stdout.write(`${machineLine(results)}\n\n${results.benchmarks.map(markdownTable).join('\n')}`)
  } else {
    process.stdout.write(`${machineLine(results)}\n${results.benchmarks.map(textTable).join('\n')}\n`)
    printSummary(results)
  }
}

function printSummary({ benchmarks }) {
  const goals = benchmarks.flatMap(({ name, goals }) => goals.map((goal) => ({ ...goal, name })))
  const measured = goals.filter((goal) => goal.value !== undefined)
  const missed = measured.filter((goal) => goal.value > goal.atMost)
  if (measured.length === 0) return
  process.stdout.write(`\nGoals met: ${measured.length - missed.length} of ${measured.length}\n`)
  for (const goal of missed) process.stdout.write(`  ${goal.name}: ${goal.says}: ${verdict(goal)}\n`)
}

function machine() {
  const [load] = loadavg()
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cpus: availableParallelism(),
    load,
  }
}

/** One line that is written over again, where somebody looks. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
}
