// How code that cannot wait calls code that can: a worker does the work, and this thread blocks on `Atomics.wait` until the
// answer is there. What synckit and others do. Each call has a signal and a channel of its own.
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'

/**
 * Starts a worker of functions. The result calls them by name, and blocks until they have answered.
 *
 * @param {URL} file
 */
export function blockingWorker(file) {
  const worker = new Worker(file)
  worker.unref()
  return function call(name, ...args) {
    const signal = new Int32Array(new SharedArrayBuffer(4))
    const { port1, port2 } = new MessageChannel()
    worker.postMessage({ name, args, signal, port: port2 }, [port2])
    Atomics.wait(signal, 0, 0)
    const { message } = receiveMessageOnPort(port1)
    port1.close()
    if ('error' in message) throw Object.assign(new Error(message.error.message), message.error)
    return message.result
  }
}
