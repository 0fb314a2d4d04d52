// How code that cannot wait calls code that can: a worker does the work, and this thread blocks on `Atomics.wait` until the
// answer is there. What synckit and others do. A call has a line to the worker for itself, and leaves it to the next.
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'

/**
 * Starts a worker of functions. The result calls them by name, and blocks until they have answered.
 *
 * @param {URL} file
 */
export function blockingWorker(file) {
  const worker = new Worker(file)
  worker.unref()
  const free = []
  let lines = 0

  function open() {
    const signal = new Int32Array(new SharedArrayBuffer(4))
    const { port1, port2 } = new MessageChannel()
    worker.postMessage({ line: lines, signal, port: port2 }, [port2])
    return { line: lines++, signal, port: port1 }
  }

  return function call(name, ...args) {
    const opened = free.pop() ?? open()
    const { line, signal, port } = opened
    worker.postMessage({ line, name, args })
    // In a loop: the worker's notification of the answer before may come after that was read, and would end this wait.
    while (Atomics.load(signal, 0) === 0) Atomics.wait(signal, 0, 0)
    const { message } = receiveMessageOnPort(port)
    Atomics.store(signal, 0, 0)
    free.push(opened)
    if ('error' in message) throw Object.assign(new Error(message.error.message), message.error)
    return message.result
  }
}
