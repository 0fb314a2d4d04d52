/** In reports, what an object is: a queue, a socket, a pool; or of which dialect the code is that runs. */
export const KIND: unique symbol = Symbol('fibril.kind')

/** Told of each new queue while somebody watches how they grow; null otherwise. */
export const newcomers: { told: ((thing: Inspectable) => void) | null } = { told: null }

/**
 * What reports list: queues, locks, sockets, pools. Nobody keeps account of them. Who wants to know asks the platform for
 * all living objects of this class, so being one costs nothing.
 */
export abstract class Inspectable {
  abstract get [KIND](): string

  /** Plain figures of this moment. */
  abstract stats(): object
}
