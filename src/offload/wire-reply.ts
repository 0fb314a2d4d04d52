import { UsageError } from '../core/index.ts'
import type { Reply } from './link.ts'
import { MISCALLED, RETURNED, THREW, UNSENDABLE, type Reply as WireReply } from './messages.ts'
import { decodeThrown, unsendable } from './revive-error.ts'
import type { Thrown } from './wire-error.ts'

/** A reply to a call of `name`, as it came over the wire. */
export function decodeReply(name: string, [, how, value, micros, usage]: WireReply): Reply {
  const failed = how >= THREW
  return {
    failed,
    value: failed ? failureOf(name, how, value) : value,
    micros,
    sync: how === RETURNED || how === THREW,
    usage,
  }
}

function failureOf(name: string, how: number, value: unknown): unknown {
  if (how === MISCALLED) {
    return new UsageError(
      value === 'one'
        ? `${name}(…) gives its results one by one: call it by stream('${name}', …), not by submit`
        : `${name}(…) gives one result, and no iterable of them: call it by submit('${name}', …), not by stream`,
    )
  }
  const thrown = decodeThrown(value as Thrown)
  return how === UNSENDABLE ? new UsageError(unsendable(`the result of ${name}(…)`, thrown)) : thrown
}
