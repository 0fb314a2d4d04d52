import { signal } from '@preact/signals'
import { paused, setPaused } from './live.ts'
import { go, views } from './route.ts'
import { nextTheme } from './theme.ts'

export const helpOpen = signal(false)

/** What a key does in the view that is open; true if it did something. */
export type KeyTaker = (key: string, event: KeyboardEvent) => boolean

const takers: KeyTaker[] = []

/** Gives the keys to a view. Returns how to take them away again. */
export function takeKeys(taker: KeyTaker): () => void {
  takers.push(taker)
  return () => {
    takers.splice(takers.indexOf(taker), 1)
  }
}

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (isWriting(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur()
      // From the search into what it found.
      else if (!(event.key === 'ArrowDown' || event.key === 'Enter') || !isSearch(event.target)) return
      else (event.target as HTMLElement).blur()
    }
    if (helpOpen.value && event.key === 'Escape') helpOpen.value = false
    else if (!takers.some((take) => take(event.key, event)) && !common(event.key)) return
    event.preventDefault()
  })
}

function common(key: string): boolean {
  const view = views[Number(key) - 1]
  if (view !== undefined) go(view)
  else if (key === '?') helpOpen.value = !helpOpen.value
  else if (key === 't') nextTheme()
  else if (key === 'p') setPaused(!paused.value)
  else if (key === '/') document.querySelector<HTMLInputElement>('input[type=search]')?.select()
  else return false
  if (key === '/') document.querySelector<HTMLInputElement>('input[type=search]')?.focus()
  return true
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input[type=search], input[type=text], textarea, select')
}

function isSearch(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input[type=search]')
}
