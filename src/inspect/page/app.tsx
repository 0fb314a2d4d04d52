import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { helpOpen } from './keys.ts'
import { connection, lastFigures, paused, processRecord, setPaused, unread } from './live.ts'
import { brief, bytes, duration } from './model/quantities.ts'
import { Icon } from './parts/icons.tsx'
import { addressOf, route, type View, views } from './route.ts'
import { nextTheme, theme } from './theme.ts'
import { CompareView } from './views/compare.tsx'
import { DeferredView } from './views/deferred.tsx'
import { HeldBanner } from './views/held-banner.tsx'
import { Help } from './views/help.tsx'
import { ListsView } from './views/lists.tsx'
import { PlotsView } from './views/plots.tsx'
import { ReportsView } from './views/reports.tsx'
import { TasksView } from './views/tasks.tsx'
import { TimelineView } from './views/timeline.tsx'
import { WaitsView } from './views/waits.tsx'

const shown: Readonly<Record<View, { readonly name: string; readonly component: ComponentType }>> = {
  tasks: { name: 'Tasks', component: TasksView },
  waits: { name: 'Waits', component: WaitsView },
  timeline: { name: 'Timeline', component: TimelineView },
  plots: { name: 'Plots', component: PlotsView },
  lists: { name: 'Lists', component: ListsView },
  deferred: { name: 'Deferred', component: DeferredView },
  compare: { name: 'Compare', component: CompareView },
  reports: { name: 'Reports', component: ReportsView },
}

export function App() {
  const { view } = route.value
  const { name, component: Component } = shown[view]
  const program = programName()
  useEffect(() => {
    document.title = `${name} · ${program}`
  }, [name, program])
  return (
    <>
      <Header program={program} />
      <nav aria-label="Views">
        {views.map((one, index) => (
          <a
            key={one}
            href={addressOf(one)}
            aria-current={one === view ? 'page' : undefined}
            title={`key ${index + 1}`}
          >
            <Icon name={one} />
            <span>{shown[one].name}</span>
            {one === 'reports' && unread.value > 0 && <b class="badge">{brief(unread.value)}</b>}
          </a>
        ))}
      </nav>
      <main aria-label={name} class={`view view-${view}`}>
        <HeldBanner />
        <Component />
      </main>
      {helpOpen.value && <Help />}
    </>
  )
}

function programName(): string {
  const known = processRecord.value
  if (known === null) return 'Fibril'
  return known.command[0]?.split(/[\\/]/).at(-1) || `process ${known.pid}`
}

const words = {
  connecting: 'connecting…',
  live: 'live',
  lost: 'the program is gone, or cannot be reached',
  refused: 'the token is not known: open the address that the program prints',
} as const

function Header({ program }: { readonly program: string }) {
  const state = paused.value ? 'paused' : lastFigures.value?.held ? 'held' : connection.value
  const said = state === 'paused' ? 'paused' : state === 'held' ? 'the loop is held' : words[state]
  return (
    <header>
      <div class="program" title={processRecord.value?.command.join(' ')}>
        <span class={`dot dot-${state}`} role="img" aria-label={said} title={said} />
        <b>{program}</b>
        {processRecord.value !== null && <span class="pid">pid {processRecord.value.pid}</span>}
        {state !== 'live' && <span class={`said said-${state}`}>{said}</span>}
      </div>
      <Figures />
      <div class="buttons">
        <button
          type="button"
          aria-pressed={paused.value}
          aria-label={paused.value ? 'Go on' : 'Pause'}
          title={`${paused.value ? 'Go on' : 'Pause'} (p)`}
          onClick={() => setPaused(!paused.value)}
        >
          <Icon name={paused.value ? 'play' : 'pause'} />
        </button>
        <button
          type="button"
          aria-label={`Colours: ${theme.value}`}
          title={`Colours: ${theme.value} (t)`}
          onClick={nextTheme}
        >
          <Icon name={theme.value} />
        </button>
        <button type="button" aria-label="Help" title="Help (?)" onClick={() => (helpOpen.value = !helpOpen.value)}>
          <Icon name="help" />
        </button>
      </div>
    </header>
  )
}

function Figures() {
  const last = lastFigures.value
  if (last === null) return <dl class="figures" />
  return (
    <dl class="figures" aria-label="Figures">
      <Figure name="tasks" value={brief(last.tasks)} />
      <Figure name="lag" value={duration(last.lagMaxMs)} bad={last.held || last.lagMaxMs > 100} />
      <Figure name="steps/s" value={brief(last.stepsPerS)} />
      <Figure name="cpu" value={`${Math.round(last.cpu * 100)} %`} bad={last.cpu > 0.95} />
      <Figure name="memory" value={bytes(last.rss)} />
    </dl>
  )
}

function Figure({
  name,
  value,
  bad = false,
}: {
  readonly name: string
  readonly value: string
  readonly bad?: boolean
}) {
  return (
    <div class={bad ? 'bad' : ''}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
