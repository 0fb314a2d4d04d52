import { captureSite } from '../core/index.ts'

/** What `returnValue` throws. Not an error: a `catch` that sees it must let it pass. */
export class ReturnValue {
  readonly value: unknown
  readonly site: { stack?: string }

  constructor(value: unknown) {
    this.value = value
    this.site = captureSite(returnValue, 1)
  }
}

/** The function that called `returnValue`, or null where that cannot be told. */
export function callerOfReturnValue({ site }: ReturnValue): string | null {
  const call = /^\s*at (?:async )?(?:new )?([^\s(]+)(?: \[as [^\]]+\])? \(/m.exec(String(site.stack ?? ''))?.[1]
  return call?.split('.').at(-1) ?? null
}

/**
 * Ends the running body of `inlineCallbacks` with a result. From the time when Python's generators could not return;
 * write `return`. Calling it from another function than the body itself is warned of.
 */
export function returnValue(value?: unknown): never {
  throw new ReturnValue(value)
}
