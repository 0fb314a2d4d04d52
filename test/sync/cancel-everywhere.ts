/**
 * Runs a program again and again, and each time cancels one of its tasks at another moment: at each of its waits, once
 * while it is parked there, and once between being woken and running on. An instrument tells the moments.
 */
import assert from 'node:assert/strict'
import { addInstrument, type Body, fn, spawn, type Task, type TaskView } from '../../src/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'

export interface Program {
  /** Each is cancelled in turn; the others must then come to an end by themselves, without time passing. */
  readonly bodies: readonly (() => Body<unknown>)[]
  /** A task that is not cancelled. */
  readonly supervise?: (tasks: readonly Task<unknown>[]) => Body<void>
  /** What must hold when all have ended. */
  check(tasks: readonly Task<unknown>[]): void
}

/** Waits for the end of a task, whatever it is. */
export const ended = fn(function* ended(task: Task<unknown>): Body<void> {
  try {
    yield* task
  } catch {}
})

export const cancelEverywhere = fn(function* cancelEverywhere(make: () => Program): Body<void> {
  const { length } = make().bodies
  for (let victim = 0; victim < length; victim++) {
    for (let moment = 0; yield* cancelAt(make(), victim, moment); moment++);
  }
})

/** False if the victim has not lived to see that moment. */
const cancelAt = fn(function* cancelAt(program: Program, victim: number, moment: number): Body<boolean> {
  const tasks = program.bodies.map((body, i) => spawn(body, { name: `body ${i}` }))
  const target = tasks[victim] as Task<unknown>
  let left = moment
  const watch = (task: TaskView): void => {
    if (task === target && task.state !== 'ended' && !target.cancelled && left-- === 0) target.cancel()
  }
  const remove = addInstrument({ stepEnds: watch, ready: watch })
  try {
    const { supervise } = program
    const supervisor = supervise === undefined ? [] : [spawn(() => supervise(tasks))]
    yield* waitAllBlocked()
    for (const task of [...tasks, ...supervisor]) {
      assert.equal(
        task.state,
        'ended',
        `${task} waits for ${task.reason} (body ${victim} was cancelled at moment ${moment})`,
      )
    }
    program.check(tasks)
  } catch (error) {
    if (error instanceof Error) error.message += ` (body ${victim} was cancelled at moment ${moment})`
    throw error
  } finally {
    remove()
  }
  return target.cancelled
})
