import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { askSnapshot } from '../live.ts'
import { bytes, count, duration, plural } from '../model/quantities.ts'
import { type Lists, type ResourceTable, readLists } from '../model/resources.ts'
import { Site } from '../parts/task-link.tsx'

const lists = signal<Lists | null>(null)
const looking = signal(false)
const trouble = signal<string | null>(null)

const LISTED = 200

const plurals: Readonly<Record<string, string>> = {
  ...{ pool: 'Pools', server: 'Servers', socket: 'Sockets', queue: 'Queues', channel: 'Channels', lock: 'Locks' },
  ...{ semaphore: 'Semaphores', limit: 'Limits', event: 'Events', condition: 'Conditions', barrier: 'Barriers' },
  future: 'Pending futures',
}

/** Pools, sockets, queues and all else that tasks may wait for. */
export function ListsView() {
  useEffect(() => {
    if (lists.value === null) void look()
  }, [])
  const value = lists.value
  return (
    <section class="lists" aria-label="Lists">
      <div class="toolbar">
        <h1>Lists</h1>
        <button type="button" class="button" disabled={looking.value} onClick={look}>
          {looking.value ? 'Looking…' : 'Look again'}
        </button>
        <span class="quiet">
          {value !== null && `as of ${new Date(value.snapshot.at).toTimeString().slice(0, 8)}; `}
          the program counts what lives when it is asked, and stands still for a moment
        </span>
      </div>
      {trouble.value !== null && (
        <p class="strip strip-bad" role="alert">
          {trouble.value}
        </p>
      )}
      {value !== null && (
        <>
          {value.tables.map((table) => (
            <Table key={table.kind} table={table} />
          ))}
          {value.tables.length === 0 && (
            <p class="empty">
              {value.told ? 'There are no pools, sockets, queues or locks.' : 'Its platform cannot tell what there is.'}
            </p>
          )}
          <Openings lists={value} />
          <Platform lists={value} />
        </>
      )}
    </section>
  )
}

async function look(): Promise<void> {
  looking.value = true
  try {
    lists.value = readLists(await askSnapshot('frames=0&resources=1'))
    trouble.value = null
  } catch (error) {
    trouble.value = (error as Error).message
  } finally {
    looking.value = false
  }
}

function Table({ table }: { readonly table: ResourceTable }) {
  const { kind, columns, rows } = table
  const numeric = new Set(columns.filter((column) => rows.some(({ stats }) => typeof stats[column] === 'number')))
  return (
    <section aria-label={plurals[kind] ?? kind}>
      <h2 class="list-title">
        {plurals[kind] ?? kind} <span class="quiet">{count(rows.length)}</span>
      </h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>name</th>
              {columns.map((column) => (
                <th key={column} class={numeric.has(column) ? 'number' : ''}>
                  {wordsOf(column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, LISTED).map(({ name, stats, type }, index) => (
              <tr key={index}>
                <td title={type}>
                  <span class="name">{name}</span>
                </td>
                {columns.map((column) => (
                  <td key={column} class={numeric.has(column) ? 'number' : ''}>
                    {shown(column, stats[column])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > LISTED && <p class="quiet list-title">and {count(rows.length - LISTED)} more</p>}
    </section>
  )
}

/** `bytesRead` as `bytes read`; a unit is said by the values. */
function wordsOf(column: string): string {
  return column.replace(/(?:Ms|Bytes)$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function shown(column: string, value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number') {
    if (column.endsWith('Ms')) return duration(value)
    if (/bytes|unread|unsent|buffered/i.test(column)) return bytes(value)
    return Number.isInteger(value) ? count(value) : String(Number(value.toFixed(2)))
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}

function Openings({ lists: { snapshot } }: { readonly lists: Lists }) {
  const { openings } = snapshot
  if (openings.length === 0) return null
  return (
    <section aria-label="Left open">
      <h2 class="list-title">
        Deferreds that have not fired <span class="quiet">{plural(openings.length, 'Deferred')}</span>
      </h2>
      <table>
        <thead>
          <tr>
            <th>name</th>
            <th>state</th>
            <th>made at</th>
          </tr>
        </thead>
        <tbody>
          {openings.slice(0, LISTED).map(({ name, reason, madeAt }, index) => (
            <tr key={index}>
              <td>
                <span class="name">{name}</span>
              </td>
              <td>{reason}</td>
              <td>{madeAt[0] !== undefined && <Site line={madeAt[0]} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** What the loop and the platform count. */
function Platform({ lists: { snapshot } }: { readonly lists: Lists }) {
  const { loop, process } = snapshot
  return (
    <section aria-label="Platform">
      <h2 class="list-title">The loop and what keeps the process alive</h2>
      <table class="narrow">
        <tbody>
          <tr>
            <td>timers</td>
            <td class="number">{count(loop.timers)}</td>
          </tr>
          <tr>
            <td>waits for the outside</td>
            <td class="number">{count(loop.externals)}</td>
          </tr>
          {Object.entries(process.resources).map(([kind, n]) => (
            <tr key={kind}>
              <td>
                <code>{kind}</code>
              </td>
              <td class="number">{count(n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
