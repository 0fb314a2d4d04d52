import { openings } from '../../core/index.ts'
import { type Site, siteOf, sites } from '../sites.ts'

/** Where the caller of `by` is, if that is recorded now: see sites.ts. */
export function recordedSite(by: (...args: never[]) => unknown): Site | null {
  return sites.left > 0 || openings.watchers > 0 ? siteOf(by) : null
}
