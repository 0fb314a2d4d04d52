import type { Duplex, Readable, Writable } from 'node:stream'
import { type Body, fn, NOT_YET, type Operation, race, type Wait } from '../core/index.ts'
import { Event } from './event.ts'
import { getHub } from './hub.ts'
import { Socket } from './socket.ts'
import type { TimeLimit } from './timed-wait.ts'
import { isReadyFor, READ, WRITE } from './watchers.ts'

/** What can be selected: a socket of this dialect, a stream of `fibril/net`, or one of Node's. */
export type Selectable = Socket | { peek(count?: number): Operation<unknown> } | Readable | Writable | Duplex

type Peeking = { peek(count?: number): Operation<unknown> }

/**
 * Waits until one of `readers` can be read without waiting, or one of `writers` written, or `timeout` milliseconds are over: gives
 * those of either that can. A stream that has ended, or broke, can be read: that does not wait either.
 */
export function select<R extends Selectable, W extends Selectable>(
  readers: readonly R[],
  writers: readonly W[] = [],
  timeout?: TimeLimit,
): Operation<[readable: R[], writable: W[]]> {
  return selecting(readers, writers, timeout) as Operation<[R[], W[]]>
}

const selecting = fn(function* select(
  readers: readonly Selectable[],
  writers: readonly Selectable[],
  timeout: TimeLimit,
): Body<[Selectable[], Selectable[]]> {
  const now = (): [Selectable[], Selectable[]] => [readers.filter(readable), writers.filter(writable)]
  const found = now()
  if (found[0].length + found[1].length > 0) return found
  const happened = new Event()
  const { loop } = getHub()
  const watchers = [
    ...readers.filter(isNodes).map((stream) => loop.io(stream, READ)),
    ...writers.filter(isNodes).map((stream) => loop.io(stream, WRITE)),
  ]
  for (const watcher of watchers) watcher.start(() => happened.set())
  try {
    const peeks = readers.flatMap((reader) => peekOf(reader)?.peek(1) ?? [])
    yield* race([happened.wait(timeout), ...peeks.map(settled)])
  } finally {
    for (const watcher of watchers) watcher.close()
  }
  return now()
})

/** A stream that fails can be read: it is told then. */
const settled = fn(function* settled(operation: Operation<unknown>): Body<void> {
  try {
    yield* operation
  } catch {}
})

function peekOf(object: Selectable): Peeking | null {
  if (object instanceof Socket) return object.open()
  return 'peek' in object ? object : null
}

function isNodes(object: Selectable): object is Readable | Writable {
  return peekOf(object) === null
}

function readable(object: Selectable): boolean {
  const stream = peekOf(object)
  if (stream === null) return isReadyFor(object as Readable, READ)
  try {
    return (stream.peek(1) as Wait<unknown>).attempt() !== NOT_YET
  } catch {
    return true
  }
}

function writable(object: Selectable): boolean {
  const stream = peekOf(object)
  if (stream === null) return isReadyFor(object as Writable, WRITE)
  return true
}
