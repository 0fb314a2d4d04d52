/** What a supervisor and its workers tell each other. The key tells it apart from the messages of programs. */

/** To a worker: say how you are. */
export interface Ask {
  readonly fibril: 'ask'
}

/** To a worker: accept no more, finish what runs, and end. Both in milliseconds. */
export interface Drain {
  readonly fibril: 'drain'
  readonly grace: number
  readonly linger: number
}

/** From a worker: its loop turns, and this is how many connections it has, and has had. */
export interface Beat {
  readonly fibril: 'beat'
  readonly connections: number
  readonly accepted: number
}

/** From a worker: it was sent SIGTERM, and would like to be replaced. */
export interface Leave {
  readonly fibril: 'leave'
}

export type ToWorker = Ask | Drain
export type ToSupervisor = Beat | Leave

/** True for one of ours. */
export function isOurs<M extends ToWorker | ToSupervisor>(message: unknown): message is M {
  return typeof message === 'object' && message !== null && 'fibril' in message
}
