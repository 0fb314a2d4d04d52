import { TimeoutError } from '../../core/index.ts'

/** No connection of a pool became free in time. `cause` is the last failure to connect, if that is why. */
export class AcquireTimeoutError extends TimeoutError {
  constructor(ms: number, message: string, cause: unknown) {
    super(ms, 'acquire')
    this.message = message
    if (cause !== undefined) Object.defineProperty(this, 'cause', { value: cause, configurable: true, writable: true })
  }
}
Object.defineProperty(AcquireTimeoutError.prototype, 'name', {
  value: 'AcquireTimeoutError',
  configurable: true,
  writable: true,
})
