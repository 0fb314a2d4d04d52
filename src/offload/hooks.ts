import type { HookCall } from './messages.ts'

/** What a worker does besides calls. */
export interface Hooks {
  /** Its first call: it serves once that has ended. */
  readonly start: HookCall | null
  /** Its last call, if it is idle when it is stopped. */
  readonly stop: HookCall | null
  /** How long that may take, ms. */
  readonly stopWithin: number
}

/** Waits for `end`, but no longer than so many ms. */
export async function within(end: Promise<void>, ms: number): Promise<void> {
  if (ms === Infinity) return end
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    end,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    }),
  ])
  clearTimeout(timer)
}
