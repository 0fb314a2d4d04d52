import { held } from '../live.ts'
import { duration } from '../model/quantities.ts'
import { Place } from '../parts/task-link.tsx'

/** Frames that the banner shows. */
const FRAMES = 8

/** While a function holds the loop: which, since when, and from where it was called. */
export function HeldBanner() {
  const record = held.value
  if (record === null) return null
  const [culprit] = record.stack
  return (
    <section class="held" role="alert" aria-label="The loop is held">
      <h2>
        {culprit === undefined ? 'A function' : <code>{culprit.name}</code>} holds the loop, for{' '}
        {duration(record.sinceMs)} so far
      </h2>
      <p>
        No task goes on, no timer fires and no socket is read until it returns. The figures of tasks are from before.
      </p>
      {record.stack.length > 0 ? (
        <ol class="stack">
          {record.stack.slice(0, FRAMES).map(({ name, at }, index) => (
            <li key={index}>
              <code>{name}</code> <Place at={at} />
            </li>
          ))}
          {record.stack.length > FRAMES && <li>… and {record.stack.length - FRAMES} more</li>}
        </ol>
      ) : (
        <p>{record.text}</p>
      )}
    </section>
  )
}
