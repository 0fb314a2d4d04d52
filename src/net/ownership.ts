import type { Named, TaskView } from '../core/index.ts'
import type { BufferedStream } from './buffered-stream.ts'

/**
 * What the task of a handler is named after, and what owns the streams that are opened under it. Not a `TaskLocal`: those
 * belong to one task, and a handler may have tasks of its own that open connections. A detached task is under nobody.
 */
export abstract class StreamOwner implements Named {
  private streams: Set<BufferedStream> | null = null

  abstract readonly name: string

  /** The streams that were opened under it and are not closed. */
  get opened(): Iterable<BufferedStream> {
    return this.streams ?? []
  }

  /** @internal */
  add(stream: BufferedStream): void {
    this.streams ??= new Set()
    const { streams } = this
    streams.add(stream)
    stream.whenClosed = () => streams.delete(stream)
  }
}

/** Gives `stream` to the nearest handler at or above `task`, if there is one. */
export function own(stream: BufferedStream, task: TaskView | null): void {
  for (let at = task; at !== null; at = at.parent) {
    if (at.namesake instanceof StreamOwner) return at.namesake.add(stream)
  }
}
