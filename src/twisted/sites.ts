/**
 * Where Deferreds are made and fired, as stack traces. One costs microseconds, so all are recorded only while debugging is
 * on; otherwise those of the first few Deferreds in each turn of the platform's loop, which is all of them in a program
 * that makes few.
 */
import { captureSite, openings, siteLines } from '../core/index.ts'

type Site = ReturnType<typeof captureSite>
const FEW = 4

/** How many may be recorded for now. */
export const sites: { left: number } = { left: FEW }

let debugging = !['', '0', undefined].includes(process.env['FIBRIL_DEBUG'])
if (debugging) sites.left = Infinity

/** Whether every Deferred records where it was made and first fired. */
export function getDebugging(): boolean {
  return debugging
}

/**
 * Records where every Deferred is made and first fired, for error messages and lists, at some microseconds each. On from
 * the start if `FIBRIL_DEBUG` is set.
 */
export function setDebugging(on: boolean): void {
  debugging = on
  sites.left = on ? Infinity : FEW
}

/** The place of the caller of `skip`; null if enough were recorded for now. */
export function siteOf(skip: (...args: never[]) => unknown): Site | null {
  if (!mayRecord()) return null
  return captureSite(skip, 10)
}

function mayRecord(): boolean {
  if (debugging) return true
  // A test records more; and its clock must not wait for an immediate of ours.
  if (openings.watchers > 0) return openings.places-- > 0
  if (sites.left === FEW) setImmediate(refill).unref()
  return sites.left-- > 0
}

function refill(): void {
  if (!debugging) sites.left = FEW
}

export { type Site, siteLines }
