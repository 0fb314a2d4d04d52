import { useEffect, useState } from 'preact/hooks'
import type { TaskRecord } from '../../format.ts'
import { inCircle } from '../circles.ts'
import { now } from '../clock.ts'
import { askTask, changes, held, tasks } from '../live.ts'
import { clock, count, duration, plural } from '../model/quantities.ts'
import type { TaskNode } from '../model/task-store.ts'
import { Icon } from '../parts/icons.tsx'
import { Place, Site, TaskLink } from '../parts/task-link.tsx'
import { go } from '../route.ts'

/** Names of tasks that are told one by one. */
const NAMED = 12
/** Milliseconds between two looks at the stack. */
const AGAIN = 2000

/** All that is known of one task. */
export function TaskPage({ id }: { readonly id: number }) {
  void changes.value
  const task = tasks().get(id)
  const { record: asked, trouble } = useTask(id, task)
  const record = task?.record ?? asked
  return (
    <section class="task" aria-label={`Task ${record?.name ?? ''} #${id}`}>
      <div class="task-head">
        <button
          type="button"
          class="back"
          aria-label="Back to the tree"
          title="Back (Escape)"
          onClick={() => go('tasks')}
        >
          <Icon name="back" />
        </button>
        <h1>
          {record?.name ?? 'Task'} <span class="id">#{id}</span>
        </h1>
        {record !== null && record !== undefined && <StateBadge record={record} ended={task?.endedAt != null} />}
      </div>
      {record === null || record === undefined ? (
        <p class="empty">There is no such task: it has ended, or another program ran when this address was made.</p>
      ) : (
        <>
          {task?.endedAt != null ? (
            <p class="quiet">It ended at {clock(task.endedAt)}. This is what was seen last.</p>
          ) : (
            <Waits record={record} task={task} />
          )}
          <Deadlock id={id} />
          <Stack record={asked ?? record} asked={asked !== null || task?.endedAt != null} trouble={trouble} />
          <Facts record={asked ?? record} task={task} />
          {task !== undefined && <History task={task} />}
        </>
      )}
    </section>
  )
}

