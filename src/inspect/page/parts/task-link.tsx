import { tasks } from '../live.ts'
import { addressOf } from '../route.ts'

/** A task's name that leads to its page. */
export function TaskLink({ id }: { readonly id: number }) {
  const task = tasks().get(id)
  return (
    <a class="task-link" href={addressOf('tasks', id)}>
      {task?.record.name ?? 'task'} <span class="id">#{id}</span>
    </a>
  )
}

/** The line in the source, with what is long and the same everywhere left dim. */
export function Place({ at }: { readonly at: string }) {
  const [, folder = '', file = at] = /^(.*[\\/])?([^\\/]*)$/.exec(at.replace(/^file:\/\//, '')) ?? []
  return (
    <span class="place" title={at}>
      <bdi class="folder">{folder}</bdi>
      <b>{file}</b>
    </span>
  )
}
