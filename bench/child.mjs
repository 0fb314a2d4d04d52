/*
 * One contender of one benchmark, once:
 *
 *     node --expose-gc child.mjs '{"scenario": "switch-2", "contender": "native", "size": 1000000, "quick": false}'
 *
 * Prints one line of JSON: { metrics } or { skipped }.
 */
import { writeSync } from 'node:fs'
import { Skipped } from './peers.mjs'
import { scenarios } from './scenarios/index.mjs'

const { scenario: name, contender, size, quick } = JSON.parse(process.argv[2])
const scenario = scenarios.find((each) => each.name === name)

try {
  const workload = await scenario.contenders[contender]()
  print({ metrics: await scenario.measure(workload, size, { quick }) })
} catch (error) {
  if (!(error instanceof Skipped)) throw error
  print({ skipped: error.message })
}
// Whatever still sleeps would hold the process.
process.exit()

function print(result) {
  writeSync(1, `${JSON.stringify(result)}\n`)
}
