/** What a worker thread starts with: it loads the module that it is told to, and serves it. */
import { parentPort, type Transferable } from 'node:worker_threads'
import type { Boot, ToPool, ToWorker } from './messages.ts'
import { type Served, Server } from './server.ts'
import { Slots } from './slots.ts'
import { encodeThrown } from './wire-error.ts'

const port = parentPort
if (port === null) throw new Error('fibril/offload/worker-entry is started by a ThreadPool, not by hand')

const post = (message: ToPool, transfer: readonly Transferable[] = []): void => port.postMessage(message, transfer)
let server: Server | null = null

port.on('message', (message: ToWorker) => {
  if (Array.isArray(message)) server?.serve(message)
  else if ('boot' in message) void load(message)
  else server?.end(message.end)
})

async function load({ module, slots }: Boot): Promise<void> {
  let exported: Record<string, unknown>
  try {
    exported = (await import(module)) as Record<string, unknown>
  } catch (error) {
    return post({ unloadable: encodeThrown(error) })
  }
  const names = Object.keys(exported).filter((name) => typeof exported[name] === 'function')
  server = new Server(
    names.map((name) => exported[name] as Served),
    new Slots(slots as SharedArrayBuffer),
    post,
  )
  post({ ready: names })
}
