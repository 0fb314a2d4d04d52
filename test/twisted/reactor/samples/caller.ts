// A worker that calls functions of the reactor's thread: see threads.test.ts.
import { type MessagePort, workerData } from 'node:worker_threads'
import { type Functions, reactorThread } from '../../../../src/twisted/index.ts'

const { port, job } = workerData as { port: MessagePort; job: string }
const main = reactorThread<Functions & { [name: string]: (...args: unknown[]) => unknown }>(port)

if (job === 'calls') for (let i = 0; i < 100; i++) main.callFromThread('note', 'call', i)
if (job === 'fails') {
  main.callFromThread('fail')
  main.callFromThread('unknown')
  main.callFromThread('note', 'after')
}
if (job === 'blocks') {
  main.callFromThread('note', main.blockingCallFromThread('add', 1, 2))
  for (const name of ['fail', 'function']) {
    try {
      main.blockingCallFromThread(name)
    } catch (error) {
      main.callFromThread('note', `${(error as Error).name} ${(error as Error).message}`)
    }
  }
}
