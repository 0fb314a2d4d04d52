/*
 * node bench/cluster/faults.mjs [--jobs N] [--poison N]
 *
 * Durable jobs through everything that may happen: a worker killed, all workers, the submitter, the server; the server restarted; a
 * worker cut off, and the submitter; a worker stopped past its lease; all connections reset; jobs that kill their worker, throw, or
 * give more than a message holds. Against a nats-server and processes of its own. Prints the account, and ends with exit
 * code 1 if a job was lost or ran again without reason.
 */
import { parseArgs } from 'node:util'
import { faults, keepAccount } from '../../dist/test/offload/cluster/account.js'

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '10000' }, poison: { type: 'string', default: '3' } },
})
const order = { jobs: Number(values.jobs), poison: Number(values.poison), large: 5, failing: 20 }
const start = performance.now()
const account = await keepAccount(
  order,
  faults.map(([fault]) => fault),
  (step) => console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${step}`),
)
const { told, ...figures } = account
console.log()
for (const [name, value] of Object.entries({ ...figures, ...told })) {
  const text = Array.isArray(value) ? value.join(' ') || 'none' : Math.round(value * 10) / 10
  console.log(`${name.padEnd(20)} ${text}`)
}
const right =
  account.lost === 0 &&
  account.left === 0 &&
  account.again <= account.interruptedAtMost &&
  account.results === account.jobs &&
  account.deadLetters === order.poison &&
  told.wrong.length === 0
console.log(right ? '\nNone was lost, and those that ran again had been interrupted.' : '\nTHE ACCOUNT IS WRONG')
process.exitCode = right ? 0 : 1
