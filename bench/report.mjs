/**
 * A number to three digits, with thousands separated.
 *
 * @param {number | undefined} value
 */
export function figure(value) {
  if (value === undefined) return '–'
  const size = Math.abs(value)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Whether a goal is met, as printed: with its figure, the way the goal says it. */
export function verdict({ value, against, atMost, stretch }) {
  if (value === undefined) return 'not measured'
  // A goal to be n times faster is told as n.
  const told = against !== undefined && atMost < 1 ? `${figure(1 / value)} ×` : figure(value) + (against ? ' ×' : '')
  if (value > atMost) return `${told}: not met`
  return stretch !== undefined && value <= stretch ? `${told}: met, and the stretch` : `${told}: met`
}

/** One benchmark as lines of cells; the last cell of each is a note, mostly empty. */
function table({ metrics, reference, rows }) {
  const ratio = reference === undefined ? [] : [`× ${reference}`]
  const head = ['contender', 'n', ...metrics.map((metric) => metric.title), ...ratio, '']
  const body = rows.map((row) => [
    row.contender,
    row.size.toLocaleString('en'),
    ...metrics.map(({ key, spread }, i) => medianAndSpread(row.summary[key], spread ?? i === 0)),
    ...ratio.map(() => figure(row.ratio)),
    noteOf(row),
  ])
  return [head, ...body]
}

function medianAndSpread(summary, spread) {
  if (summary === undefined) return '–'
  const { median, min, max } = summary
  return spread && min < max ? `${figure(median)} (${figure(min)} … ${figure(max)})` : figure(median)
}

function noteOf({ skipped, failed, rounds }) {
  if (skipped !== undefined) return skipped
  if (failed !== undefined) return `failed: ${failed}`
  return rounds.at(-1)?.note ?? ''
}

/** One benchmark as text for a terminal. */
export function textTable(benchmark) {
  const lines = table(benchmark)
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  const isLeft = (i) => i === 0 || i === widths.length - 1
  const pad = (cell, i) => (isLeft(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
  return [
    `\n${benchmark.name}  ${benchmark.title}`,
    ...lines.map((line) => `  ${line.map(pad).join('   ')}`.trimEnd()),
    ...benchmark.goals.map((goal) => `  goal: ${goal.says}: ${verdict(goal)}`),
  ].join('\n')
}

/** One benchmark as a section of Markdown. */
export function markdownTable(benchmark) {
  const lines = table(benchmark)
  const hasNotes = lines.some((line) => line.at(-1) !== '')
  const row = (line) => `| ${(hasNotes ? line : line.slice(0, -1)).join(' | ')} |`
  const [head, ...body] = lines
  const rule = head.map((_, i) => (i === 0 || i === head.length - 1 ? '---' : '--:'))
  const goals = benchmark.goals.map((goal) => `- ${goal.says}: ${verdict(goal)}`)
  return [
    `**${benchmark.name}** – ${benchmark.title}`,
    '',
    ...[head, rule, ...body].map(row),
    ...(goals.length > 0 ? ['', ...goals] : []),
    '',
  ].join('\n')
}

/** The line that says where the figures come from. */
export function machineLine({ machine, peers, quick }) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  const load = machine.load === undefined ? '' : `, load ${figure(machine.load)}`
  const how = quick ? ' Quick run: small sizes, few rounds.' : ''
  return (
    `Node ${machine.node}, ${machine.cpus} × ${machine.cpu}${load}; ${versions.join(', ')}. ` +
    `Medians over rounds (lowest … highest); ratios are within a round.${how}`
  )
}
