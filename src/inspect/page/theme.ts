import { effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'

const place = 'fibril-theme'
const themes: readonly Theme[] = ['auto', 'light', 'dark']
const resolved = new Map<string, string>()
const system = matchMedia('(prefers-color-scheme: dark)')

/** As chosen; `auto` follows the system. */
export const theme = signal<Theme>(themes.find((one) => one === localStorage.getItem(place)) ?? 'auto')
/** Counts the changes of colours, for what is painted rather than styled. */
export const painted = signal(0)

effect(() => {
  document.documentElement.dataset['theme'] = theme.value
  localStorage.setItem(place, theme.value)
  resolved.clear()
  painted.value = painted.peek() + 1
})
system.addEventListener('change', () => {
  resolved.clear()
  painted.value++
})

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] as Theme
}

const probe = document.createElement('i')
probe.hidden = true

/** A colour of the stylesheet, as a canvas wants it. */
export function colour(name: string): string {
  let value = resolved.get(name)
  if (value === undefined) {
    if (!probe.isConnected) document.body.append(probe)
    probe.style.color = `var(--${name})`
    value = getComputedStyle(probe).color
    resolved.set(name, value)
  }
  return value
}
