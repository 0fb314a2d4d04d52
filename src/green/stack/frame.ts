import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One frame of a stack, the place in the user's source where a source map tells it. */
export interface HoldFrame {
  readonly name: string
  readonly url: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
}

/** Its place, `file:line:column`. */
export function fullPlaceOf({ url, line, column }: HoldFrame): string {
  return `${pathOf(url)}:${line}:${column}`
}

/** The same, the path as seen from here. */
export function placeOf(frame: HoldFrame): string {
  const path = pathOf(frame.url)
  return `${path === frame.url ? path : relative(process.cwd(), path)}:${frame.line}:${frame.column}`
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}

/** What holds the loop, in words. */
export function describeHold([top]: readonly HoldFrame[]): string {
  return top === undefined ? 'something (no stack could be taken)' : `${top.name} (${placeOf(top)})`
}
