/**
 * Ctrl-C in a green program: the first cancels every task, so that their `finally` blocks run, and when all have ended
 * the process dies of the signal as it would have under plain Node. The second does not wait for them.
 *
 * The signal is listened to from the moment that there is a task. So it still ends a program that only calculates, as no
 * listener could; and a program that listens itself is left to it.
 */
import { addInstrument, CancelledError, currentLoop, type Task } from '../../core/index.ts'

export function cancelTasksOnInterrupt(): void {
  const remove = addInstrument({
    spawned() {
      remove()
      process.on('SIGINT', interrupted)
    },
  })
}

let asked = false

function interrupted(): void {
  if (process.listenerCount('SIGINT') > 1) return
  if (asked) return die()
  asked = true
  // A module whose top level was cancelled fails with that; it is no news, and is to end as this does.
  process.on('uncaughtException', failedMeanwhile)
  void cancelAll().then(die)
}

async function cancelAll(): Promise<void> {
  for (const task of tasks()) task.cancel('SIGINT')
  let left: Task<unknown> | undefined
  do {
    // What awaited a task goes on before the next look, and may start more.
    await new Promise(setImmediate)
    ;[left] = tasks()
    await left?.then(undefined, () => {})
  } while (left !== undefined)
}

function tasks(): Task<unknown>[] {
  return [...currentLoop().root] as Task<unknown>[]
}

function failedMeanwhile(error: unknown): void {
  if (error instanceof CancelledError) return
  process.off('uncaughtException', failedMeanwhile)
  throw error
}

function die(): void {
  process.off('SIGINT', interrupted)
  process.kill(process.pid, 'SIGINT')
}
