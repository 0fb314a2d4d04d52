import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { addCallbackTo, appLog, callbackPort, IOLoop } from '../../src/tornado/index.ts'

const face = new URL('../../src/tornado/index.js', import.meta.url).href

test('a worker calls callbacks of the loop by name, in its order, in turns of the loop', async () => {
  const loop = IOLoop.current()
  const calls: unknown[] = []
  const { port, close } = callbackPort(loop, {
    add: (n: number) => calls.push(n),
    done: () => loop.stop(),
  })
  const code = `
    import { workerData } from 'node:worker_threads'
    import { addCallbackTo } from ${JSON.stringify(face)}
    for (let i = 0; i < 1000; i++) addCallbackTo(workerData, 'add', i)
    addCallbackTo(workerData, 'done')
  `
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: port,
    transferList: [port],
  })
  const failed = new Promise<never>((_, reject) => worker.once('error', reject))
  await Promise.race([loop.start(), failed])
  close()
  await worker.terminate()
  assert.deepEqual(
    calls,
    Array.from({ length: 1000 }, (_, i) => i),
  )
})

test('a name that nobody gave is logged', async () => {
  const loop = IOLoop.current()
  const messages: string[] = []
  const remove = appLog.addHandler((_, error) => {
    messages.push((error as Error).message)
    loop.stop()
  })
  const { port, close } = callbackPort(loop, {})
  addCallbackTo(port, 'toString')
  await loop.start()
  remove()
  close()
  assert.match(messages[0] ?? '', /a worker called "toString", which nobody named/)
})

test('a worker has a loop of its own', async () => {
  const code = `
    import { parentPort } from 'node:worker_threads'
    import { coroutine, IOLoop, sleep } from ${JSON.stringify(face)}
    const main = coroutine(function* () {
      yield sleep(1)
      return 'in the worker'
    })
    parentPort.postMessage(await IOLoop.current().runSync(main))
  `
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
  const message = await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  assert.equal(message, 'in the worker')
})
