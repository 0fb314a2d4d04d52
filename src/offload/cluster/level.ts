/**
 * How urgent a durable job is: the sign of its priority. Jobs of each level are a queue of their own on the server, which knows no
 * order but that in which they came.
 */
export type Level = -1 | 0 | 1

/** The most urgent first. */
export const LEVELS: readonly Level[] = [1, 0, -1]

/** Of 21 jobs that a worker takes while there are of all levels, so many are of this one: nothing waits for ever. */
export const SHARES: Readonly<Record<Level, number>> = { 1: 16, 0: 4, [-1]: 1 }

export function levelOf(priority: number | undefined): Level {
  return priority === undefined || priority === 0 ? 0 : priority > 0 ? 1 : -1
}
