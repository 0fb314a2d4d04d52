import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { median, summary } from './statistics.mjs'

const child = fileURLToPath(new URL('child.mjs', import.meta.url))
const CHILD_TIMEOUT = 180_000

/**
 * Runs a scenario: in each round every contender, one after the other, in a process of its own.
 *
 * @param {import('./scenarios/index.mjs').Scenario} scenario
 * @param {{ rounds: number | undefined, quick: boolean, only: string[], progress: (text: string) => void }} options
 */
export async function runScenario(scenario, { rounds: asked, quick, only, progress }) {
  const rounds = asked ?? (quick ? Math.ceil(scenario.rounds / 3) : scenario.rounds)
  const names = Object.keys(scenario.contenders).filter((name) => only.length === 0 || only.includes(name))
  const rows = names.map((contender) => {
    const { full, quick: small } = scenario.sizes[contender] ?? scenario.sizes.default
    return { contender, size: quick ? small : full, rounds: [] }
  })
  for (let round = 1; round <= rounds; round++) {
    for (const row of rows) {
      if (row.skipped !== undefined || row.failed !== undefined) continue
      progress(`${scenario.name}: round ${round} of ${rounds}, ${row.contender}`)
      const result = await runChild({ scenario: scenario.name, contender: row.contender, size: row.size, quick })
      if (result.metrics === undefined) Object.assign(row, result)
      else row.rounds.push(result.metrics)
    }
  }
  const { name, title, metrics, reference } = scenario
  const rowOf = (contender) => rows.find((row) => row.contender === contender)
  return {
    name,
    title,
    metrics,
    reference,
    rows: rows.map((row) => ({
      ...row,
      summary: summarise(row, metrics),
      ratio: pairedRatio(metrics[0].key, row, rowOf(reference)),
    })),
    goals: scenario.goals.map((goal) => ({
      ...goal,
      value: goalValue(goal, rowOf(goal.of ?? 'fibril'), rowOf(goal.against)),
    })),
  }
}

/** @returns {Promise<{ metrics?: Record<string, number>, skipped?: string, failed?: string }>} */
async function runChild(job) {
  const flags = ['--expose-gc', '--max-old-space-size=4096']
  const running = spawn(process.execPath, [...flags, child, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CHILD_TIMEOUT,
  })
  const [output, errors, [code, signal]] = await Promise.all([
    text(running.stdout),
    text(running.stderr),
    once(running, 'close'),
  ])
  if (code === 0) return JSON.parse(output.trim().split('\n').at(-1))
  const thrown = errors.split('\n').find((line) => /^\w*Error\b/.test(line))
  return { failed: thrown ?? (signal === null ? `exit code ${code}` : `killed by ${signal}`) }
}

async function text(stream) {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  return text
}

function summarise(row, metrics) {
  const summaries = {}
  for (const { key } of metrics) {
    const values = row.rounds.map((round) => round[key]).filter((value) => value !== undefined)
    if (values.length > 0) summaries[key] = summary(values)
  }
  return summaries
}

function goalValue({ metric, against }, row, other) {
  if (against !== undefined) return pairedRatio(metric, row, other)
  const values = row?.rounds.map((round) => round[metric]) ?? []
  return values.length > 0 ? median(values) : undefined
}

/** The median of the ratios within each round: what slows the machine for a while slows both. */
function pairedRatio(metric, row, other) {
  const pairs = Math.min(row?.rounds.length ?? 0, other?.rounds.length ?? 0)
  const ratios = Array.from({ length: pairs }, (_, i) => row.rounds[i][metric] / other.rounds[i][metric])
  // One that could not take part fully has a metric missing.
  const known = ratios.filter((ratio) => !Number.isNaN(ratio))
  return known.length > 0 ? median(known) : undefined
}
