/**
 * What of the compiled text belongs to a place of the source's. A map knows only what stood there before, and says of what was
 * put in that it comes from what stands in front of it. But a frame that waits, and an error that is thrown into one, are
 * told by where they stand, which is in what was put in. So that is mapped to the call that waits there.
 *
 * The number of a place stands in the text: there it is found, also in what a bundler has made of it (runtime/standing.ts).
 */
import type { Lines } from './lines.ts'
import type { Names } from './names.ts'
import type { Node } from './nodes.ts'

/** Where a stack trace has a call: at the name of the method, if it is one. */
export function positionOf(site: Node): number {
  const callee: Node = site.type === 'CallExpression' ? site['callee'] : site
  return callee.type === 'MemberExpression' ? callee['property'].start : site.start
}

/**
 * Adds to decoded mappings where frames wait and go on. `positions` are those of the places, in the text before it was
 * compiled.
 */
export function mapPlaces(
  mappings: number[][][],
  code: string,
  names: Names,
  positions: readonly number[],
  lines: Lines,
): void {
  if (positions.length === 0) return
  const [place, depth, value, leave] = ['p', 'd', 'v', 'leave'].map((name) => names.of(name).replaceAll('$', '\\$'))
  // Where a frame goes on, and where it leaves: the direct way (terms.ts), and the other (emitter.ts).
  const mark = new RegExp(`${place}===(\\d+)&&|${leave}\\(${depth},(\\d+),\\[|${value}\\(yield (\\d+)\\)`, 'g')
  code.split('\n').forEach((text, index) => {
    const added: number[][] = []
    for (const { index: at, 1: resumed, 2: left, 3: both } of text.matchAll(mark)) {
      const position = positions[Number(resumed ?? left ?? both) - 1]
      if (position === undefined) continue
      const { line, column } = lines.of(position)
      added.push([at, 0, line - 1, column])
    }
    if (added.length > 0) mappings[index] = [...(mappings[index] ?? []), ...added].sort(([a = 0], [b = 0]) => a - b)
  })
}
