/** What a child process starts with: it loads the module that it is told to, and serves it, until its parent is gone. */
import type { Boot, ToPool, ToWorker } from './messages.ts'
import { type Desk, type Served, Server } from './server.ts'
import { encodeThrown } from './wire-error.ts'

if (process.send === undefined) throw new Error('fibril/offload/process-entry is started by a ProcessPool, not by hand')

const post = (message: ToPool): void => void process.send?.(message)
let server: Server | null = null

/** One call at a time, and no memory to leave results in. */
const desk: Desk = {
  begin: () => true,
  end: () => {},
  leave: () => false,
  mustKnock: () => false,
}

process.on('message', (message: ToWorker) => {
  if (Array.isArray(message)) server?.serve(message)
  else if ('boot' in message) void load(message)
  else server?.end(message.end)
})
// Nobody is left to work for.
process.on('disconnect', () => process.exit())

async function load({ module }: Boot): Promise<void> {
  let exported: Record<string, unknown>
  try {
    exported = (await import(module)) as Record<string, unknown>
  } catch (error) {
    return post({ unloadable: encodeThrown(error) })
  }
  const names = Object.keys(exported).filter((name) => typeof exported[name] === 'function')
  server = new Server(
    names.map((name) => exported[name] as Served),
    desk,
    post,
  )
  post({ ready: names })
}
