/**
 * Callbacks from workers. A function cannot travel between threads, so the loop's side names those that may be called, and
 * a worker calls them by name, through a port that it was handed: `addCallback`, the only call of a loop that is safe from
 * elsewhere.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { AnyFunction } from './callbacks.ts'
import type { IOLoop } from './io-loop.ts'
import { appLog } from './log.ts'

/** A callback that a worker asked for. */
interface Message {
  readonly name: string
  readonly args: readonly unknown[]
}

/** The loop's end of a port. */
export interface CallbackPort {
  /** To be handed to a worker, by `workerData` or `postMessage`, in its transfer list. */
  readonly port: MessagePort
  /** No more calls. Until then it keeps the process alive. */
  close(): void
}

/**
 * Lets a worker call `callbacks` by name, in turns of `loop`, in the order of its calls.
 *
 * ```ts
 * import { addCallbackTo, callbackPort, IOLoop } from 'fibril/tornado'
 *
 * const loop = IOLoop.current()
 * const { port, close } = callbackPort(loop, {
 *   found(what: string) {
 *     console.log(`found ${what}`)
 *     loop.stop()
 *   },
 * })
 * addCallbackTo(port, 'found', 'a needle') // as a worker does that was handed the port
 * await loop.start()
 * close()
 * // prints: found a needle
 * ```
 */
export function callbackPort(loop: IOLoop, callbacks: Readonly<Record<string, AnyFunction>>): CallbackPort {
  const { port1, port2 } = new MessageChannel()
  port1.on('message', ({ name, args }: Message) => {
    const callback = Object.hasOwn(callbacks, name) ? callbacks[name] : undefined
    if (callback !== undefined) loop.addCallback(callback as (...args: readonly unknown[]) => unknown, ...args)
    else appLog.error('Exception in callback', new Error(`a worker called ${JSON.stringify(name)}, which nobody named`))
  })
  return { port: port2, close: () => port1.close() }
}

/** In the worker: has the loop call one of its callbacks. The arguments are copied, as `postMessage` copies. */
export function addCallbackTo(port: MessagePort, name: string, ...args: readonly unknown[]): void {
  port.postMessage({ name, args } satisfies Message)
}
