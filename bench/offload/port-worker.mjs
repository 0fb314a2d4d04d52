/* A bare MessagePort: adds one to a number, and sends memory back marked. */
import { parentPort } from 'node:worker_threads'

parentPort.on('message', (message) => {
  if (typeof message === 'number') return parentPort.postMessage(message + 1)
  message[0]++
  parentPort.postMessage(message, [message.buffer])
})
