import {
  describeTasks,
  duration,
  HeldLoopError,
  InspectError,
  type Listening,
  listProcesses,
  printable,
  targetNamed,
  waysOf,
} from '../inspect/index.ts'
import { columns } from './columns.ts'
import { milliseconds, parseAll } from './options.ts'
import { CommandError } from './usage.ts'

const options = { json: { type: 'boolean' }, wait: { type: 'string' } } as const

/** `fibril ps`: lists this user's processes that can be asked, or the tasks of one. Exit code 1 if it cannot be asked. */
export async function ps(args: string[]): Promise<void> {
  const { values, words } = parseAll(args, options)
  const [word, ...more] = words
  if (more.length > 0) throw new CommandError('fibril ps takes the id of one process, or the address of its inspector')
  const waitMs = values.wait === undefined ? (word === undefined ? 2000 : 5000) : milliseconds('--wait', values.wait)
  try {
    process.stdout.write(
      word === undefined
        ? await listed(waitMs, values.json === true)
        : await tasksOf(word, waitMs, values.json === true),
    )
  } catch (error) {
    if (!(error instanceof InspectError)) throw error
    process.stderr.write(`fibril: ${printable(error.message, '\n')}\n`)
    process.exitCode = 1
  }
}

async function tasksOf(word: string, waitMs: number, json: boolean): Promise<string> {
  const snapshot = await targetNamed(word, waitMs).snapshot(false)
  return json ? `${JSON.stringify(snapshot)}\n` : describeTasks(snapshot, { brief: true })
}

interface Row {
  readonly pid: number
  readonly uptimeMs: number
  /** Null if it did not answer. */
  readonly tasks: number | null
  /** `runs`, or why it does not answer. */
  readonly state: string
  readonly command: readonly string[]
  /** Without the token. */
  readonly inspector: string | null
}

async function listed(waitMs: number, json: boolean): Promise<string> {
  const rows = await Promise.all(listProcesses().map((said) => rowOf(said, waitMs)))
  if (json) return `${JSON.stringify(rows, null, 2)}\n`
  if (rows.length === 0) return 'no process listens: start one with fibril run --inspect-fibril or --inspect-signal\n'
  const head = ['pid', 'up', 'tasks', 'state', 'inspector', 'command']
  const lines = rows.map(({ pid, uptimeMs, tasks, state, command, inspector }) =>
    [`${pid}`, duration(uptimeMs), `${tasks ?? '-'}`, state, inspector ?? '-', command.join(' ')].map((cell) =>
      printable(cell),
    ),
  )
  return columns([head, ...lines])
}

async function rowOf(said: Listening, waitMs: number): Promise<Row> {
  const { pid, command, startedAt, inspector } = said
  const common = {
    pid,
    uptimeMs: Date.now() - startedAt,
    command,
    inspector: inspector?.replace(/\?.*/, '') ?? null,
  }
  try {
    const summary = await waysOf(said, waitMs)?.summary()
    const tasks = summary === undefined ? null : summary.counts.spawned - summary.counts.ended
    return { ...common, tasks, state: 'runs' }
  } catch (error) {
    if (!(error instanceof InspectError)) throw error
    return { ...common, tasks: null, state: stateOf(error) }
  }
}

function stateOf(error: InspectError): string {
  if (!(error instanceof HeldLoopError)) return 'no answer'
  if (error.held === null) return 'held or stopped'
  const [top] = error.held.stack
  const what = top === undefined ? '' : ` by ${top.name} (${top.at})`
  return `held${what} for ${duration(error.held.sinceMs)}`
}