/** Asks for the stack: at once, when the wait changes, and now and then. */
function useTask(id: number, task: TaskNode | undefined): { record: TaskRecord | null; trouble: string | null } {
  const [record, setRecord] = useState<TaskRecord | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const ended = task?.endedAt != null
  const isHeld = held.value !== null
  useEffect(() => {
    setRecord(null)
  }, [id])
  useEffect(() => {
    if (ended) return
    const abort = new AbortController()
    const look = async (): Promise<void> => {
      try {
        const answer = await askTask(id, abort.signal)
        if (answer !== null) setRecord(answer)
        setTrouble(null)
      } catch (error) {
        if (!abort.signal.aborted) setTrouble((error as Error).message)
      }
    }
    void look()
    const timer = setInterval(() => document.hidden || void look(), AGAIN)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [id, task?.record.reason, ended, isHeld])
  return { record: record?.id === id ? record : null, trouble }
}

function StateBadge({ record, ended }: { readonly record: TaskRecord; readonly ended: boolean }) {
  const word = ended ? 'ended' : record.state
  return (
    <span class={`word word-${word}`}>
      {word}
      {record.cancelled && ', cancelled'}
    </span>
  )
}

function Waits({ record, task }: { readonly record: TaskRecord; readonly task: TaskNode | undefined }) {
  const { reason, holders, needs } = record
  if (reason === null) return null
  const since = task === undefined ? (record.parkedMs ?? 0) : now.value - task.since
  const shown = holders.slice(0, NAMED)
  return (
    <div class="waits-for">
      <p>
        waits for <b class="reason">{reason}</b>
        <span class="quiet">, {duration(Math.max(0, since))}</span>
      </p>
      {holders.length > 0 ? (
        <div class="held-by">
          <span class="quiet">held by{needs === 'all' ? ', all of' : ''}</span>
          <ul>
            {shown.map((holder) => (
              <li key={holder}>
                <TaskLink id={holder} />
                <span class="quiet">{doing(holder)}</span>
              </li>
            ))}
            {holders.length > shown.length && <li class="quiet">and {count(holders.length - shown.length)} more</li>}
          </ul>
        </div>
      ) : (
        <p class="quiet">
          No task is known that would end this: it comes from a timer, from outside, or from whoever does it.
        </p>
      )}
    </div>
  )
}

function doing(id: number): string {
  const task = tasks().get(id)
  if (task === undefined || task.endedAt !== null) return ' has ended'
  const { reason, state } = task.record
  return reason === null ? ` is ${state}` : ` waits for ${reason}`
}

function Deadlock({ id }: { readonly id: number }) {
  const circle = inCircle.value.get(id)
  if (circle === undefined) return null
  return (
    <div class="callout callout-bad">
      <b>Deadlock.</b> These wait for one another in a circle, which only a timeout or a cancel can end:
      <ol class="circle">
        {circle.tasks.slice(0, NAMED).map((task) => (
          <li key={task.id}>
            <TaskLink id={task.id} /> <span class="quiet">waits for {task.reason}</span>
          </li>
        ))}
        {circle.tasks.length > NAMED && (
          <li class="quiet">and so on, over {count(circle.tasks.length - NAMED)} more</li>
        )}
      </ol>
    </div>
  )
}

interface StackProps {
  readonly record: TaskRecord
  /** Its stack was asked for, and has come. */
  readonly asked: boolean
  readonly trouble: string | null
}

function Stack({ record, asked, trouble }: StackProps) {
  const { frames } = record
  return (
    <>
      <h2>Stack</h2>
      {trouble !== null && <p class="trouble">{trouble}</p>}
      {frames.length === 0 && trouble === null && (
        <p class="quiet">{asked ? 'None is known: it has not begun, or runs at this moment.' : 'Asking…'}</p>
      )}
      <ol class="stack">
        {frames.map((frame, index) => (
          <li key={index}>
            <code>{frame.name || '(anonymous)'}</code>{' '}
            {frame.at !== null ? (
              <Place at={frame.at} />
            ) : (
              frame.definedAt !== null && (
                <>
                  <span class="quiet">defined at </span>
                  <Place at={frame.definedAt} />
                </>
              )
            )}
            {frame.locals !== null && frame.locals.length > 0 && (
              <div class="locals">
                {frame.locals.map((name) => (
                  <code key={name}>{name}</code>
                ))}
              </div>
            )}
          </li>
        ))}
      </ol>
      {record.spawnedAt.length > 0 && (
        <>
          <h2>Spawned</h2>
          <ol class="stack">
            {record.spawnedAt.map((line) => (
              <li key={line}>
                <Site line={line} />
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  )
}

function Facts({ record, task }: { readonly record: TaskRecord; readonly task: TaskNode | undefined }) {
  const { dialect, steps, cpuMs } = record
  const children = task?.children ?? []
  return (
    <>
      <h2>Family</h2>
      <dl class="facts">
        <div>
          <dt>owned by</dt>
          <dd>{record.parent === null ? 'the loop' : <TaskLink id={record.parent} />}</dd>
        </div>
        <div>
          <dt>owns</dt>
          <dd>
            {children.length === 0 ? 'no task' : plural(children.length, 'task')}
            {children.slice(0, NAMED).map((child) => (
              <span key={child.record.id}>
                {' '}
                <TaskLink id={child.record.id} />
              </span>
            ))}
            {children.length > NAMED && ' …'}
          </dd>
        </div>
        {dialect !== 'fibril' && (
          <div>
            <dt>dialect</dt>
            <dd>{dialect}</dd>
          </div>
        )}
        {steps !== null && (
          <div>
            <dt>steps</dt>
            <dd>{count(steps)}</dd>
          </div>
        )}
        {cpuMs !== null && (
          <div>
            <dt>CPU</dt>
            <dd>{duration(cpuMs)}</dd>
          </div>
        )}
      </dl>
    </>
  )
}

function History({ task }: { readonly task: TaskNode }) {
  const { seen } = task
  return (
    <>
      <h2>
        Seen <span class="quiet">since the page was opened; what is shorter than a look stays unseen</span>
      </h2>
      <ol class="seen">
        {seen.toReversed().map(({ at, state, reason }, index) => {
          const next = seen[seen.length - index]
          return (
            <li key={seen.length - index}>
              <time>{clock(at)}</time>
              <span>{reason === null ? state : `waits for ${reason}`}</span>
              <span class="quiet">{state === 'ended' ? '' : duration(Math.max(0, (next?.at ?? now.value) - at))}</span>
            </li>
          )
        })}
      </ol>
    </>
  )
}
