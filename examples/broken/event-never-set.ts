// Hangs when the configuration is empty: then nobody sets the event that every worker waits for.
// See docs/inspect.md for how to find the line.
import { fn, run, sleep, spawn } from 'fibril'
import { Event } from 'fibril/sync'

const configured = new Event({ name: 'configured' })

const loadConfiguration = fn(function* loadConfiguration(text: string) {
  yield* sleep(1) // it is fetched
  if (text === '') return {} // at fault: leaves without a word to those who wait
  configured.set()
  return JSON.parse(text) as object
})

const worker = fn(function* worker() {
  yield* configured.wait()
  yield* sleep(1) // works
})

const heartbeat = fn(function* heartbeat() {
  for (;;) yield* sleep(1000)
})

await run(function* service() {
  spawn.detached(heartbeat())
  for (let i = 0; i < 100; i++) spawn(worker())
  spawn(loadConfiguration(process.argv[2] ?? ''))
  console.log('starting')
})
console.log('done')
