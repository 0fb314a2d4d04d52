import { computed, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { circles, inCircle } from '../circles.ts'
import { now } from '../clock.ts'
import { takeKeys } from '../keys.ts'
import { changes, connection, tasks } from '../live.ts'
import { count, duration, plural } from '../model/quantities.ts'
import { questionOf, rowsOf } from '../model/rows.ts'
import type { TaskNode } from '../model/task-store.ts'
import { VirtualList } from '../parts/virtual-list.tsx'
import { addressOf, go, route } from '../route.ts'
import { TaskPage } from './task.tsx'

const search = signal('')
const together = signal(true)
const closed = signal<ReadonlySet<number>>(new Set())
const apart = signal<ReadonlySet<number>>(new Set())
/** The task on which the keys work. */
const cursor = signal<number | null>(null)

const rows = computed(() => {
  void changes.value
  return rowsOf(tasks(), {
    question: questionOf(search.value),
    closed: closed.value,
    together: together.value,
    apart: apart.value,
  })
})

const narrow = matchMedia('(max-width: 640px)')
const rowHeight = signal(narrow.matches ? 46 : 26)
narrow.addEventListener('change', () => {
  rowHeight.value = narrow.matches ? 46 : 26
})

/** The live tree, and the task that is looked at. */
export function TasksView() {
  const { task } = route.value
  useEffect(() => takeKeys(onKey), [])
  const { tasks: lines, stands, found } = rows.value
  const at = cursor.value === null ? -1 : lines.findIndex(({ record }) => record.id === cursor.value)
  return (
    <div class={task === null ? 'split' : 'split split-open'}>
      <section class="tree" aria-label="Tree of tasks">
        <div class="toolbar">
          <input
            type="search"
            placeholder="Search  /"
            title="Words that must all be found: name, reason, #12, is:parked, is:cancelled, waits:lock"
            aria-label="Search tasks"
            value={search.value}
            onInput={({ currentTarget }) => (search.value = currentTarget.value)}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={together.value}
              onChange={({ currentTarget }) => (together.value = currentTarget.checked)}
            />
            alike together
          </label>
          <output class="quiet">
            {search.value === '' ? plural(found, 'task') : `${count(found)} of ${count(tasks().tasks.size)}`}
            {tasks().behind > 0 && `, ${count(tasks().behind)} to come`}
          </output>
        </div>
        {circles.value.length > 0 && (
          <a class="strip strip-bad" href={addressOf('waits')}>
            <b>{plural(circles.value.length, 'deadlock')}</b>
            {circles.value[0]?.tasks.slice(0, 3).map(({ name, id }) => ` ${name} #${id} →`)} …
          </a>
        )}
        <div class="tree-head" aria-hidden="true">
          <span>task</span>
          <span>waits for</span>
          <span>held by</span>
          <span>since</span>
        </div>
        {lines.length === 0 ? (
          <p class="empty">{emptyText()}</p>
        ) : (
          <VirtualList
            label="Tasks"
            role="tree"
            count={lines.length}
            rowHeight={rowHeight.value}
            at={at < 0 ? null : at}
            active={at < 0 ? undefined : `task-${cursor.value}`}
            row={(index) => <Row key={index} task={lines[index] as TaskNode} stands={stands[index] as number} />}
          />
        )}
      </section>
      {task !== null && <TaskPage id={task} />}
    </div>
  )
}

function emptyText(): string {
  if (search.value !== '') return 'No task has all these words.'
  if (connection.value === 'connecting') return 'Waiting for the program…'
  if (connection.value !== 'live') return 'Nothing is known: the program cannot be reached.'
  return tasks().complete ? 'There are no tasks: all have ended.' : 'Waiting for its tasks…'
}

function Row({ task, stands }: { readonly task: TaskNode; readonly stands: number }) {
  const { record, depth, children } = task
  const { id, name, state, reason, cancelled } = record
  const isOpen = search.value !== '' || !closed.value.has(id)
  const classes = ['row']
  if (cursor.value === id) classes.push('row-cursor')
  if (route.value.task === id) classes.push('row-current')
  if (inCircle.value.has(id)) classes.push('row-bad')
  const expandable = children.length > 0 || stands > 1
  return (
    <div
      id={`task-${id}`}
      class={classes.join(' ')}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={expandable ? stands === 1 && isOpen : undefined}
      aria-selected={cursor.value === id}
      onClick={() => {
        cursor.value = id
        if (stands > 1) showApart(id)
        else go('tasks', id)
      }}
    >
      <span class="cell-name" style={{ paddingLeft: `${Math.min(depth, 24) * 14}px` }}>
        {expandable ? (
          <button
            type="button"
            class="caret"
            aria-label={isOpen && stands === 1 ? `Close ${name}` : `Open ${name}`}
            tabIndex={-1}
            onClick={(event) => {
              event.stopPropagation()
              if (stands > 1) showApart(id)
              else toggle(id)
            }}
          >
            {stands === 1 && isOpen ? '▾' : '▸'}
          </button>
        ) : (
          <span class="caret" />
        )}
        <span
          class={`state state-${cancelled ? 'cancelled' : state}`}
          title={cancelled ? `${state}, cancelled` : state}
        />
        <span class="name">{name}</span>
        <span class="id">#{id}</span>
        {stands > 1 && <span class="alike">and {count(stands - 1)} alike</span>}
        {children.length > 0 && (stands > 1 || !isOpen) && <span class="alike">{count(children.length)} below</span>}
      </span>
      <span class="cell-reason">
        {reason === null ? <i class={`word-${state}`}>{state}</i> : stands > 1 ? task.kind : reason}
      </span>
      <span class="cell-held">{heldBy(task)}</span>
      <span class="cell-since">{reason === null ? '' : duration(Math.max(0, now.value - task.since))}</span>
    </div>
  )
}

/** Who could end its wait, unless those are its children. */
function heldBy({ record, children }: TaskNode): string {
  const { holders } = record
  const [first] = holders
  if (first === undefined || (children.length > 0 && children[0]?.record.id === first)) return ''
  const name = tasks().get(first)?.record.name ?? 'a task that has ended'
  return holders.length === 1 ? `${name} #${first}` : `${name} #${first} and ${count(holders.length - 1)} more`
}

function toggle(id: number): void {
  const next = new Set(closed.value)
  if (!next.delete(id)) next.add(id)
  closed.value = next
}

function showApart(id: number): void {
  apart.value = new Set(apart.value).add(id)
}

function onKey(key: string): boolean {
  const { tasks: lines, stands } = rows.value
  const at = lines.findIndex(({ record }) => record.id === cursor.value)
  const task = lines[at]
  const page = 15
  if (key === 'ArrowDown') return move(at + 1)
  if (key === 'ArrowUp') return move(at < 0 ? lines.length - 1 : at - 1)
  if (key === 'PageDown') return move(at + page)
  if (key === 'PageUp') return move(at - page)
  if (key === 'Home') return move(0)
  if (key === 'End') return move(lines.length - 1)
  if (key === 'Escape') {
    if (route.value.task !== null) go('tasks')
    else search.value = ''
    return true
  }
  if (task === undefined) return false
  const { id } = task.record
  if (key === 'Enter') {
    if ((stands[at] as number) > 1) showApart(id)
    else go('tasks', id)
    return true
  }
  if (key === 'ArrowRight') {
    if ((stands[at] as number) > 1) showApart(id)
    else if (closed.value.has(id)) toggle(id)
    else if (task.children.length > 0) return move(at + 1)
    return true
  }
  if (key === 'ArrowLeft') {
    if (task.children.length > 0 && !closed.value.has(id)) toggle(id)
    else if (task.parent !== null) cursor.value = task.parent.record.id
    return true
  }
  return false

  function move(to: number): boolean {
    cursor.value = lines[Math.max(0, Math.min(lines.length - 1, to))]?.record.id ?? null
    if (route.value.task !== null && cursor.value !== null) go('tasks', cursor.value)
    return true
  }
}
