import { signal } from '@preact/signals'

/** The views, in the order of the menu. */
export const views = ['tasks', 'waits', 'timeline', 'plots', 'lists', 'deferred', 'compare', 'reports'] as const
export type View = (typeof views)[number]

export interface Route {
  readonly view: View
  /** The task that is looked at. */
  readonly task: number | null
}

/** Where the page is, as its address says after the `#`. */
export const route = signal<Route>(read())

addEventListener('hashchange', () => {
  route.value = read()
})

function read(): Route {
  const [, view, task] = /^#\/([a-z]+)(?:\/(\d+))?$/.exec(location.hash) ?? []
  const known = views.find((one) => one === view) ?? 'tasks'
  return { view: known, task: task === undefined ? null : Number(task) }
}

export function addressOf(view: View, task: number | null = null): string {
  return task === null ? `#/${view}` : `#/${view}/${task}`
}

export function go(view: View, task: number | null = null): void {
  location.hash = addressOf(view, task)
}
