// node examples/sync-to-async/load.js [--seconds N] [--rounds N] [--path /stock]
//
// Starts the service plainly, under green threads, and as somebody wrote it by hand with async and await; and asks each of
// them, one after the other and in several rounds, with 1, 10 and 100 clients that each wait for their answer before they ask
// again. Needs MariaDB at 127.0.0.1:3306.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    path: { type: 'string', default: '/stock' },
    json: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('../../', import.meta.url))
const here = 'examples/sync-to-async'
const services = {
  plain: [`${here}/plain.js`],
  green: ['dist/src/cli/main.js', 'run', `${here}/green.js`],
  async: [`${here}/async/main.js`],
}

const children = []
process.on('exit', () => {
  for (const child of children) child.kill()
})

async function start(args, env) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [url] = await once(createInterface({ input: child.stdout }), 'line')
  return { url }
}

/** Each client asks again as soon as it has its answer. Gives requests per second, and the times of the answers in ms. */
async function load(url, clients, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const times = []
  const end = performance.now() + seconds * 1000
  const client = async () => {
    while (performance.now() < end) {
      const began = performance.now()
      await new Promise((resolve, reject) => {
        get(url, { agent }, (response) => {
          if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`))
          response.resume().on('end', resolve)
        }).on('error', reject)
      })
      times.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: clients }, client))
  const elapsed = performance.now() - began
  agent.destroy()
  times.sort((a, b) => a - b)
  return {
    perSecond: (times.length * 1000) / elapsed,
    p50: times[Math.floor(times.length / 2)],
    p99: times[Math.floor(times.length * 0.99)],
  }
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

const rates = await start([`${here}/rates.js`], {})
const env = { RATES_URL: rates.url }
if (spawnSync(process.execPath, [`${here}/set-up.js`], { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1)
const running = {}
for (const [name, args] of Object.entries(services)) running[name] = await start(args, env)
for (const { url } of Object.values(running)) await load(url + values.path, 4, 0.5)

const table = []
for (const clients of [1, 10, 100]) {
  const results = Object.fromEntries(Object.keys(services).map((name) => [name, []]))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, { url }] of Object.entries(running)) {
      results[name].push(await load(url + values.path, clients, Number(values.seconds)))
    }
  }
  for (const [name, rounds] of Object.entries(results)) {
    const row = { clients, service: name }
    for (const key of ['perSecond', 'p50', 'p99'])
      row[key] = Math.round(median(rounds.map((round) => round[key])) * 10) / 10
    table.push(row)
  }
}
for (const child of children) {
  child.kill('SIGTERM')
  await once(child, 'exit')
}
spawnSync(process.execPath, [`${here}/set-up.js`, 'down'], { cwd: root, stdio: 'inherit' })

if (values.json) console.log(JSON.stringify(table))
else {
  console.log(`GET ${values.path}; medians of ${values.rounds} rounds of ${values.seconds} s; times in ms`)
  console.log('clients  service  requests/s     p50     p99  of async')
  for (const { clients, service, perSecond, p50, p99 } of table) {
    const async = table.find((row) => row.clients === clients && row.service === 'async')
    console.log(
      `${String(clients).padStart(7)}  ${service.padEnd(7)} ${perSecond.toFixed(0).padStart(11)} ${p50.toFixed(1).padStart(7)} ${p99.toFixed(1).padStart(7)} ${`${Math.round((100 * perSecond) / async.perSecond)} %`.padStart(9)}`,
    )
  }
}
