import type { Failure } from '../failure.ts'
import { log } from '../log.ts'
import { maybeDeferred } from '../make.ts'
import { ReactorNotRunning } from '../network-errors.ts'
import { type Reactor, reactor as theReactor } from '../reactor/reactor.ts'

/** What ends a program with a code of its own: throw it in `main`. */
export class SystemExit extends Error {
  readonly code: number

  constructor(code = 0) {
    super(`exit with code ${code}`)
    this.code = code
  }
}
Object.defineProperty(SystemExit.prototype, 'name', { value: 'SystemExit', configurable: true, writable: true })

/** How `react` runs. */
export interface ReactOptions {
  readonly reactor?: Reactor
  /** What ends the process. `process.exit` if left out. */
  readonly exit?: (code: number) => void
}

/**
 * Runs a program that has an end: calls `main` with the reactor and `argv`, runs the reactor until what that gave has fired,
 * and exits: with 0, with 1 after logging a failure, or with the code of a `SystemExit`. Stops the reactor once, whoever else
 * may have.
 *
 * ```ts
 * import { deferLater, react, type Reactor } from 'fibril/twisted'
 *
 * const main = (reactor: Reactor, name: string) =>
 *   deferLater(reactor, 5).addCallback(() => console.log(`hello ${name}`))
 * react(main, ['Ada'], { exit: (code) => console.log(`exit ${code}`) })
 * // prints: hello Ada
 * // prints: exit 0
 * ```
 */
export function react<A extends readonly unknown[]>(
  main: (reactor: Reactor, ...argv: A) => unknown,
  argv: A = [] as readonly unknown[] as A,
  { reactor = theReactor, exit = process.exit }: ReactOptions = {},
): void {
  let code = 0
  let stopping = false
  reactor.addSystemEventTrigger('before', 'shutdown', () => {
    stopping = true
  })
  const finished = maybeDeferred(main as (...args: unknown[]) => unknown, reactor, ...argv)
  finished.addErrback((failure: Failure) => {
    const { value } = failure
    code = value instanceof SystemExit ? value.code : 1
    if (code === 1 && !(value instanceof SystemExit)) log.err(failure, 'main function encountered error')
  })
  finished.addBoth(() => {
    if (!stopping) reactor.callWhenRunning(() => stopOnce(reactor))
  })
  reactor.run().addBoth(() => exit(code))
}

/** Somebody else may have, in this very turn. */
function stopOnce(reactor: Reactor): void {
  try {
    reactor.stop()
  } catch (error) {
    if (!(error instanceof ReactorNotRunning)) throw error
  }
}
