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

/** Its place, `file:line:column`; the path as seen from here. */
export function placeOf({ url, line, column }: HoldFrame): string {
  const path = url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url
  return `${path}:${line}:${column}`
}

/** What holds the loop, in words. */
export function describeHold([top]: readonly HoldFrame[]): string {
  return top === undefined ? 'something (no stack could be taken)' : `${top.name} (${placeOf(top)})`
}
