/** A program that serves across processes, and says what a test wants to know. */
import { run, spawn } from '../../src/index.ts'
import { type ServingOptions, serveAcross } from '../../src/serving/index.ts'

const [module = '', options = '{}'] = process.argv.slice(2)

await run(function* () {
  const service = yield* serveAcross(module, JSON.parse(options) as ServingOptions)
  const pids = (): number[] => service.stats().workers.map(({ pid }) => pid)
  console.log(JSON.stringify({ addresses: service.addresses, pids: pids() }))
  process.on('SIGUSR2', () => console.log(JSON.stringify(service.stats())))
  spawn(function* () {
    yield* service.join()
    console.log(JSON.stringify(service.stats()))
  })
})
