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

/** Its place, `file:line:column`; `shown` makes the path shorter. */
export function placeOf({ url, line, column }: HoldFrame, shown = (path: string) => path): string {
  return `${url.startsWith('file:') ? shown(fileURLToPath(url)) : url}:${line}:${column}`
}
