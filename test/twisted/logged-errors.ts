import { type LoggedError, log } from '../../src/twisted/index.ts'

/** Collects the errors that are logged from now on, as `why message`, until it is disposed. */
export class LoggedErrors implements Disposable {
  readonly messages: string[] = []
  private readonly observer = ({ why, failure }: LoggedError): void => {
    this.messages.push(`${why} ${failure.getErrorMessage()}`)
  }

  constructor() {
    log.addObserver(this.observer)
  }

  /** Takes what there is. */
  take(): string[] {
    return this.messages.splice(0)
  }

  [Symbol.dispose](): void {
    log.removeObserver(this.observer)
  }
}
