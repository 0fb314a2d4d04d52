/** A reason without its times: `1000 ms to pass` and `20 ms to pass` are one, two locks are not. */
export function timeless(reason: string): string {
  return reason.replace(/\d[\d.]* (?:ms|s)\b/g, 'some time')
}

/** Reasons that were seen before: they come again and again. */
const known = new Map<string, string>()
const KNOWN = 10_000

/**
 * What sort of wait a reason tells of: the reason without what is particular in it, so that `1000 ms to pass` and
 * `20 ms to pass` have one colour, and two locks too.
 */
export function reasonKind(reason: string): string {
  let kind = known.get(reason)
  if (kind !== undefined) return kind
  kind = timeless(reason)
    .replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '')
    .replace(/\S*[:/\\.]\S*\d\S*/g, '')
    .replace(/#?\d[\d.,]*/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  if (kind === '') kind = 'other'
  if (known.size === KNOWN) known.clear()
  known.set(reason, kind)
  return kind
}
