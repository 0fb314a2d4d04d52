import { signal } from '@preact/signals'
import { paused } from './live.ts'

/** The time, for what is shown as so long ago; it stands while the page is paused. */
export const now = signal(Date.now())

export function startClock(): void {
  setInterval(() => {
    if (!paused.peek() && !document.hidden) now.value = Date.now()
  }, 500)
}
