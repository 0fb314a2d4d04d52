/** What the signals of a terminal, a service manager and an operator mean to a service. */
export interface SignalTargets {
  /** `again`: it was asked before. */
  stop(signal: NodeJS.Signals, again: boolean): void
  restart(): void
}

/** Listens to them until the result is called. */
export function listenToSignals({ stop, restart }: SignalTargets): () => void {
  let asked = false
  const stopBy = (signal: NodeJS.Signals): void => {
    stop(signal, asked)
    asked = true
  }
  process.on('SIGINT', stopBy)
  process.on('SIGTERM', stopBy)
  process.on('SIGHUP', restart)
  return () => {
    process.off('SIGINT', stopBy)
    process.off('SIGTERM', stopBy)
    process.off('SIGHUP', restart)
  }
}
