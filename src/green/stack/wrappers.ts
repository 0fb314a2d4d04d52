import type { HoldFrame } from './frame.ts'

/** What the compiler calls the body of a function: `parse$3` that of `parse`, `$g$4` that of one that it knows no name of. */
const body = /^\$+g\$+\d+$|\$+\d+$/

/**
 * A stack as it would be had nothing been compiled. A compiled function is a wrapper, with its name and at its head, that runs
 * its body; a body that was resumed after it had parked has no wrapper any more.
 */
export function withoutWrappers(frames: readonly HoldFrame[]): HoldFrame[] {
  const shown: HoldFrame[] = []
  for (let at = 0; at < frames.length; at++) {
    const frame = frames[at] as HoldFrame
    if (!body.test(frame.name)) {
      shown.push(frame)
      continue
    }
    const name = frame.name.replace(body, '')
    const below = frames[at + 1]
    const isWrapped = below?.url === frame.url && below.line <= frame.line && (name === '' || below.name === name)
    shown.push({ ...frame, name: (isWrapped ? below.name : name) || ANONYMOUS })
    if (isWrapped) at++
  }
  return shown
}

export const ANONYMOUS = '(anonymous)'
