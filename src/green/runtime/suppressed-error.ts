/** What `using` throws where a disposal has failed after something else had. The platform's own is alike. */
class SuppressedError extends Error {
  /** What has failed last. */
  declare readonly error: unknown
  /** What had failed before. */
  declare readonly suppressed: unknown

  constructor(error: unknown, suppressed: unknown, message?: string) {
    super(message)
    hide(this, 'error', error)
    hide(this, 'suppressed', suppressed)
  }
}
hide(SuppressedError.prototype, 'name', 'SuppressedError')
hide(SuppressedError.prototype, 'message', '')

/**
 * The platform's class, which Node has from 24 on. An older one is given ours, so that code which has `using` can tell such errors:
 * when the first of it runs, so that all others find their globals as they were.
 */
export function suppressedError(): SuppressedErrorConstructor {
  if (globalThis.SuppressedError === undefined) hide(globalThis, 'SuppressedError', SuppressedError)
  return globalThis.SuppressedError
}

function hide(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: false, configurable: true })
}
