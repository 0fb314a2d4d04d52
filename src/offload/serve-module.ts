import type { Transferable } from 'node:worker_threads'
import { type Boot, KNOCK, type ToPool, type ToWorker } from './messages.ts'
import { type Meter, type Served, Server } from './server.ts'
import { Slots } from './slots.ts'
import { encodeThrown } from './wire-error.ts'

/** What a worker is, besides what it serves. */
export interface Worker {
  readonly post: (message: ToPool, transfer?: readonly Transferable[]) => void
  readonly meter: Meter
}

/** Loads the module that the first message names, and serves it. Gives what takes messages. */
export function serveModule(worker: Worker): (message: ToWorker) => void {
  let server: Server | null = null
  return (message) => {
    if (message === KNOCK) server?.serveSent()
    else if (Array.isArray(message)) server?.serve(message)
    else if ('boot' in message) void load(message)
    else if ('end' in message) server?.end(message.end)
    else if ('grant' in message) server?.grant(message.id, message.grant)
    else void leave(message.leave)
  }

  async function load(boot: Boot): Promise<void> {
    try {
      const exported = Object.entries((await import(boot.module)) as Record<string, unknown>)
      const functions = new Map(exported.filter((entry): entry is [string, Served] => typeof entry[1] === 'function'))
      const shared = boot.slots === null ? null : new Slots(boot.slots)
      const made = new Server(functions, shared, worker.meter, worker.post)
      if (boot.start !== null) await made.hook(boot.start)
      server = made
      worker.post({ ready: [...functions.keys()] })
    } catch (error) {
      worker.post({ unloadable: encodeThrown(error) })
    }
  }

  async function leave(hook: readonly [name: string, ...args: unknown[]]): Promise<void> {
    try {
      await server?.hook(hook)
    } catch (error) {
      // Nobody waits for it; but it is not to be missed.
      process.emitWarning(error instanceof Error ? error : String(error))
      await new Promise((resolve) => setImmediate(resolve))
    }
    process.exit()
  }
}
