/** What the simulator's Deferred asks of Node, for a browser: the build puts this in place of Node's modules. */

/** In place of `node:util`: a value in a few words. */
export function inspect(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return String(value)
}

/** In place of `node:util`: a page has no sockets whose errors would have names. */
export function getSystemErrorName(errno: number): string {
  return String(errno)
}

/** In place of `node:async_hooks`: a page has one context. */
export class AsyncResource {
  runInAsyncScope<T>(step: (...args: unknown[]) => T, that: unknown, ...args: unknown[]): T {
    return step.apply(that, args)
  }
}
export class AsyncLocalStorage {}

/** In place of the global: what a turn of the loop waits for. */
export function setImmediate(step: () => void): { unref(): void } {
  setTimeout(step, 0)
  return { unref() {} }
}

/** In place of the global. What nobody came for is drawn; it need not be written as well. */
export const process: object = {
  env: {},
  nextTick: (step: () => void) => queueMicrotask(step),
  stderr: { write() {} },
}
