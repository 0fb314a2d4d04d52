import type { TaskView } from '../core/index.ts'
import type { BufferedStream } from './buffered-stream.ts'

/**
 * Which streams were opened under which handler of a server. Not a `TaskLocal`: those belong to one task, and a handler may
 * have tasks of its own that open connections. A detached task is under nobody.
 */
const handlers = new WeakMap<object, Set<BufferedStream>>()

/** Whatever is opened under `task` from now on belongs to it. */
export function beginOwning(task: object): Set<BufferedStream> {
  const streams = new Set<BufferedStream>()
  handlers.set(task, streams)
  return streams
}

/** Gives `stream` to the nearest handler at or above `task`, if there is one. */
export function own(stream: BufferedStream, task: TaskView | null): void {
  for (let at = task; at !== null; at = at.parent) {
    const streams = handlers.get(at)
    if (streams === undefined) continue
    streams.add(stream)
    stream.whenClosed = () => streams.delete(stream)
    return
  }
}
