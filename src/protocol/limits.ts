import { FramingError } from './framing-error.ts'
import { utf8Length } from './utf8-length.ts'

/** How long a message may be where nobody says otherwise: no peer may fill the memory with one. */
const DEFAULT_MAX_LENGTH = 65_536

/** The option `maxLength`. `most` is what the framing can write at all. */
export function checkedMaxLength(maxLength: number | undefined, most = Infinity): number {
  if (maxLength === undefined) return Math.min(DEFAULT_MAX_LENGTH, most)
  return maxLength === Infinity ? most : checkedLength('maxLength', maxLength, 0, most, ', or Infinity')
}

/** `value` if it is a whole number from `least` to `most`; throws a `RangeError` that says so if not. */
export function checkedLength(name: string, value: number, least: number, most = Infinity, orElse = ''): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  const range = most < Number.MAX_SAFE_INTEGER ? `${least} to ${most}` : `${least} up`
  throw new RangeError(`${name} is ${String(value)}: give a whole number of bytes from ${range}${orElse}`)
}

/** What a peer gets that sends too long a message. */
export function tooLong(what: string, limit: number): FramingError {
  return new FramingError(`${what} has more than ${limit} bytes`, { fault: 'too long', limit })
}

/** The length of a message in bytes; throws a `RangeError` if that is more than `limit`. */
export function encodableLength(what: string, message: Uint8Array | string, limit: number): number {
  const length = typeof message === 'string' ? utf8Length(message) : message.length
  if (length <= limit) return length
  throw new RangeError(
    `${what} of ${length} bytes is longer than the ${limit} that are allowed: send less, or allow more`,
  )
}
