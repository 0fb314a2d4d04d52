// The worker's side of `blockingWorker`.
import { parentPort } from 'node:worker_threads'

/**
 * Answers calls with these functions, any number of them at a time.
 *
 * @param {Record<string, (...args: any[]) => unknown>} functions
 */
export function answer(functions) {
  const lines = []

  async function serve({ signal, port }, name, args) {
    let message
    try {
      message = { result: await functions[name](...args) }
    } catch (error) {
      message = { error: { message: error.message, code: error.code, errno: error.errno } }
    }
    port.postMessage(message)
    Atomics.store(signal, 0, 1)
    Atomics.notify(signal, 0)
  }

  parentPort.on('message', ({ line, name, args, ...opened }) => {
    if (name === undefined) lines[line] = opened
    else serve(lines[line], name, args)
  })
}
