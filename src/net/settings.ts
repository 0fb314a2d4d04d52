import { UsageError } from '../core/index.ts'
import { type LineRules, lineRules } from './line-rules.ts'
import type { StreamOptions } from './stream.ts'

/** What the options of a stream say, with what they leave out. */
export interface Settings {
  readonly highWaterMark: number
  /** So many bytes are worth a system call before the turn is over. */
  readonly flushAt: number
  readonly maxRead: number
  readonly lines: LineRules
  readonly closeMs: number
  readonly lingerMs: number
  readonly idleMs: number
  readonly totalMs: number
}

const ENOUGH = 65_536

let last: { readonly options: StreamOptions; readonly settings: Settings } | null = null

/** The connections of a server are made with the same options, and share what is made of them. */
export function settingsOf(options: StreamOptions): Settings {
  if (last?.options !== options) last = { options, settings: makeSettings(options) }
  return last.settings
}

function makeSettings(options: StreamOptions): Settings {
  const { highWaterMark = 65_536, maxRead = 16_777_216, closeMs = 10_000, lingerMs = 1000 } = options
  const { idleMs = Infinity, totalMs = Infinity, delimiter, maxLine = 65_536, encoding = 'utf8' } = options
  const atLeastOne = { highWaterMark, maxRead, idleMs, totalMs }
  for (const [name, value] of Object.entries(atLeastOne)) {
    if (!(value >= 1)) throw new UsageError(`${name} is ${value}: give a number from 1 up`)
  }
  return {
    ...atLeastOne,
    flushAt: Math.min(ENOUGH, highWaterMark),
    closeMs,
    lingerMs,
    lines: lineRules(delimiter, maxLine, encoding),
  }
}
