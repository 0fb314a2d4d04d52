import { FibrilError, type TaskView } from '../core/index.ts'

/** One thing that a test left behind. */
export interface Leak {
  /** `task`, `timer`, `external wait`, `handle`, `connection`, `listener`, or a kind of a dialect: `Deferred`. */
  readonly kind: string
  /** Which one. */
  readonly name: string
  /** What it waits for or when it is due, in words. */
  readonly reason: string
  /** Where it was made, as far as that was recorded: a stack trace without its head line. */
  readonly madeAt: string | null
}

/**
 * A test ended and left something behind; `leaks` names each. Code `FIBRIL_LEAK`. The tasks among them were cancelled,
 * so that they cannot disturb what comes next.
 *
 * ```ts
 * import { sleep, spawn } from 'fibril'
 * import { LeakError, TestHost } from 'fibril/testing'
 *
 * try {
 *   await new TestHost().run(function* () {
 *     spawn.detached(() => sleep(1000), { name: 'forgotten' })
 *   })
 * } catch (error) {
 *   console.log(error instanceof LeakError && error.leaks[0]?.reason) // => parked: 1000 ms to pass
 * }
 * ```
 */
export class LeakError extends FibrilError {
  readonly leaks: readonly Leak[]

  constructor(leaks: readonly Leak[]) {
    const list = leaks.map((leak) => `  ${line(leak)}`)
    super('FIBRIL_LEAK', `the test ended and left ${count(leaks.length, 'thing')} behind:\n${list.join('\n')}`)
    this.leaks = leaks
  }
}
Object.defineProperty(LeakError.prototype, 'name', { value: 'LeakError', configurable: true, writable: true })

function line({ kind, name, reason, madeAt }: Leak): string {
  const first = madeAt
    ?.split('\n')
    .find((each) => each.trim() !== '')
    ?.trim()
  return `${kind}: ${name} (${reason})${first === undefined ? '' : `, made ${first}`}`
}

/** @internal `2 things`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** @internal The tasks in `roots` and all below them. */
export function* withDescendants(roots: Iterable<TaskView>): Generator<TaskView> {
  const below = [...roots].reverse()
  for (let task = below.pop(); task !== undefined; task = below.pop()) {
    yield task
    below.push(...[...task.children].reverse())
  }
}

/** @internal */
export function taskLeak(task: TaskView): Leak {
  const reason = task.reason === null ? task.state : `${task.state}: ${task.reason}`
  return { kind: 'task', name: task.toString(), reason, madeAt: task.spawnedAt }
}
