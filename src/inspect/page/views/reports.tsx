import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { reports, unread } from '../live.ts'
import { clock, plural } from '../model/quantities.ts'
import { TaskLink } from '../parts/task-link.tsx'

const kind = signal<string | null>(null)

/** What the program found wrong with itself. */
export function ReportsView() {
  useEffect(() => {
    unread.value = 0
  }, [reports.value])
  const kinds = [...new Set(reports.value.map((report) => report.kind))]
  const shown = reports.value.filter((report) => kind.value === null || report.kind === kind.value).toReversed()
  return (
    <section class="reports" aria-label="Reports">
      <div class="toolbar">
        <h1>Reports</h1>
        {kinds.length > 1 && (
          <span class="choice" role="group" aria-label="Kind">
            {[null, ...kinds].map((one) => (
              <button key={one} type="button" aria-pressed={kind.value === one} onClick={() => (kind.value = one)}>
                {one ?? 'all'}
              </button>
            ))}
          </span>
        )}
        <span class="quiet">{plural(shown.length, 'report')}</span>
      </div>
      {shown.length === 0 ? (
        <p class="empty">
          Nothing was reported: no deadlock, no long hold of the loop, no failure that nobody waited for.
        </p>
      ) : (
        <ol class="report-list">
          {shown.map(({ at, kind, text, task }, index) => (
            <li key={shown.length - index} class={`report report-${kind}`}>
              <div class="report-head">
                <span class="word">{kind}</span>
                <time>{clock(at)}</time>
                {task !== undefined && <TaskLink id={task} />}
              </div>
              <p class="report-text">{text}</p>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
