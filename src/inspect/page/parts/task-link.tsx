import { processRecord, tasks } from '../live.ts'
import { addressOf } from '../route.ts'

/** A task's name that leads to its page. */
export function TaskLink({ id, short = false }: { readonly id: number; readonly short?: boolean }) {
  const task = tasks().get(id)
  return (
    <a class="task-link" href={addressOf('tasks', id)}>
      {!short && `${task?.record.name ?? 'task'} `}
      <span class="id">#{id}</span>
    </a>
  )
}

/** Folders that are shown of a path elsewhere. */
const SHOWN = 3

/** A path as seen from the program's folder: what lies elsewhere by its end. The whole is in the tip. */
function near(path: string): string {
  const program = processRecord.value?.command[0] ?? ''
  const home = program.slice(0, 1 + Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')))
  if (home !== '' && path.startsWith(home)) return path.slice(home.length)
  const parts = path.split(/(?<=[\\/])/)
  return parts.length <= SHOWN + 2 ? path : `…/${parts.slice(-1 - SHOWN).join('')}`
}

/** The line in the source, with what is long and the same everywhere left dim. */
export function Place({ at }: { readonly at: string }) {
  const [, folder = '', file = at] = /^(.*[\\/])?([^\\/]*)$/.exec(near(at.replace(/^file:\/\//, ''))) ?? []
  return (
    <span class="place" title={at}>
      <bdi class="folder">{folder}</bdi>
      <b>{file}</b>
    </span>
  )
}

/** A line of a platform's stack: `at name (place)`. */
export function Site({ line }: { readonly line: string }) {
  const [, name, place] = /^\s*(?:at )?(?:(.*?) \()?([^()]+?)\)?\s*$/.exec(line) ?? []
  if (place === undefined) return <code>{line}</code>
  return (
    <>
      {name !== undefined && <code>{name} </code>}
      <Place at={place} />
    </>
  )
}
