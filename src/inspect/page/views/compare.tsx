import { computed, signal } from '@preact/signals'
import { readSnapshot, type Snapshot } from '../../format.ts'
import { askSnapshot } from '../live.ts'
import { compareSnapshots, type Group } from '../model/compare.ts'
import { bytes, count, duration } from '../model/quantities.ts'
import { FileButton, save } from '../parts/file-button.tsx'
import { Place, Site, TaskLink } from '../parts/task-link.tsx'

interface Taken {
  readonly name: string
  readonly snapshot: Snapshot
  readonly text: string
}

const sides = ['before', 'after'] as const
type Side = (typeof sides)[number]

const taken = { before: signal<Taken | null>(null), after: signal<Taken | null>(null) }
const taking = signal<Side | null>(null)
const trouble = signal<string | null>(null)
const onlyGrown = signal(false)

/** Lines that a snapshot looks up: the loop stands for each. */
const LOCATIONS = 50
const LISTED = 300

const comparison = computed(() => {
  const [before, after] = [taken.before.value, taken.after.value]
  return before === null || after === null ? null : compareSnapshots(before.snapshot, after.snapshot)
})

/** Two moments side by side: what grew, and who stayed. */
export function CompareView() {
  return (
    <section class="compare" aria-label="Compare two snapshots">
      <div class="toolbar">
        <h1>Compare two moments</h1>
        <span class="quiet">take one, wait while the program works, take the other: what is left over grows</span>
      </div>
      <div class="sides">
        {sides.map((side) => (
          <SideBox key={side} side={side} />
        ))}
      </div>
      {trouble.value !== null && (
        <p class="strip strip-bad" role="alert">
          {trouble.value}
        </p>
      )}
      {comparison.value !== null && <Result />}
    </section>
  )
}

function SideBox({ side }: { readonly side: Side }) {
  const value = taken[side].value
  return (
    <div class="side">
      <h2>{side === 'before' ? 'Before' : 'After'}</h2>
      <p>
        {value === null ? (
          <span class="quiet">nothing yet</span>
        ) : (
          <>
            {count(value.snapshot.tasks.length)} tasks{' '}
            <span class="quiet">
              at {timeOf(value.snapshot)}, {value.name}
            </span>
          </>
        )}
      </p>
      <div class="side-buttons">
        <button
          type="button"
          class={value === null && (side === 'before' || taken.before.value !== null) ? 'button button-main' : 'button'}
          disabled={taking.value !== null}
          onClick={() => take(side)}
        >
          {taking.value === side ? 'Taking…' : `Take ${side === 'before' ? 'the first' : 'the second'} now`}
        </button>
        <FileButton
          label="Open a file"
          accept=".jsonl,.ndjson,.json,.txt"
          onText={(text, name) => put(side, text, name)}
        />
        {value !== null && (
          <button
            type="button"
            class="button"
            onClick={() =>
              save(value.text, `snapshot-${value.snapshot.at.replaceAll(':', '-')}.jsonl`, 'application/x-ndjson')
            }
          >
            Save
          </button>
        )}
      </div>
    </div>
  )
}

function timeOf({ at }: Snapshot): string {
  return new Date(at).toTimeString().slice(0, 8)
}

async function take(side: Side): Promise<void> {
  taking.value = side
  try {
    put(side, await askSnapshot(`frames=1&locations=${LOCATIONS}`), 'live')
  } catch (error) {
    trouble.value = (error as Error).message
  } finally {
    taking.value = null
  }
}

function put(side: Side, text: string, name: string): void {
  try {
    taken[side].value = { name, snapshot: readSnapshot(text), text }
    trouble.value = null
  } catch (error) {
    trouble.value = `${name}: ${(error as Error).message}`
  }
}

function Result() {
  const { groups, figures, seconds, strangers } = comparison.value as NonNullable<typeof comparison.value>
  const shown = onlyGrown.value ? groups.filter(({ before, after }) => after > before) : groups
  const [most] = groups
  return (
    <>
      {strangers && <p class="strip">These are of two processes: who stayed cannot be told.</p>}
      {most !== undefined && most.after > most.before && (
        <p class="callout verdict">
          Within {duration(Math.abs(seconds) * 1000)}, <b class="name">{most.name}</b> grew by{' '}
          <b>{count(most.after - most.before)}</b>: {count(most.after)} of them {verbOf(most)}
          {most.at !== null && (
            <>
              {' '}
              at <Place at={most.at} />
            </>
          )}
          .
        </p>
      )}
      <div class="toolbar">
        <h1>Tasks</h1>
        <label class="check">
          <input
            type="checkbox"
            checked={onlyGrown.value}
            onChange={({ currentTarget }) => (onlyGrown.value = currentTarget.checked)}
          />
          only what grew
        </label>
      </div>
      <div class="scroll">
        <table class="groups-table">
          <thead>
            <tr>
              <th>task</th>
              <th class="number">before</th>
              <th class="number">after</th>
              <th class="number">change</th>
              <th class="number">stayed</th>
              <th>waits for</th>
              <th>where</th>
              <th class="number">longest</th>
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, LISTED).map((group) => (
              <Line key={group.key} group={group} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length > LISTED && <p class="quiet">and {count(shown.length - LISTED)} more</p>}
      <div class="toolbar">
        <h1>Figures</h1>
      </div>
      <table class="narrow">
        <thead>
          <tr>
            <th>what</th>
            <th class="number">before</th>
            <th class="number">after</th>
            <th class="number">change</th>
          </tr>
        </thead>
        <tbody>
          {figures.map(({ name, before, after, bytes: isBytes }) => (
            <tr key={name}>
              <td>{name}</td>
              <td class="number">{isBytes ? bytes(before) : count(before)}</td>
              <td class="number">{isBytes ? bytes(after) : count(after)}</td>
              <td class="number">
                <Change
                  by={after - before}
                  text={isBytes ? bytes(Math.abs(after - before)) : count(Math.abs(after - before))}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function Line({ group }: { readonly group: Group }) {
  const { name, kind, at, spawnedAt, before, after, stayed, example, longestMs } = group
  return (
    <tr>
      <td>
        <span class="name">{name}</span> {example !== null && <TaskLink id={example.id} short />}
      </td>
      <td class="number">{count(before)}</td>
      <td class="number">{count(after)}</td>
      <td class="number">
        <Change by={after - before} text={count(Math.abs(after - before))} />
      </td>
      <td class="number">{count(stayed)}</td>
      <td class="reason">{kind}</td>
      <td>
        {at !== null && <Place at={at} />}
        {spawnedAt !== null && (
          <div class="quiet">
            spawned at <Site line={spawnedAt} />
          </div>
        )}
      </td>
      <td class="number">{after === 0 ? '' : duration(longestMs)}</td>
    </tr>
  )
}

function verbOf({ kind }: Group): string {
  return kind === 'ready' || kind === 'running' ? `are ${kind}` : `wait for ${kind}`
}

function Change({ by, text }: { readonly by: number; readonly text: string }) {
  if (by === 0) return <span class="quiet">–</span>
  return <b class={by > 0 ? 'more' : 'fewer'}>{`${by > 0 ? '+' : '−'}${text}`}</b>
}
