import { type Body, type Operation, run, setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

/** A call in a worker whose function is a Fibril body or gives an operation. */
export interface DrivenTask {
  readonly result: PromiseLike<unknown>
  cancel(reason: string): void
}

/** Runs it as a task of the worker's own loop. */
export function driveTask(body: object, name: string): DrivenTask {
  const task = run(body as Operation<unknown> | Body<unknown>, { name })
  return { result: task, cancel: (reason) => task.cancel(reason) }
}
