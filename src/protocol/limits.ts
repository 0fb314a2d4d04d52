import { FramingError } from './framing-error.ts'
import { utf8Length } from './utf8-length.ts'

/** How long a message may be where nobody says otherwise: no peer may fill the memory with one. */
export const DEFAULT_MAX_LENGTH = 65_536

/** `value` if it is a whole number from `least` up to `most`, or `Infinity`; throws a `RangeError` that says so if not. */
export function checkedLength(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (value === Infinity || (Number.isSafeInteger(value) && value >= least && value <= most)) return value
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`
  throw new RangeError(`${name} is ${String(value)}: give a whole number of bytes ${range}, or Infinity`)
}

export function tooLong(what: string, limit: number): FramingError {
  return new FramingError(`${what} has more than ${limit} bytes`, { fault: 'too long', limit })
}

/** The length of `message` in bytes; throws a `RangeError` if that is more than `limit`. */
export function encodableLength(what: string, message: Uint8Array | string, limit: number): number {
  const length = typeof message === 'string' ? utf8Length(message) : message.length
  if (length <= limit) return length
  throw new RangeError(
    `${what} of ${length} bytes is more than the ${limit} that are allowed: send it in parts, or allow more`,
  )
}
