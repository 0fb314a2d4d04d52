/**
 * Where a function that was compiled the direct way waits: nothing is kept for that while it runs. Its own text tells: where
 * it leaves, it hands the number of its place to `leave`, and no other place of the file has that number.
 */
import { withoutKey } from './compiled.ts'

const toText = Function.prototype.toString
/** What takes the announcement: the variable that holds the depth. */
const depth = /([\w$]+)\s*=\s*[\w$.]+$/
const bare = /^[\w$]+\s*=>/

/** The text of `source` from its parameters, where platforms say that it stands, up to `place`; null if that is not found. */
export function textBefore(source: unknown, place: number): string | null {
  if (typeof source !== 'function') return null
  const text = toText.call(source)
  const [, name] = depth.exec(text.slice(0, text.indexOf('.next'))) ?? []
  if (name === undefined) return null
  const leaves = new RegExp(`[,(]\\s*${name.replaceAll('$', '\\$')},\\s*([\\de]+),\\s*\\[`, 'g')
  for (const { index, 1: number } of text.matchAll(leaves)) {
    if (Number(number) !== place) continue
    const parameters = bare.test(text) ? 0 : text.indexOf('(', text.length - withoutKey(text).length)
    return text.slice(parameters, index)
  }
  return null
}
