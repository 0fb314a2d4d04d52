import { UsageError } from '../core/index.ts'

const LARGEST = 2 ** 32 - 1

/** A seed that somebody gave. */
export function checkedSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed <= LARGEST) return seed
  throw new UsageError(`a seed is a whole number from 0 to ${LARGEST}, not ${seed}`)
}

/** The seed that `SEED` in the environment asks for, if it does. */
export function seedOfEnvironment(): number | undefined {
  const text = process.env['SEED']
  return text === undefined || text === '' ? undefined : checkedSeed(Number(text))
}

/** Another one each time. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}
